import Testing

@testable import Training

@Suite struct GradientCodecTests {
  private static let values: [Float] = {
    var random = RepeatableRandom(3)
    return (0..<1000).map { _ in Float(random.next(below: 2_000_001) - 1_000_000) / 1e5 }
  }()

  @Test func whatIsLossyIsMadeUpForByTheNext() throws {
    for compression in [
      Distribution.Compression.none, .fp16, .bf16, .topK(fraction: 0.02),
    ] {
      let codec = GradientCodec(compression: compression)
      var residual: [Float] = []
      var sum = [Double](repeating: 0, count: 1000)
      let rounds = 400
      for _ in 0..<rounds {
        let bytes = codec.encode(Self.values, residual: &residual)
        let read = try #require(codec.decode(bytes, count: 1000))
        for index in sum.indices { sum[index] += Double(read[index]) }
      }
      // What is still to come is bounded, whatever the number of rounds.
      for (index, value) in Self.values.enumerated() {
        let left = residual.isEmpty ? 0 : Double(residual[index])
        #expect(abs(sum[index] + left - Double(value) * Double(rounds)) < 0.1, "\(compression)")
      }
    }
  }

  @Test func sizesAreAsSaid() {
    var residual: [Float] = []
    func size(_ compression: Distribution.Compression) -> Int {
      residual = []
      return GradientCodec(compression: compression).encode(Self.values, residual: &residual)
        .byteCount
    }
    #expect(size(.none) == 4000)
    #expect(size(.fp16) == 2000)
    #expect(size(.bf16) == 2000)
    #expect(size(.topK(fraction: 0.02)) == 160)
  }

  @Test func theLargestAreKept() throws {
    let codec = GradientCodec(compression: .topK(fraction: 0.5))
    var residual: [Float] = []
    let bytes = codec.encode([1, -5, 2, 2, 0, -2], residual: &residual)
    #expect(codec.decode(bytes, count: 6) == [0, -5, 2, 2, 0, 0])
    #expect(residual == [1, 0, 0, 0, 0, -2])
  }

  @Test func bytesOfOthersAreRefusedOrRead() {
    var random = RepeatableRandom(11)
    for round in 0..<20_000 {
      let count = random.next(below: 40)
      let bytes = (0..<random.next(below: 100)).map { _ in UInt8(random.next(below: 256)) }
      let compression: Distribution.Compression =
        [.none, .fp16, .bf16, .topK(fraction: 0.1)][round % 4]
      let numbers = EncodedNumbers(bytes)
      let codec = GradientCodec(compression: compression)
      for read in [
        codec.decode(numbers, count: count), codec.decode(parameters: numbers, count: count),
      ] {
        #expect(read == nil || read?.count == count)
      }
    }
  }
}
