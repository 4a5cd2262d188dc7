import Testing

@testable import Compute

@Suite struct KernelsConvolutionTests {
  struct Case {
    var geometry: WindowGeometry
    var batch: Int, height: Int, width: Int, inputChannels: Int, outputChannels: Int, groups: Int
    var layout: ImageLayout
    var hasBias: Bool
    var activation: Epilogue.Activation

    init(_ random: inout Random, _ kernels: Kernels, _ layout: ImageLayout) {
      func small(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      geometry = WindowGeometry(
        kernelHeight: small(1...5), kernelWidth: small(1...5), strideHeight: small(1...3),
        strideWidth: small(1...3), dilationHeight: small(1...2), dilationWidth: small(1...2),
        padTop: small(0...2), padLeft: small(0...2), padBottom: small(0...2),
        padRight: small(0...2))
      if Bool.random(using: &random) {
        (geometry.padTop, geometry.padLeft, geometry.padBottom, geometry.padRight) = (0, 0, 0, 0)
        (geometry.strideHeight, geometry.strideWidth) = (1, 1)
      }
      groups = [1, 1, 2, 3, 5].randomElement(using: &random) ?? 1
      batch = small(0...3)
      height = small(1...20)
      width = random.size(kernels, upTo: 60, zero: false)
      if small(0...5) == 0 {
        // Columns of pixels are turned into rows.
        (geometry.kernelWidth, geometry.padLeft, geometry.padRight, width) = (1, 0, 0, 1)
        height = small(1...60)
      }
      let depthwise = small(0...4) == 0
      if depthwise { groups = small(2...37) }
      inputChannels = depthwise ? groups : groups * small(1...9)
      outputChannels =
        depthwise ? groups : groups * random.size(kernels, upTo: 40, zero: false)
      self.layout = layout
      hasBias = Bool.random(using: &random)
      activation =
        [.none, .relu, .clamp(low: -9, high: 20)].randomElement(using: &random) ?? .none
    }
  }

  struct Run {
    let input: Memory, weights: Memory, bias: Memory
    let size: (height: Int, width: Int)
    let want: Memory

    init(_ one: Case, _ random: inout Random) {
      input = Memory(random.wholes(one.batch * one.inputChannels * one.height * one.width))
      weights = Memory(
        random.wholes(
          one.outputChannels * one.inputChannels / one.groups * one.geometry.kernelHeight
            * one.geometry.kernelWidth))
      bias = Memory(random.wholes(one.outputChannels))
      size = one.geometry.outputSize(height: one.height, width: one.width)
      want = Memory(count: one.batch * one.outputChannels * size.height * size.width)
      Reference.convolution(
        one.geometry, layout: one.layout, groups: one.groups, batch: one.batch,
        inputChannels: one.inputChannels, outputChannels: one.outputChannels, height: one.height,
        width: one.width, input: input.base, weights: weights.base,
        bias: one.hasBias ? bias.base : nil, activation: one.activation, into: want.base)
    }

    func layer(
      _ one: Case, _ kernels: Kernels, pools: Bool = false, algorithm: ConvolutionAlgorithm? = nil
    ) -> Convolution2D {
      Convolution2D(
        geometry: one.geometry, inputChannels: one.inputChannels,
        outputChannels: one.outputChannels, groups: one.groups, layout: one.layout,
        weights: weights.base, bias: one.hasBias ? bias.base : nil, activation: one.activation,
        poolsTwoByTwo: pools, algorithm: algorithm, kernels: kernels)
    }
  }

  @Test(arguments: Kernels.available)
  func signalsEqualTheReferenceExactly(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for index in 0..<150 {
      var one = Case(&random, kernels, .nchw)
      (one.geometry.kernelHeight, one.geometry.strideHeight, one.geometry.dilationHeight) = (
        1, 1, 1
      )
      (one.geometry.padTop, one.geometry.padBottom) = (0, 0)
      (one.height, one.groups, one.inputChannels) = (1, 1, index % 7 + 1)
      one.batch *= index % 11 + 1
      let run = Run(one, &random)
      let got = Memory(count: run.want.count)
      Convolution1D(
        geometry: one.geometry, inputChannels: one.inputChannels,
        outputChannels: one.outputChannels, weights: run.weights.base,
        bias: one.hasBias ? run.bias.base : nil, activation: one.activation, kernels: kernels
      ).run(
        run.input.base, batch: one.batch, length: one.width, into: got.base,
        threads: index % 2 == 0 ? pool : nil)
      #expect(got.values == run.want.values, "\(one)")
    }
  }

  @Test(arguments: Kernels.available, [ImageLayout.nchw, .nhwc])
  func everyGeometryEqualsTheReferenceExactly(_ kernels: Kernels, _ layout: ImageLayout) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for index in 0..<150 {
      let one = Case(&random, kernels, layout)
      let run = Run(one, &random)
      let got = Memory(count: run.want.count)
      // Winograd's algorithms round, so they have a test of their own.
      let problem = ConvolutionProblem(
        geometry: one.geometry, inputChannels: one.inputChannels,
        outputChannels: one.outputChannels, groups: one.groups, layout: one.layout)
      for algorithm in ConvolutionAlgorithm.allCases
      where algorithm.computes(problem) && algorithm.winogradSize == nil {
        run.layer(one, kernels, algorithm: algorithm).run(
          run.input.base, batch: one.batch, height: one.height, width: one.width, into: got.base,
          threads: index % 2 == 0 ? pool : nil)
        #expect(got.values == run.want.values, "\(algorithm) \(one)")
        #expect(got.isIntact, "\(algorithm) wrote past the output: \(one)")
      }
    }
  }

  @Test(arguments: Kernels.available)
  func fusedPoolingEqualsConvolutionThenPooling(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<100 {
      var one = Case(&random, kernels, .nhwc)
      if one.groups == one.inputChannels { one.groups = 1 }
      let run = Run(one, &random)
      let pooling = Pooling(
        .max, WindowGeometry(kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2),
        layout: .nhwc)
      let pooled = pooling.outputSize(height: run.size.height, width: run.size.width)
      let count = one.batch * one.outputChannels * pooled.height * pooled.width
      let (want, got) = (Memory(count: count), Memory(count: count))
      if count > 0 {
        Reference.pool(
          pooling, batch: one.batch, channels: one.outputChannels, height: run.size.height,
          width: run.size.width, input: run.want.base, into: want.base)
      }
      run.layer(one, kernels, pools: true).run(
        run.input.base, batch: one.batch, height: one.height, width: one.width, into: got.base)
      #expect(got.values == want.values, "\(one)")
      #expect(got.isIntact, "wrote past the output: \(one)")
    }
  }

  @Test(arguments: Kernels.available)
  func aNaNPixelReachesExactlyThePooledPixelsThatSeeIt(_ kernels: Kernels) {
    // Named, because a temporary is gone before its pointer is read.
    let weights = Memory([1])
    defer { withExtendedLifetime(weights) {} }
    let layer = Convolution2D(
      geometry: WindowGeometry(kernelHeight: 1, kernelWidth: 1), inputChannels: 1,
      outputChannels: 1, layout: .nhwc, weights: weights.base, activation: .relu,
      poolsTwoByTwo: true, kernels: kernels)
    for place in 0..<16 {
      let image = Memory((0..<16).map { $0 == place ? .nan : Float($0) })
      let output = Memory(count: 4)
      layer.run(image.base, batch: 1, height: 4, width: 4, into: output.base)
      let block = place / 8 * 2 + place % 4 / 2
      #expect(output.values.indices.filter { output.values[$0].isNaN } == [block])
    }
  }
}
