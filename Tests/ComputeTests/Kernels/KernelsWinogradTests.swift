import Testing

@testable import Compute

/// Winograd's tiles against the reference, and the choice between the algorithms of convolutions.
@Suite struct KernelsWinogradTests {
  private struct Case {
    var batch: Int, height: Int, width: Int, channels: Int, outputs: Int
    var geometry: WindowGeometry
    var activation: Epilogue.Activation

    init(_ random: inout Random, _ kernels: Kernels) {
      func small(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      geometry = WindowGeometry(
        kernelHeight: 3, kernelWidth: 3, padTop: small(0...2), padLeft: small(0...2),
        padBottom: small(0...2), padRight: small(0...2))
      batch = small(1...3)
      (height, width) = (small(1...9), small(1...17))
      channels = random.size(kernels, upTo: 20, zero: false)
      outputs = random.size(kernels, upTo: 40, zero: false)
      activation =
        [.none, .relu, .clamp(low: -1, high: 2)].randomElement(using: &random) ?? .none
    }
  }

  /// Inputs and the reference's answer.
  private struct Run {
    let input: Memory, weights: Memory, bias: Memory, residual: Memory, want: Memory

    init(
      _ one: Case, _ random: inout Random,
      change: (Memory, Memory, inout Random) -> Void = { _, _, _ in }
    ) {
      input = Memory(random.reals(one.batch * one.height * one.width * one.channels))
      weights = Memory(random.reals(one.outputs * one.channels * 9))
      change(input, weights, &random)
      bias = Memory(random.reals(one.outputs))
      let size = one.geometry.outputSize(height: one.height, width: one.width)
      let count = one.batch * one.outputs * size.height * size.width
      residual = Memory(random.reals(count))
      want = Memory(count: count)
      Reference.convolution(
        one.geometry, layout: .nhwc, groups: 1, batch: one.batch, inputChannels: one.channels,
        outputChannels: one.outputs, height: one.height, width: one.width, input: input.base,
        weights: weights.base, bias: bias.base, activation: one.activation, into: want.base)
    }

    func answer(
      _ one: Case, _ algorithm: ConvolutionAlgorithm, _ kernels: Kernels,
      tail: [Convolution2D.Tail] = [], threads: ThreadPool?
    ) -> Memory {
      let got = Memory(count: want.count)
      Convolution2D(
        geometry: one.geometry, inputChannels: one.channels, outputChannels: one.outputs,
        layout: .nhwc, weights: weights.base, bias: bias.base, activation: one.activation,
        tail: tail, algorithm: algorithm, kernels: kernels
      ).run(
        input.base, batch: one.batch, height: one.height, width: one.width,
        residual: tail.isEmpty ? nil : residual.base, into: got.base, threads: threads)
      return got
    }
  }

  @Test(arguments: Kernels.available, [ConvolutionAlgorithm.winograd2, .winograd4])
  func tilesEqualTheReference(_ kernels: Kernels, _ algorithm: ConvolutionAlgorithm) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for _ in 0..<12 {
      let one = Case(&random, kernels)
      let run = Run(one, &random)
      let got = run.answer(one, algorithm, kernels, threads: nil)
      // Sums of 9 × channels products of at most 1, and intermediate ones that are larger.
      let tolerance = Float(one.channels * 9 + 40) * 4e-7
      let worst = zip(got.values, run.want.values).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= tolerance, "\(one)")
      #expect(got.isIntact, "wrote past the output: \(one)")
      // Neither threads nor what follows the activation change a bit of it.
      #expect(run.answer(one, algorithm, kernels, threads: pool).values == got.values, "\(one)")
      let sums = run.answer(one, algorithm, kernels, tail: [.residual], threads: pool)
      #expect(sums.values == zip(got.values, run.residual.values).map { $0 + $1 }, "\(one)")
    }
  }

  /// Only what sees an infinity or a NaN is infinite or NaN, and as by a direct convolution.
  @Test(arguments: Kernels.available, [ConvolutionAlgorithm.winograd2, .winograd4])
  func pixelsThatAreNotFiniteReachNoMoreThanTheirWindows(
    _ kernels: Kernels, _ algorithm: ConvolutionAlgorithm
  ) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for _ in 0..<12 {
      let one = Case(&random, kernels)
      let values: [Float] = [.infinity, -.infinity, .nan]
      let run = Run(one, &random) { input, weights, random in
        for _ in 0..<3 {
          input.base[Int.random(in: 0..<input.values.count, using: &random)] =
            values.randomElement(using: &random) ?? 0
        }
        // A tap of no weight makes NaN of an infinity.
        for index in 0..<weights.values.count where index % 5 == 0 { weights.base[index] = 0 }
      }
      let got = run.answer(one, algorithm, kernels, threads: nil)
      let tolerance = Float(one.channels * 9 + 40) * 4e-7
      for (a, b) in zip(got.values, run.want.values) {
        let isSame = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= max(tolerance, abs(b) * 1e-5)
        #expect(isSame, "\(a) instead of \(b): \(one)")
      }
      #expect(got.isIntact, "wrote past the output: \(one)")
      let other = run.answer(one, algorithm, kernels, threads: pool)
      #expect(zip(got.values, other.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
  }

  @Test(arguments: Kernels.available, [ConvolutionAlgorithm.winograd2, .winograd4])
  func largeImagesAreComputedInBlocks(_ kernels: Kernels, _ algorithm: ConvolutionAlgorithm) {
    var random = Random(#function, kernels)
    var one = Case(&random, kernels)
    (one.batch, one.height, one.width, one.channels, one.outputs) = (2, 13, 40, 200, 2)
    let run = Run(one, &random)
    let got = run.answer(one, algorithm, kernels, threads: nil)
    let worst = zip(got.values, run.want.values).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 2e-4)
    let pool = ThreadPool(participants: 2)
    #expect(run.answer(one, algorithm, kernels, threads: pool).values == got.values)
  }

  @Test func picksCanComputeAndFitTheLimit() {
    let three = WindowGeometry(
      kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)
    let wide = ConvolutionProblem(
      geometry: three, inputChannels: 64, outputChannels: 64,
      images: ExpectedImages(batch: 1, height: 56, width: 56))
    #expect(ConvolutionChoice(wide).pick() == .winograd4)
    // Its own weights take 147 kB, and would take 590.
    #expect(ConvolutionChoice(wide).pick(weightByteCountMax: 200_000) == .direct)
    var pooled = wide
    pooled.poolsTwoByTwo = true
    #expect(ConvolutionChoice(pooled).pick() == .direct)
    var first = wide
    first.inputChannels = 3
    #expect(ConvolutionChoice(first).pick() == .direct)
    var low = wide
    low.images = ExpectedImages(batch: 1, height: 1, width: 1)
    #expect(ConvolutionChoice(low).pick() == .direct)
    var turned = wide
    turned.layout = .nchw
    #expect(ConvolutionChoice(turned).pick() == .im2col)
    var pixels = ConvolutionProblem(
      geometry: WindowGeometry(kernelHeight: 1, kernelWidth: 1), inputChannels: 64,
      outputChannels: 64)
    #expect(ConvolutionChoice(pixels).pick() == .direct)
    pixels.images = ExpectedImages(batch: 8, height: 1, width: 1)
    #expect(ConvolutionChoice(pixels).pick() == .product)
    let each = ConvolutionProblem(
      geometry: three, inputChannels: 64, outputChannels: 64, groups: 64)
    #expect(ConvolutionChoice(each).pick() == .depthwise)
  }
}
