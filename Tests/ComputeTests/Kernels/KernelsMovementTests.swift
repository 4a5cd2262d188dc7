import Testing

@testable import Compute

@Suite struct KernelsMovementTests {
  @Test(arguments: Kernels.available)
  func everyHalfBecomesItsFloatAndBack(_ kernels: Kernels) {
    let halves = (0...UInt16.max).map { $0 }
    let floats = Memory(count: halves.count)
    Conversion.floats(
      fromHalf: halves, into: floats.base, count: halves.count, kernels: kernels)
    var back = [UInt16](repeating: 0, count: halves.count)
    Conversion.halves(from: floats.base, into: &back, count: halves.count, kernels: kernels)
    for half in halves {
      let want = Float(Float16(bitPattern: half))
      let got = floats.base[Int(half)]
      if want.isNaN {
        #expect(got.isNaN && Float16(bitPattern: back[Int(half)]).isNaN)
      } else {
        #expect(got.bitPattern == want.bitPattern)
        #expect(back[Int(half)] == half)
      }
    }
    #expect(floats.isIntact)
  }

  @Test(arguments: Kernels.available)
  func everyBFloatBecomesItsFloatAndBack(_ kernels: Kernels) {
    let source = (0...UInt16.max).map { $0 }
    let floats = Memory(count: source.count)
    Conversion.floats(
      fromBFloat: source, into: floats.base, count: source.count, kernels: kernels)
    var back = [UInt16](repeating: 0, count: source.count)
    Conversion.bfloats(from: floats.base, into: &back, count: source.count, kernels: kernels)
    for value in source {
      let want = Float(bitPattern: UInt32(value) << 16)
      #expect(floats.base[Int(value)].bitPattern == want.bitPattern)
      let same = back[Int(value)] == value
      #expect(same || (want.isNaN && Float(bitPattern: UInt32(back[Int(value)]) << 16).isNaN))
    }
  }

  @Test(arguments: Kernels.available)
  func roundingIsToNearestEven(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<50 {
      let count = random.size(kernels)
      let source =
        (0..<count).map { _ in
          Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
        } + random.reals(5) + [65519, 65520, 5.9604645e-8, 2.9802322e-8, 2.9802326e-8]
      var halves = [UInt16](repeating: 0xabcd, count: source.count + 1)
      Conversion.halves(from: source, into: &halves, count: source.count, kernels: kernels)
      var bfloats = halves
      Conversion.bfloats(from: source, into: &bfloats, count: source.count, kernels: kernels)
      #expect(halves.last == 0xabcd)
      for (i, x) in source.enumerated() where !x.isNaN {
        #expect(halves[i] == Float16(x).bitPattern, "\(x)")
        // The two neighbours in bfloat16, of which the nearer or the even one is right.
        let low = x.bitPattern >> 16
        let rest = x.bitPattern & 0xffff
        let up = rest > 0x8000 || (rest == 0x8000 && low & 1 == 1)
        #expect(bfloats[i] == UInt16(truncatingIfNeeded: low + (up ? 1 : 0)), "\(x)")
      }
    }
  }

  @Test(arguments: Kernels.available)
  func everyPermutationEqualsTheReference(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<300 {
      let rank = Int.random(in: 0...5, using: &random)
      let shape = (0..<rank).map { _ in
        [0, 1, 2, 3, 5, 17, 33][Int.random(in: rank > 3 ? 1..<5 : 0..<7, using: &random)]
      }
      let permutation = shape.indices.shuffled(using: &random)
      permute(UInt8.self, shape, permutation, kernels, &random)
      permute(UInt16.self, shape, permutation, kernels, &random)
      permute(UInt32.self, shape, permutation, kernels, &random)
      permute(UInt64.self, shape, permutation, kernels, &random)
    }
  }

  private func permute<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ shape: [Int], _ permutation: [Int], _ kernels: Kernels, _ random: inout Random
  ) {
    let count = shape.reduce(1, *)
    let source = (0..<count).map { _ in T.random(in: T.min...T.max, using: &random) }
    var got = [T](repeating: 0, count: count + 1)
    Transposition(shape: shape, permutation: permutation).run(
      source, into: &got, elementByteCount: MemoryLayout<T>.size, kernels: kernels)
    let want = Reference.transpose(source, shape: shape, permutation: permutation)
    #expect(got == want + [0], "\(shape) \(permutation)")
  }
}
