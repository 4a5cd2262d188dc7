import Testing

@testable import Compute

@Suite struct KernelsRowsProductTests {
  @Test(arguments: Kernels.available)
  func productsOfRowsEqualTheReferenceExactly(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<60 {
      let (m, n) = (random.size(kernels, upTo: 13), random.size(kernels, upTo: 13))
      let (k, extra) = (random.size(kernels, upTo: 70), Int.random(in: 0...3, using: &random))
      let a = Memory(random.wholes(m * (k + extra)))
      let b = Memory(random.wholes(n * (k + extra)))
      let bias = Bool.random(using: &random) ? Memory(random.wholes(n)) : nil
      let start = random.wholes(m * (n + extra))
      let (got, want) = (Memory(start), Memory(start))
      let left = Matrix(a.base, rowStride: k + extra)
      let right = Matrix(b.base, rowStride: k + extra)
      RowsProduct.run(
        m: m, n: n, k: k, left, right, bias: bias.map { UnsafePointer($0.base) }, into: got.base,
        rowStride: n + extra, kernels: kernels)
      Reference.product(
        m: m, n: n, k: k, left, right.transposed, into: want.base, rowStride: n + extra,
        epilogue: Epilogue(biasColumn: bias.map { UnsafePointer($0.base) }))
      #expect(got.values == want.values, "\(m)×\(n)×\(k) +\(extra)")
      #expect(got.isIntact)
    }
  }
}
