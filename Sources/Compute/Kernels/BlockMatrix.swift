internal import CKernels

/// Weights W [rows × columns] of y = W x, packed for the kernels at load, at about the bits per weight
/// of their format. Read-only, shared by all threads.
public final class BlockMatrix: Sendable {
  /// How activations meet the weights.
  public enum Precision: Sendable {
    /// In 8 bits, with a scale for each 32 of them. Neither the number of vectors that are multiplied
    /// together nor that of threads changes a bit of an answer. Weights that are plain numbers meet
    /// them in f32 instead.
    case quantized
    /// In 16 bits (the largest of 32 becomes 32,639), as exactly repeatable. Reading the weights takes
    /// as long as for `quantized`, computing up to twice as long.
    case wide
    /// As they are, in f32.
    case float32
  }

  /// Elements of y.
  public let rowCount: Int
  /// Elements of x.
  public let columnCount: Int
  /// What the weights were given in.
  public let format: BlockFormat
  let kernels: Kernels
  /// Packed rows: groups of blocks, or panels of plain numbers.
  let storage: AlignedFloats
  let layout: BlockMatrixLayout

  /// A matrix that nobody has packed yet.
  init(
    unpackedRows rows: Int, columns: Int, format: BlockFormat, kernels: Kernels,
    givenByteCount: Int?
  ) throws(BlockMatrixError) {
    layout = try BlockMatrixLayout(
      rows: rows, columns: columns, format: format, kernels: kernels,
      givenByteCount: givenByteCount)
    rowCount = rows
    columnCount = columns
    self.format = format
    self.kernels = kernels
    storage = AlignedFloats(uninitializedCount: (layout.byteCount + 3) / 4)
  }

  /// Copies weights.
  ///
  /// - Parameters:
  ///   - bytes: rows one behind the other, each a whole number of the format's blocks.
  ///   - threadCount: threads that pack.
  public convenience init(
    rows: Int, columns: Int, format: BlockFormat, bytes: UnsafeRawBufferPointer,
    kernels: Kernels = .active, threadCount: Int = 1
  ) throws(BlockMatrixError) {
    try self.init(
      unpackedRows: rows, columns: columns, format: format, kernels: kernels,
      givenByteCount: bytes.count)
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    Parallel.rows(
      rows, multipleOf: layout.rowsPerUnit, cost: .elements(rows * columns, nanosecondsEach: 0.5),
      on: ThreadPool.shared(threadCount: threadCount)
    ) { pack($0, source) }
  }

  /// Bytes of memory held.
  public var byteCount: Int { storage.count * MemoryLayout<Float>.stride }

  /// Bytes of memory that a matrix would hold; nil if it would be refused.
  public static func byteCount(
    rows: Int, columns: Int, format: BlockFormat, kernels: Kernels = .active
  ) -> Int? {
    try? BlockMatrixLayout(
      rows: rows, columns: columns, format: format, kernels: kernels, givenByteCount: nil
    ).byteCount
  }

  /// y[i] = W x[i] for `count` vectors, one behind the other: x [count × columns], y [count × rows].
  public func multiply(
    _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>,
    precision: Precision = .quantized, threadCount: Int = 1
  ) {
    BlockMatrixGroup([self]).multiply(
      x, count: count, into: y, precision: precision, threadCount: threadCount)
  }

  /// One row in f32, for lookups of embeddings: what the format says, to the last bit.
  public func copyRow(_ index: Int, into row: UnsafeMutablePointer<Float>) {
    precondition(
      index >= 0 && index < rowCount, "expected a row below \(rowCount), got \(index)")
    let width = layout.rowsPerPanel
    let panel = Scratch.right.floats(width * BlockMatrixLayout.columnsPerPart)
    var column = 0
    while column < columnCount {
      let count = min(BlockMatrixLayout.columnsPerPart, columnCount - column)
      let source = expand(
        rows: index / width * width, columns: column..<column + count, into: panel)
      for offset in 0..<count { row[column + offset] = source[offset * width + index % width] }
      column += count
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
    /// Weights that are to be quantised have a value that is no number, or infinite.
    case notFinite
    /// Numbers are not turned into blocks of that format here.
    case unsupportedFormat
  }

  /// What to branch on.
  public var code: Code
  /// What was expected and what was found.
  public var message: String

  /// The code and the sentence.
  public var description: String { "\(code.rawValue): \(message)" }
}
