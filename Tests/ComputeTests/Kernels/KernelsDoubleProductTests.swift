import Compute
import TestSupport
import Testing

/// Products of doubles that are added to what is there, on every instruction set.
@Suite struct KernelsDoubleProductTests {
  @Test func productsAreAddedOrReplaceWhateverTheSizesAndStrides() {
    var random = SplitMix64(state: 71)
    for kernels in Kernels.available {
      for (m, n, k) in [
        (1, 1, 1), (1, 16, 300), (14, 16, 128), (15, 33, 129), (3, 7, 0), (40, 5, 257), (0, 3, 2),
        (200, 16, 64),
      ] {
        for turnsLeft in [false, true] {
          for accumulates in [false, true] {
            let a = (0..<max(1, m * k)).map { _ in Double.random(in: -1...1, using: &random) }
            let b = (0..<max(1, k * n)).map { _ in Double.random(in: -1...1, using: &random) }
            let rowStride = n + 3
            var c = (0..<max(1, m * rowStride)).map { _ in
              Double.random(in: -1...1, using: &random)
            }
            let before = c
            a.withUnsafeBufferPointer { left in
              b.withUnsafeBufferPointer { right in
                guard let a = left.baseAddress, let b = right.baseAddress else { return }
                DoubleProduct.run(
                  m: m, n: n, k: k,
                  turnsLeft ? .init(a, row: 1, column: m) : .init(a, row: k, column: 1),
                  .init(b, row: n, column: 1), into: &c, rowStride: rowStride,
                  accumulates: accumulates, kernels: kernels)
              }
            }
            for row in 0..<m {
              for column in 0..<rowStride {
                let place = row * rowStride + column
                guard column < n else {
                  #expect(c[place] == before[place], "\(kernels) wrote behind a row")
                  continue
                }
                var expected = accumulates ? before[place] : 0
                for x in 0..<k {
                  expected += (turnsLeft ? a[x * m + row] : a[row * k + x]) * b[x * n + column]
                }
                // k terms of at most 1, each rounded to 2⁻⁵³.
                #expect((c[place] - expected).magnitude < 1e-13, "\(kernels) \(m)×\(n)×\(k)")
              }
            }
          }
        }
      }
    }
  }
}
