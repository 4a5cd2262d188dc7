import CKernels
import Testing

@testable import Compute

/// The int8 products, and those of bfloat16 on the instruction sets that have them.
@Suite struct KernelsDotTests {
  @Test(arguments: Kernels.available)
  func integerProductsAreExact(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let table = kernels.table.pointee
    for round in 0..<150 {
      let m = random.size(kernels, upTo: 40)
      let n = random.size(kernels, upTo: 80)
      let k =
        round < 100 ? random.size(kernels, upTo: 90) : Int.random(in: 64...1100, using: &random)
      let groups = (k + 3) / 4
      let panels = (n + kernels.panelColumns - 1) / kernels.panelColumns
      // K is padded with zeros in both operands.
      var a = [UInt8](repeating: 0, count: m * groups * 4 + 1)
      for i in 0..<m {
        for x in 0..<k {
          a[i * groups * 4 + x] =
            Bool.random(using: &random) ? 255 : .random(in: 0...255, using: &random)
        }
      }
      // Spans along K whose products add up in 16 bits for one, two or four groups, just so; and others.
      var b = [Int8](repeating: 0, count: k * n + 1)
      var most = 128
      for x in 0..<k {
        if x % Int(CK_IGEMM_SPAN) == 0 {
          most = [16, 32, 64, 65, 128].randomElement(using: &random)!
        }
        for j in 0..<n {
          let isExtreme = Int.random(in: 0..<3, using: &random) == 0
          let value =
            isExtreme
            ? (Bool.random(using: &random) ? most : -most)
            : Int.random(in: -most...most, using: &random)
          b[x * n + j] = Int8(clamping: value)
        }
      }
      let byteCount = panels * ck_igemm_panel_bytes(k, kernels.panelColumns)
      var packed = [Int8](repeating: 0, count: byteCount + 1)
      var got = [Int32](repeating: -1, count: m * (n + 1) + 64)
      table.igemmPackB(&packed, b, n, 1, 0, k, n)
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

  @Test(arguments: Kernels.available)
  func productsLessZeroPointsEqualTheirDefinition(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for round in 0..<60 {
      let m = round == 0 ? 300 : random.size(kernels, upTo: 40)
      let n = round == 0 ? 200 : random.size(kernels, upTo: 80, zero: false)
      let k = round == 0 ? 100 : random.size(kernels, upTo: 90)
      let (isUnsignedA, isUnsignedB) = (Bool.random(using: &random), Bool.random(using: &random))
      let a = (0..<m * k + 1).map { _ in UInt8.random(in: 0...255, using: &random) }
      let b = (0..<k * n + 1).map { _ in UInt8.random(in: 0...255, using: &random) }
      let zeroA = (0..<max(m, 1)).map { _ in Int32.random(in: -128...255, using: &random) }
      let zeroB = (0..<n).map { _ in Int32.random(in: -128...255, using: &random) }
      let hasRightZero = Bool.random(using: &random)
      let packed = PackedIntegerMatrix(
        b, isUnsigned: isUnsignedB, rowStride: n, rowCount: k, columnCount: n, kernels: kernels)
      let got = UnsafeMutablePointer<Int32>.allocate(capacity: m * n + 1)
      defer { got.deallocate() }
      a.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        IGEMM(
          right: packed, left: base, leftIsUnsigned: isUnsignedA, rowCount: m,
          leftZero: { zeroA[$0] }, rightZero: hasRightZero ? .each { zeroB[$0] } : .one(0)
        ).run(threads: pool) { row, column, sums in
          for (index, sum) in sums.enumerated() { got[row * n + column + index] = sum }
        }
      }
      func value(_ byte: UInt8, _ isUnsigned: Bool) -> Int32 {
        isUnsigned ? Int32(byte) : Int32(Int8(bitPattern: byte))
      }
      var areEqual = true
      for i in 0..<m {
        for j in 0..<n {
          var sum: Int32 = 0
          for x in 0..<k {
            sum +=
              (value(a[i * k + x], isUnsignedA) - zeroA[i])
              * (value(b[x * n + j], isUnsignedB) - (hasRightZero ? zeroB[j] : 0))
          }
          areEqual = areEqual && got[i * n + j] == sum
        }
      }
      #expect(areEqual, "\(m)×\(n)×\(k)")
    }
  }

  @Test(arguments: Kernels.available)
  func requantizingRoundsHalfToEvenAndSaturates(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for isSigned in [false, true] {
      let count = random.size(kernels, upTo: 100)
      let zero = Int32.random(in: isSigned ? -128...127 : 0...255, using: &random)
      let sums = (0..<count + 1).map { index in
        index % 3 == 0
          ? Int32.random(in: .min ... .max, using: &random)
          : Int32.random(in: -600...600, using: &random)
      }
      // Halves are exact ties.
      let factors = (0..<count + 1).map { $0 % 2 == 0 ? 0.5 : Float($0) / 37 }
      var got = [UInt8](repeating: 99, count: count + 8)
      kernels.table.pointee.requantize(&got, sums, factors, count, zero, isSigned)
      let want = (0..<count).map { index -> UInt8 in
        let rounded = (Float(sums[index]) * factors[index]).rounded(.toNearestOrEven)
        let value = Double(rounded) + Double(zero)
        return isSigned
          ? UInt8(bitPattern: Int8(max(-128, min(127, value)))) : UInt8(max(0, min(255, value)))
      }
      #expect(Array(got[..<count]) == want)
      #expect(got[count...].allSatisfy { $0 == 99 })
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
      table.bgemmPackB(&packed, right.map(bfloat), n, 1, 0, k, n)
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
