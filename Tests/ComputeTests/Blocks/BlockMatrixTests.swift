import CKernels
import TestSupport
import Testing

@testable import Compute

/// Weights of a format with random codes and scales that are ordinary numbers.
struct BlockSample {
  let rows: Int
  let columns: Int
  let format: BlockFormat
  private(set) var bytes: [UInt8] = []

  init(rows: Int, columns: Int, format: BlockFormat, using random: inout Random) {
    self.rows = rows
    self.columns = columns
    self.format = format
    bytes = (0..<format.byteCount(elementCount: rows * columns)!).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    for block in stride(from: 0, to: bytes.count, by: format.bytesPerBlock) {
      for place in Self.scales(format) {
        setHalf(block + place, Float.random(in: -1...1, using: &random))
      }
    }
    guard format == .f32 || format == .bf16 else { return }
    // Plain numbers are their own scales.
    let size = format.bytesPerBlock
    for element in stride(from: 0, to: bytes.count, by: size) {
      let bits = Float.random(in: -1...1, using: &random).bitPattern >> (size == 2 ? 16 : 0)
      for byte in 0..<size { bytes[element + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte)) }
    }
  }

  private mutating func setHalf(_ offset: Int, _ value: Float) {
    let bits = Float16(value).bitPattern
    bytes[offset] = UInt8(bits & 255)
    bytes[offset + 1] = UInt8(bits >> 8)
  }

  private static func scales(_ format: BlockFormat) -> [Int] {
    switch format {
    case .f32, .bf16: []
    case .f16, .q4_0, .q5_0, .q8_0, .iq4_nl: [0]
    case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
    case .q2_K: [80, 82]
    case .q3_K: [108]
    case .q6_K: [208]
    }
  }

  /// Exact to the format's definition.
  var elements: [Float] {
    bytes.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
        count = rows * columns
        format.dequantize(bytes, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  func matrix(_ kernels: Kernels) throws -> BlockMatrix {
    try bytes.withUnsafeBytes { bytes throws(BlockMatrixError) in
      try BlockMatrix(
        rows: rows, columns: columns, format: format, bytes: bytes, kernels: kernels)
    }
  }
}

@Suite struct BlockMatrixTests {
  @Test(arguments: BlockFormat.allCases) func productsWithActivationsInFloats(
    format: BlockFormat
  ) throws {
    for kernels in Kernels.available {
      var random = Random("block matrix \(format)", kernels)
      for _ in 0..<8 {
        let columns = Int.random(in: 1...5, using: &random) * format.elementsPerBlock
        let sample = BlockSample(
          rows: random.size(kernels, upTo: 70), columns: columns, format: format, using: &random)
        let count = Int.random(in: 0...9, using: &random)
        let x = random.reals(count * columns + 1)
        let matrix = try sample.matrix(kernels)
        let got = Memory(count: count * sample.rows)
        matrix.multiply(x, count: count, into: got.base, precision: .float32)
        #expect(got.isIntact)
        let (weights, values) = (sample.elements, got.values)
        for vector in 0..<count {
          for row in 0..<sample.rows {
            var (sum, size) = (0.0, 0.0)
            for column in 0..<columns {
              let term =
                Double(weights[row * columns + column]) * Double(x[vector * columns + column])
              sum += term
              size += abs(term)
            }
            // Sums in f32 of up to 1,280 terms, in any order.
            let error = abs(Double(values[vector * sample.rows + row]) - sum)
            #expect(error <= 2e-6 * size, "\(sample.rows)×\(columns)")
          }
        }
      }
    }
  }

  /// 16 bits leave at most half of the last step: the block's largest / 32,639 / 2.
  @Test(arguments: BlockFormat.allCases.filter { $0.blockFormat != nil })
  func productsWithActivationsInWords(format: BlockFormat) throws {
    for kernels in Kernels.available {
      var random = Random("block matrix \(format) in words", kernels)
      for _ in 0..<8 {
        let columns = Int.random(in: 1...5, using: &random) * format.elementsPerBlock
        let sample = BlockSample(
          rows: random.size(kernels, upTo: 70), columns: columns, format: format, using: &random)
        let count = Int.random(in: 0...19, using: &random)
        let x = random.reals(count * columns + 1)
        let matrix = try sample.matrix(kernels)
        let got = Memory(count: count * sample.rows)
        matrix.multiply(x, count: count, into: got.base, precision: .wide)
        #expect(got.isIntact)
        let (weights, values) = (sample.elements, got.values)
        for vector in 0..<count {
          for row in 0..<sample.rows {
            var (sum, size) = (0.0, 0.0)
            for column in 0..<columns {
              let weight = Double(weights[row * columns + column])
              sum += weight * Double(x[vector * columns + column])
              size += abs(weight)
            }
            let error = abs(Double(values[vector * sample.rows + row]) - sum)
            // Activations are at most 1. Minima and values of 32 columns round on their own.
            #expect(error <= 2e-5 * size + 1e-6, "\(sample.rows)×\(columns)")
          }
        }
      }
    }
  }

  /// The kernel's own activations, put back into f32, are what the weights meet exactly.
  @Test(arguments: BlockFormat.allCases.filter { $0.blockFormat != nil })
  func productsWithActivationsThatAreCodes(format: BlockFormat) throws {
    for kernels in Kernels.available {
      var random = Random("block matrix \(format) quantised", kernels)
      for _ in 0..<8 {
        let columns = Int.random(in: 1...5, using: &random) * format.elementsPerBlock
        let sample = BlockSample(
          rows: random.size(kernels, upTo: 70), columns: columns, format: format, using: &random)
        let count = Int.random(in: 1...19, using: &random)
        // The largest code in every block makes a scale of one: activations are their codes.
        let precision = Bool.random(using: &random) ? BlockMatrix.Precision.wide : .quantized
        var x = random.wholes(count * columns)
        if precision == .wide { x = x.map { $0 * Float(Int.random(in: 1...250, using: &random)) } }
        for block in stride(from: 0, to: x.count, by: 32) {
          x[block] = precision == .wide ? 32_639 : 127
        }
        let matrix = try sample.matrix(kernels)
        let got = Memory(count: count * sample.rows)
        matrix.multiply(x, count: count, into: got.base, precision: precision)
        #expect(got.isIntact)
        let (weights, values) = (sample.elements, got.values)
        for vector in 0..<count {
          for row in 0..<sample.rows {
            var (sum, size) = (0.0, 0.0)
            for column in 0..<columns {
              let term =
                Double(weights[row * columns + column]) * Double(x[vector * columns + column])
              sum += term
              size += abs(term)
            }
            // Whole numbers are exact; their products with scales are added in f32, and so are
            // minima of 15 or 31 times a code.
            let error = abs(Double(values[vector * sample.rows + row]) - sum)
            #expect(error <= 1e-6 * size, "\(kernels) \(precision) \(sample.rows)×\(columns)")
          }
        }
      }
    }
  }

  @Test(arguments: BlockFormat.allCases.filter { $0.blockFormat != nil })
  func neitherOtherVectorsNorThreadsChangeABit(format: BlockFormat) throws {
    for kernels in Kernels.available {
      var random = Random("block matrix \(format) alone", kernels)
      let columns = 2 * 256
      let sample = BlockSample(rows: 163, columns: columns, format: format, using: &random)
      let matrix = try sample.matrix(kernels)
      let x = random.reals(40 * columns)
      for precision in [BlockMatrix.Precision.quantized, .wide] {
        var together = [Float](repeating: 0, count: 40 * 163)
        matrix.multiply(x, count: 40, into: &together, precision: precision)
        for (count, threads) in [(1, 1), (2, 1), (3, 2), (5, 1), (15, 2), (40, 2)] {
          var alone = [Float](repeating: 0, count: 40 * 163)
          for first in stride(from: 0, to: 40, by: count) {
            x.withUnsafeBufferPointer { x in
              alone.withUnsafeMutableBufferPointer { y in
                matrix.multiply(
                  x.baseAddress! + first * columns, count: min(count, 40 - first),
                  into: y.baseAddress! + first * 163, precision: precision, threadCount: threads)
              }
            }
          }
          let isEqual = alone.map(\.bitPattern) == together.map(\.bitPattern)
          #expect(isEqual, "\(kernels) \(precision), \(count) at a time on \(threads) threads")
        }
      }
    }
  }

  @Test func activationsInBytesAreNearest() {
    for kernels in Kernels.available {
      var random = Random("block activations", kernels)
      let x = random.reals(3 * 64, in: -5...5) + [Float](repeating: 0, count: 64)
      var got = [ck_block_activation](repeating: ck_block_activation(), count: 8)
      kernels.table.pointee.blockQuantize(&got, x, 64, 4, 2, CK_Q8_0, false)
      for vector in 0..<4 {
        for block in 0..<2 {
          // Four vectors are one tile: block by block, each vector's.
          let one = got[block * 4 + vector]
          let values = x[vector * 64 + block * 32..<vector * 64 + block * 32 + 32]
          let largest = values.map(abs).max()!
          #expect(one.scale == largest / 127)
          let codes = withUnsafeBytes(of: one.codes) { Array($0.bindMemory(to: Int8.self)) }
          for (code, value) in zip(codes, values) {
            #expect(abs(Float(code) * one.scale - value) <= one.scale * 0.5001)
          }
          #expect(one.start.0 == -128 * codes.reduce(0) { $0 + Int32($1) })
        }
      }
    }
  }

  @Test func whatIsNoNumberStaysNone() throws {
    for kernels in Kernels.available {
      var random = Random("block NaN", kernels)
      let sample = BlockSample(rows: 20, columns: 64, format: .q8_0, using: &random)
      let matrix = try sample.matrix(kernels)
      for bad in [Float.nan, -.nan, .infinity, -.infinity] {
        var x = random.reals(64)
        x[37] = bad
        var y = [Float](repeating: 0, count: 20)
        matrix.multiply(x, count: 1, into: &y)
        #expect(y.allSatisfy { !$0.isFinite })
      }
      var y = [Float](repeating: 1, count: 20)
      matrix.multiply([Float](repeating: 1e-40, count: 64), count: 1, into: &y)
      #expect(y.allSatisfy { abs($0) < 1e-30 })
    }
  }

  @Test(arguments: BlockFormat.allCases) func rowsAreThoseThatCameIn(format: BlockFormat) throws {
    for kernels in Kernels.available {
      var random = Random("block rows \(format)", kernels)
      let sample = BlockSample(
        rows: 37, columns: 2 * format.elementsPerBlock, format: format, using: &random)
      let matrix = try sample.matrix(kernels)
      for row in 0..<37 {
        let got = Memory(count: sample.columns)
        matrix.copyRow(row, into: got.base)
        #expect(got.isIntact)
        let want = sample.elements[row * sample.columns..<(row + 1) * sample.columns]
        let isEqual = got.values.map(\.bitPattern) == want.map(\.bitPattern)
        #expect(isEqual, "row \(row)")
      }
    }
  }

  @Test func bytesThatAreNoMatrixAreRefused() {
    func code(_ rows: Int, _ columns: Int, _ count: Int) -> BlockMatrixError.Code? {
      let bytes = [UInt8](repeating: 0, count: count)
      return bytes.withUnsafeBytes { bytes in
        do throws(BlockMatrixError) {
          _ = try BlockMatrix(rows: rows, columns: columns, format: .q8_0, bytes: bytes)
          return nil
        } catch { return error.code }
      }
    }
    #expect(code(2, 32, 68) == nil)
    #expect(code(2, 33, 68) == .partialBlocks)
    #expect(code(-2, 32, 68) == .partialBlocks)
    #expect(code(2, 32, 67) == .wrongByteCount)
    #expect(code(1 << 40, 1 << 40, 68) == .wrongByteCount)
    #expect(code(1 << 31, 1 << 31, 68) == .wrongByteCount)
  }
}
