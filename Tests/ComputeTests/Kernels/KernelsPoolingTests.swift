import Testing

@testable import Compute

@Suite struct KernelsPoolingTests {
  @Test(arguments: Kernels.available, [ImageLayout.nchw, .nhwc])
  func everyGeometryEqualsTheReference(_ kernels: Kernels, _ layout: ImageLayout) {
    var random = Random(#function, kernels)
    for _ in 0..<250 {
      func small(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      let kernel = (small(1...4), small(1...4))
      let geometry = WindowGeometry(
        kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: small(1...3),
        strideWidth: small(1...3), dilationHeight: small(1...2), dilationWidth: small(1...2),
        padTop: small(0...kernel.0), padLeft: small(0...kernel.1), padBottom: small(0...kernel.0),
        padRight: small(0...kernel.1))
      let kind: Pooling.Kind =
        [.max, .average(countsPadding: true), .average(countsPadding: false)]
        .randomElement(using: &random) ?? .max
      let pooling = Pooling(
        kind, geometry, layout: layout, roundsUp: Bool.random(using: &random))
      let (batch, height) = (small(1...2), small(1...9))
      let channels = random.size(kernels, upTo: 40, zero: false)
      let width = random.size(kernels, upTo: 40, zero: false)
      // Whole numbers: sums are exact, and a mean errs by its division alone.
      let input = Memory(random.wholes(batch * channels * height * width))
      let size = pooling.outputSize(height: height, width: width)
      let count = batch * channels * size.height * size.width
      let (want, got) = (Memory(count: count), Memory(count: count))
      Reference.pool(
        pooling, batch: batch, channels: channels, height: height, width: width,
        input: input.base, into: want.base)
      pooling.run(
        input.base, batch: batch, channels: channels, height: height, width: width,
        into: got.base, kernels: kernels)
      let worst = zip(got.values, want.values).map { ulps($0, $1) }.max() ?? 0
      // The kernel multiplies by a rounded reciprocal: two roundings instead of one.
      #expect(worst <= (kind == .max ? 0 : 2), "\(pooling) \(batch) \(channels) \(height) \(width)")
      #expect(got.isIntact)
    }
  }

  @Test(arguments: Kernels.available)
  func indicesNameTheFirstMaximumInTheWholeTensor(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let (batch, channels, height, width) = (2, 3, 7, 9)
    let input = Memory(random.wholes(batch * channels * height * width))
    let pooling = Pooling(
      .max,
      WindowGeometry(
        kernelHeight: 3, kernelWidth: 2, strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1),
      layout: .nchw)
    let size = pooling.outputSize(height: height, width: width)
    let count = batch * channels * size.height * size.width
    let got = Memory(count: count)
    let plain = Memory(count: count)
    var indices = [Int64](repeating: -1, count: count)
    pooling.run(
      input.base, batch: batch, channels: channels, height: height, width: width, into: got.base,
      indices: &indices, kernels: kernels)
    pooling.run(
      input.base, batch: batch, channels: channels, height: height, width: width, into: plain.base,
      kernels: kernels)
    #expect(got.values == plain.values)
    for (place, index) in indices.enumerated() {
      #expect(input.values[Int(index)] == got.values[place])
      #expect(Int(index) / (height * width) == place / (size.height * size.width))
    }
  }

  @Test func ceilRoundingNeverStartsAWindowBehindTheImage() {
    // 5 pixels, windows of 2 every 3: the third would start at 6.
    let geometry = WindowGeometry(kernelHeight: 1, kernelWidth: 2, strideWidth: 3)
    #expect(geometry.outputSize(height: 1, width: 5, roundsUp: true).width == 2)
    #expect(geometry.outputSize(height: 1, width: 4, roundsUp: true).width == 2)
    #expect(geometry.outputSize(height: 1, width: 4, roundsUp: false).width == 1)
    #expect(geometry.outputSize(height: 1, width: 1, roundsUp: true).width == 0)
  }
}
