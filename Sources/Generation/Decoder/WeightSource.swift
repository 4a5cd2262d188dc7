public import Compute

/// Where weights come from: tensors under GGUF's names.
public protocol WeightSource: Sendable {
  /// A tensor, or nil if there is none of that name.
  func tensor(_ name: String) -> SourceTensor?
}

/// A tensor of a file, where it lies.
public struct SourceTensor {
  /// Outermost dimension first.
  public var shape: [Int]
  /// What its bytes are.
  public var format: BlockFormat
  /// Valid while the source lives.
  public var bytes: UnsafeRawBufferPointer

  /// By its parts.
  public init(shape: [Int], format: BlockFormat, bytes: UnsafeRawBufferPointer) {
    (self.shape, self.format, self.bytes) = (shape, format, bytes)
  }
}

extension WeightSource {
  /// A matrix [rows, columns], or some rows of it.
  func matrix(_ name: String, rows: Int, columns: Int, taking range: Range<Int>? = nil)
    throws(ModelError) -> BlockMatrix
  {
    guard let tensor = tensor(name) else { throw missing(name) }
    guard tensor.shape == [rows, columns] else {
      throw ModelError(
        .badTensor, "tensor \(name): expected shape \([rows, columns]), got \(tensor.shape)")
    }
    let taken = range ?? 0..<rows
    let rowBytes = columns / tensor.format.elementsPerBlock * tensor.format.bytesPerBlock
    guard tensor.bytes.count == rows * rowBytes else {
      throw ModelError(
        .badTensor,
        "tensor \(name): expected rows of whole blocks, \(rows * rowBytes) bytes, "
          + "got \(tensor.bytes.count)")
    }
    let bytes = UnsafeRawBufferPointer(
      rebasing: tensor.bytes[taken.lowerBound * rowBytes..<taken.upperBound * rowBytes])
    do {
      return try BlockMatrix(
        rows: taken.count, columns: columns, format: tensor.format, bytes: bytes,
        threadCount: ThreadBudget.coreCount)
    } catch { throw ModelError(.badTensor, "tensor \(name): \(error)") }
  }

  /// `count` numbers; nil if there is no such tensor.
  func optionalVector(_ name: String, count: Int, taking range: Range<Int>? = nil)
    throws(ModelError) -> [Float]?
  {
    guard let tensor = tensor(name) else { return nil }
    guard tensor.shape.reduce(1, *) == count else {
      throw ModelError(
        .badTensor, "tensor \(name): expected \(count) elements, got shape \(tensor.shape)")
    }
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { tensor.format.dequantize(tensor.bytes, into: $0) }
    return range.map { Array(values[$0]) } ?? values
  }

  /// `count` numbers.
  func vector(_ name: String, count: Int) throws(ModelError) -> [Float] {
    guard let values = try optionalVector(name, count: count) else { throw missing(name) }
    return values
  }

  private func missing(_ name: String) -> ModelError {
    ModelError(.missingTensor, "tensor \(name) is missing")
  }
}
