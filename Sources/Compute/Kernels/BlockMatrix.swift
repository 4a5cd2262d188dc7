internal import CKernels

/// Weights W [rows × columns] of y = W x, packed for the kernels at load.
public final class BlockMatrix: Sendable {
  /// How activations meet the weights.
  public enum Precision: Sendable {
    /// In 8 bits, with a scale for each 32 of them.
    case quantized
    /// As they are.
    case float32
  }

  /// Elements of y.
  public let rowCount: Int
  /// Elements of x.
  public let columnCount: Int
  /// What the weights were given in.
  public let format: BlockFormat
  private let weights: PackedMatrix
  private let bytes: [UInt8]

  /// Copies weights.
  ///
  /// - Parameter bytes: rows one behind the other, each a whole number of the format's blocks.
  public init(
    rows: Int, columns: Int, format: BlockFormat, bytes: UnsafeRawBufferPointer,
    kernels: Kernels = .active
  ) throws(BlockMatrixError) {
    guard rows >= 0, columns >= 0, columns % format.elementsPerBlock == 0 else {
      throw BlockMatrixError(
        code: .partialBlocks,
        message: "\(format) needs rows of a multiple of \(format.elementsPerBlock) elements, "
          + "got \(rows) rows of \(columns)")
    }
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    let expected = overflow ? nil : format.byteCount(elementCount: count)
    guard expected == bytes.count else {
      throw BlockMatrixError(
        code: .wrongByteCount,
        message: "\(rows)×\(columns) elements of \(format) take "
          + "\(expected.map(String.init) ?? "too many") bytes, got \(bytes.count)")
    }
    rowCount = rows
    columnCount = columns
    self.format = format
    self.bytes = Array(bytes)
    let elements = AlignedFloats(uninitializedCount: count)
    format.dequantize(bytes, into: UnsafeMutableBufferPointer(start: elements.base, count: count))
    weights = PackedMatrix(
      Matrix(elements.base, rowStride: columns).transposed, rowCount: columns, columnCount: rows,
      kernels: kernels)
  }

  /// Bytes of memory held.
  public var byteCount: Int { weights.byteCount + bytes.count }

  /// y[i] = W x[i] for `count` vectors, one behind the other: x [count × columns], y [count × rows].
  public func multiply(
    _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>,
    precision: Precision = .quantized, threadCount: Int = 1
  ) {
    SGEMM.run(
      m: count, Matrix(x, rowStride: columnCount), weights, into: y, rowStride: rowCount,
      threads: ThreadPool.shared(threadCount: threadCount))
  }

  /// One row in f32, for lookups of embeddings.
  public func copyRow(_ index: Int, into row: UnsafeMutablePointer<Float>) {
    precondition(
      index >= 0 && index < rowCount, "expected a row below \(rowCount), got \(index)")
    let rowBytes = bytes.count / max(rowCount, 1)
    bytes.withUnsafeBytes {
      format.dequantize(
        UnsafeRawBufferPointer(rebasing: $0[index * rowBytes..<(index + 1) * rowBytes]),
        into: UnsafeMutableBufferPointer(start: row, count: columnCount))
    }
  }
}

/// Why bytes are no matrix.
public struct BlockMatrixError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// A row is no whole number of blocks.
    case partialBlocks
    /// The bytes are more or fewer than the elements take.
    case wrongByteCount
    /// The packed matrix is larger than memory.
    case tooLarge
  }

  /// What to branch on.
  public var code: Code
  /// What was expected and what was found.
  public var message: String

  /// The code and the sentence.
  public var description: String { "\(code.rawValue): \(message)" }
}
