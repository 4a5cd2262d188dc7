import CKernels
import Testing

@testable import Compute

/// The int8 and bfloat16 products, on the instruction sets that have them.
@Suite struct KernelsDotTests {
  @Test(arguments: Kernels.available.filter { $0.table.pointee.hasVNNI })
  func integerProductsAreExact(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let table = kernels.table.pointee
    for _ in 0..<100 {
      let m = random.size(kernels, upTo: 40)
      let n = random.size(kernels, upTo: 80)
      let k = random.size(kernels, upTo: 90)
      let groups = (k + 3) / 4
      let panels = (n + kernels.panelColumns - 1) / kernels.panelColumns
      // K is padded with zeros in both operands.
      var a = [UInt8](repeating: 0, count: m * groups * 4 + 1)
      for i in 0..<m {
        for x in 0..<k { a[i * groups * 4 + x] = UInt8.random(in: 0...255, using: &random) }
      }
      let b = (0...k * n).map { _ in Int8.random(in: -128...127, using: &random) }
      var packed = [Int8](repeating: 0, count: panels * kernels.panelColumns * groups * 4 + 1)
      var got = [Int32](repeating: -1, count: m * (n + 1) + 64)
      table.igemmPackB(&packed, b, n, k, n)
      table.igemm(&got, n + 1, a, groups * 4, packed, m, n, k)
      var want = [Int32](repeating: -1, count: got.count)
      for i in 0..<m {
        for j in 0..<n {
          var sum: Int32 = 0
          for x in 0..<k { sum += Int32(a[i * groups * 4 + x]) * Int32(b[x * n + j]) }
          want[i * (n + 1) + j] = sum
        }
      }
      #expect(got == want, "\(m)×\(n)×\(k)")
    }
  }

  @Test(arguments: Kernels.available.filter { $0.table.pointee.hasBF16 })
  func bfloatProductsOfSmallWholeNumbersAreExact(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let table = kernels.table.pointee
    for _ in 0..<100 {
      let m = random.size(kernels, upTo: 40)
      let n = random.size(kernels, upTo: 80)
      let k = random.size(kernels, upTo: 90)
      let groups = (k + 1) / 2
      let panels = (n + kernels.panelColumns - 1) / kernels.panelColumns
      func bfloat(_ x: Float) -> UInt16 { UInt16(x.bitPattern >> 16) }
      var left = [Float](repeating: 0, count: m * groups * 2 + 1)
      for i in 0..<m {
        for x in 0..<k { left[i * groups * 2 + x] = Float(Int.random(in: -8...8, using: &random)) }
      }
      let right = random.wholes(k * n + 1)
      var packed = [UInt16](repeating: 0, count: panels * kernels.panelColumns * groups * 2 + 1)
      var got = [Float](repeating: -1, count: m * (n + 1) + 64)
      table.bgemmPackB(&packed, right.map(bfloat), n, k, n)
      table.bgemm(&got, n + 1, left.map(bfloat), groups * 2, packed, m, n, k)
      var want = [Float](repeating: -1, count: got.count)
      for i in 0..<m {
        for j in 0..<n {
          var sum: Float = 0
          for x in 0..<k { sum += left[i * groups * 2 + x] * right[x * n + j] }
          want[i * (n + 1) + j] = sum
        }
      }
      #expect(got == want, "\(m)×\(n)×\(k)")
    }
  }
}
