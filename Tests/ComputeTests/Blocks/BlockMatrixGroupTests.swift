import CKernels
import TestSupport
import Testing

@testable import Compute

@Suite struct BlockMatrixGroupTests {
  /// Products that are computed together are those computed alone, bit for bit.
  @Test(arguments: [BlockMatrix.Precision.quantized, .wide, .float32])
  func productsAreThoseOfEachMatrix(precision: BlockMatrix.Precision) throws {
    for kernels in Kernels.available {
      var random = Random("block matrix group \(precision)", kernels)
      for _ in 0..<40 {
        let columns = 256 * Int.random(in: 1...3, using: &random)
        // Mostly formats that share a quantisation, now and then plain numbers.
        let formats =
          Int.random(in: 0..<4, using: &random) == 0
          ? BlockFormat.allCases : [.q4_K, .q5_K, .q6_K, .q4_1, .q8_0]
        let samples = (0..<Int.random(in: 1...3, using: &random)).map { _ in
          BlockSample(
            rows: random.size(kernels, upTo: 200), columns: columns,
            format: formats.randomElement(using: &random) ?? .q8_0, using: &random)
        }
        let matrices = try samples.map { try $0.matrix(kernels) }
        let group = BlockMatrixGroup(matrices)
        #expect(group.rowCount == samples.reduce(0) { $0 + $1.rows })
        let count = Int.random(in: 0...19, using: &random)
        let x = random.reals(count * columns + 1)
        let got = Memory(count: count * group.rowCount)
        group.multiply(
          x, count: count, into: got.base, precision: precision,
          threadCount: Int.random(in: 1...3, using: &random))
        #expect(got.isIntact)
        var at = 0
        for matrix in matrices {
          let alone = Memory(count: count * matrix.rowCount)
          matrix.multiply(x, count: count, into: alone.base, precision: precision)
          let isEqual = Array(got.values[at..<at + count * matrix.rowCount]) == alone.values
          #expect(
            isEqual, "\(samples.map { "\($0.rows)×\(columns) \($0.format)" }), \(count) vectors")
          at += count * matrix.rowCount
        }
      }
    }
  }

  /// More vectors than are quantised at a time.
  @Test func longPromptsAreCutAndPutTogether() throws {
    var random = Random("block matrix group, long", .active)
    let samples = [BlockFormat.q4_1, .q8_0].map {
      BlockSample(rows: 24, columns: 64, format: $0, using: &random)
    }
    let matrices = try samples.map { try $0.matrix(.active) }
    let count = 2_100
    let x = random.reals(count * 64)
    let got = Memory(count: count * 48)
    BlockMatrixGroup(matrices).multiply(x, count: count, into: got.base, threadCount: 2)
    for (index, matrix) in matrices.enumerated() {
      for vector in [0, 1_023, 1_024, 2_047, 2_048, 2_099] {
        let alone = Memory(count: 24)
        matrix.multiply(Array(x[vector * 64..<(vector + 1) * 64]), count: 1, into: alone.base)
        let start = index * count * 24 + vector * 24
        let isEqual = Array(got.values[start..<start + 24]) == alone.values
        #expect(isEqual, "matrix \(index), vector \(vector)")
      }
    }
  }
}
