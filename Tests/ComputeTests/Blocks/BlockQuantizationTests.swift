import CKernels
import TestSupport
import Testing

@testable import Compute

@Suite struct BlockQuantizationTests {
  /// Numbers as weights have them, and blocks that are easily wrong.
  private func numbers(_ blocks: Int, _ format: BlockFormat, using random: inout Random) -> [Float]
  {
    let size = format.elementsPerBlock
    return (0..<blocks).flatMap { _ -> [Float] in
      switch Int.random(in: 0..<12, using: &random) {
      case 0: [Float](repeating: 0, count: size)
      case 1: [Float](repeating: Float.random(in: -9...9, using: &random), count: size)
      case 2: random.reals(size, in: 0...2)
      case 3: random.reals(size, in: -3 ... -1)
      case 4: random.reals(size, in: -1e-40...1e-40)
      case 5: random.reals(size, in: -1e38...1e38)
      case 6: (0..<size).map { $0 == 7 ? 40 : Float.random(in: -0.1...0.1, using: &random) }
      case 7: random.wholes(size)
      default: normal(size, using: &random)
      }
    }
  }

  private func normal(_ count: Int, using random: inout Random) -> [Float] {
    (0..<count).map { _ in
      (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0...1, using: &random) } * 0.02
    }
  }

  private func reference(_ x: [Float], _ format: BlockFormat) throws -> [UInt8]? {
    let blocks = x.count / format.elementsPerBlock
    var bytes = [UInt8](repeating: 0, count: blocks * format.bytesPerBlock)
    let isFinite = ck_block_quantize(&bytes, x, blocks, try #require(format.blockFormat))
    return isFinite ? bytes : nil
  }

  private func quantized(_ x: [Float], _ format: BlockFormat, _ kernels: Kernels) -> [UInt8]? {
    var bytes = [UInt8](
      repeating: 0, count: x.count / format.elementsPerBlock * format.bytesPerBlock)
    let isFinite = bytes.withUnsafeMutableBytes { bytes in
      x.withUnsafeBufferPointer { format.quantize($0, into: bytes, kernels: kernels) }
    }
    return isFinite ? bytes : nil
  }

  private func elements(_ bytes: [UInt8], _ format: BlockFormat) -> [Float] {
    let count = bytes.count / format.bytesPerBlock * format.elementsPerBlock
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = count
      bytes.withUnsafeBytes {
        format.dequantize($0, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  @Test(arguments: [BlockFormat.q8_0, .q4_K]) func everyKernelWritesTheReferencesBytes(
    format: BlockFormat
  ) throws {
    for kernels in Kernels.available {
      var random = Random("quantisation \(format)", kernels)
      for _ in 0..<20 {
        let x = numbers(Int.random(in: 0...9, using: &random), format, using: &random)
        #expect(quantized(x, format, kernels) == (try reference(x, format)))
      }
    }
  }

  @Test(arguments: [BlockFormat.q8_0, .q4_K]) func whatIsNotFiniteIsRefused(
    format: BlockFormat
  ) throws {
    for kernels in Kernels.available {
      var random = Random("quantisation of no numbers \(format)", kernels)
      for value in [Float.nan, .infinity, -.infinity] {
        var x = normal(3 * format.elementsPerBlock, using: &random)
        x[Int.random(in: 0..<x.count, using: &random)] = value
        #expect(quantized(x, format, kernels) == nil)
        #expect(try reference(x, format) == nil)
      }
    }
  }

  /// A code is at most half a step off, and the scale's f16 is right to 2^-11.
  @Test func eightBitsAreWithinHalfAStep() throws {
    var random = Random("quantisation error q8_0")
    let x = normal(320, using: &random) + random.reals(320) + random.reals(320, in: 0...100)
    let bytes = try #require(try reference(x, .q8_0))
    for (index, (want, got)) in zip(x, elements(bytes, .q8_0)).enumerated() {
      let block = x[index / 32 * 32..<index / 32 * 32 + 32]
      let largest = block.reduce(0) { max($0, abs($1)) }
      #expect(abs(want - got) <= largest / 127 * (0.5 + 127 / 2048) * 1.0001)
    }
  }

  /// What PyPI gguf's `quants.quantize` writes, to the last bit, ties included.
  @Test func eightBitsAreRoundedAsByTheFormatsAuthors() throws {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let folder = "/\(root)/Tests/Fixtures/gguf"
    let x = try Files.read("\(folder)/quantize.f32").floats
    #expect(try reference(x, .q8_0) == Files.read("\(folder)/quantize.q8_0"))
  }

  /// Groups of 32 numbers between their smallest and largest: at most half a step of 15 off, and what
  /// scales and minima of six bits and the search for smaller squares move.
  @Test func fourBitsAreNearTheirNumbers() throws {
    var random = Random("quantisation error q4_K")
    let x = normal(256 * 40, using: &random)
    let got = elements(try #require(try reference(x, .q4_K)), .q4_K)
    var (errors, squares, simple) = (0.0, 0.0, 0.0)
    for group in stride(from: 0, to: x.count, by: 32) {
      let part = x[group..<group + 32]
      let (low, high) = (min(0, part.min() ?? 0), part.max() ?? 0)
      let step = (high - low) / 15
      for index in group..<group + 32 {
        #expect(abs(x[index] - got[index]) <= 1.6 * step)
        errors += Double((x[index] - got[index]) * (x[index] - got[index]))
        squares += Double(x[index] * x[index])
        let nearest = ((x[index] - low) / step).rounded() * step + low
        simple += Double((x[index] - nearest) * (x[index] - nearest))
      }
    }
    // Better than unrounded scales from the smallest to the largest number would be.
    #expect(errors < simple)
    #expect((errors / squares).squareRoot() < 0.08)
  }

  @Test func numbersThatBlocksSayExactlyStayAsTheyAre() throws {
    // All scales 63, all minima 0 or 63: units of powers of two are exact.
    let lines = (0..<8).map { group -> [Float] in
      (0..<32).map { Float($0 % 16) * 63 * 0.25 - (group % 2 == 1 ? 63 * 0.5 : 0) }
    }
    let x = lines.flatMap { $0 }
    #expect(elements(try #require(try reference(x, .q4_K)), .q4_K) == x)
    let bytes: [Float] = (0..<64).map { $0 % 32 == 0 ? 127 * 0.5 : Float($0 - 32) * 0.5 }
    #expect(elements(try #require(try reference(bytes, .q8_0)), .q8_0) == bytes)
  }

  @Test(arguments: [BlockFormat.f32, .f16, .bf16]) func aMatrixIsQuantisedWhileItIsPacked(
    source: BlockFormat
  ) throws {
    for kernels in Kernels.available {
      var random = Random("quantised matrix \(source)", kernels)
      for format in [BlockFormat.q8_0, .q4_K] {
        let columns = 2 * format.elementsPerBlock
        let rows = random.size(kernels, upTo: 70)
        let plain = BlockSample(rows: rows, columns: columns, format: source, using: &random)
        let matrix = try plain.bytes.withUnsafeBytes { bytes throws(BlockMatrixError) in
          try BlockMatrix(
            rows: rows, columns: columns, quantizing: source, bytes: bytes, to: format,
            kernels: kernels, threadCount: 2)
        }
        #expect(matrix.format == format)
        let want = elements(try #require(try reference(plain.elements, format)), format)
        var row = [Float](repeating: 0, count: columns)
        for index in 0..<rows {
          matrix.copyRow(index, into: &row)
          #expect(row == Array(want[index * columns..<(index + 1) * columns]))
        }
      }
    }
  }

  @Test func whatCannotBeQuantisedIsRefused() throws {
    func code(
      _ columns: Int, _ source: BlockFormat, _ format: BlockFormat, byteCount: Int,
      value: Float = 0
    ) -> BlockMatrixError.Code? {
      let x = [Float](repeating: value, count: byteCount / 4)
      let error = #expect(throws: BlockMatrixError.self) {
        try x.withUnsafeBytes { bytes throws(BlockMatrixError) in
          try BlockMatrix(rows: 1, columns: columns, quantizing: source, bytes: bytes, to: format)
        }
      }
      return error?.code
    }
    #expect(code(128, .f32, .q4_K, byteCount: 512) == .partialBlocks)
    #expect(code(256, .f32, .q4_K, byteCount: 512) == .wrongByteCount)
    #expect(code(256, .f32, .q4_0, byteCount: 1024) == .unsupportedFormat)
    #expect(code(256, .q8_0, .q4_K, byteCount: 272) == .unsupportedFormat)
    #expect(code(256, .f32, .q8_0, byteCount: 1024, value: .nan) == .notFinite)
  }
}

extension [UInt8] {
  fileprivate var floats: [Float] {
    withUnsafeBytes { Array<Float>($0.bindMemory(to: Float.self)) }
  }
}
