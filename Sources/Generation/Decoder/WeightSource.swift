public import Compute

/// Where weights come from: tensors under GGUF's names.
public protocol WeightSource: Sendable {
  /// A tensor, or nil if there is none of that name.
  func tensor(_ name: String) -> SourceTensor?
  /// What the source itself calls a tensor.
  func originalName(_ name: String) -> String
  /// What matrices of plain numbers become; nil: they stay as they are.
  var quantization: WeightQuantization? { get }
}

extension WeightSource {
  /// GGUF's name.
  public func originalName(_ name: String) -> String { name }
  /// As they are.
  public var quantization: WeightQuantization? { nil }
}

/// A tensor of a file, where it lies.
public struct SourceTensor {
  /// Outermost dimension first.
  public var shape: [Int]
  /// What its bytes are.
  public var format: BlockFormat
  /// Valid while the source lives.
  public var bytes: UnsafeRawBufferPointer
  /// Whether a matrix lies there column by column.
  public var isTurned = false
  /// What is added to each element.
  public var offset: Float = 0

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
        .badTensor,
        "tensor \(originalName(name)): expected shape \([rows, columns]), got \(tensor.shape)"
          + (tensor.isTurned ? ", rows and columns exchanged" : ""))
    }
    let taken = range ?? 0..<rows
    let rowBytes = columns / tensor.format.elementsPerBlock * tensor.format.bytesPerBlock
    guard tensor.bytes.count == rows * rowBytes else {
      throw ModelError(
        .badTensor,
        "tensor \(originalName(name)): expected rows of whole blocks, \(rows * rowBytes) bytes, "
          + "got \(tensor.bytes.count)")
    }
    do throws(BlockMatrixError) {
      return try tensor.withRows(taken, of: rows, columns: columns, byteCount: rowBytes) {
        bytes throws(BlockMatrixError) in
        if tensor.format.elementsPerBlock == 1,
          let format = quantization?.format(of: name, columns: columns)
        {
          return try BlockMatrix(
            rows: taken.count, columns: columns, quantizing: tensor.format, bytes: bytes,
            to: format, threadCount: ThreadBudget.coreCount)
        }
        return try BlockMatrix(
          rows: taken.count, columns: columns, format: tensor.format, bytes: bytes,
          threadCount: ThreadBudget.coreCount)
      }
    } catch { throw ModelError(.badTensor, "tensor \(originalName(name)): \(error)") }
  }

  /// `count` numbers; nil if there is no such tensor.
  func optionalVector(_ name: String, count: Int, taking range: Range<Int>? = nil)
    throws(ModelError) -> [Float]?
  {
    guard let tensor = tensor(name) else { return nil }
    guard tensor.shape.reduce(1, *) == count else {
      throw ModelError(
        .badTensor,
        "tensor \(originalName(name)): expected \(count) elements, got shape \(tensor.shape)")
    }
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer { tensor.format.dequantize(tensor.bytes, into: $0) }
    if tensor.offset != 0 { for index in values.indices { values[index] += tensor.offset } }
    return range.map { Array(values[$0]) } ?? values
  }

  /// `count` numbers.
  func vector(_ name: String, count: Int) throws(ModelError) -> [Float] {
    guard let values = try optionalVector(name, count: count) else { throw missing(name) }
    return values
  }

  private func missing(_ name: String) -> ModelError {
    ModelError(.missingTensor, "tensor \(originalName(name)) is missing")
  }
}

extension SourceTensor {
  /// Some rows of a matrix, one behind the other and at addresses that their elements want.
  func withRows<Result>(
    _ taken: Range<Int>, of rows: Int, columns: Int, byteCount: Int,
    _ body: (UnsafeRawBufferPointer) throws(BlockMatrixError) -> Result
  ) throws(BlockMatrixError) -> Result {
    let size = format.bytesPerBlock
    if isTurned {
      let copy = UnsafeMutableRawBufferPointer.allocate(
        byteCount: taken.count * byteCount, alignment: 64)
      defer { copy.deallocate() }
      for row in taken {
        for column in 0..<columns {
          let from = (column * rows + row) * size
          copyElement(from, to: copy, at: ((row - taken.lowerBound) * columns + column) * size)
        }
      }
      return try body(UnsafeRawBufferPointer(copy))
    }
    let part = UnsafeRawBufferPointer(
      rebasing: bytes[taken.lowerBound * byteCount..<taken.upperBound * byteCount])
    guard format.elementsPerBlock == 1, Int(bitPattern: part.baseAddress) % size != 0 else {
      return try body(part)
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: part.count, alignment: 64)
    defer { copy.deallocate() }
    copy.copyMemory(from: part)
    return try body(UnsafeRawBufferPointer(copy))
  }

  /// One plain number.
  private func copyElement(_ from: Int, to copy: UnsafeMutableRawBufferPointer, at place: Int) {
    if format == .f32 {
      let bits = bytes.loadUnaligned(fromByteOffset: from, as: UInt32.self)
      copy.storeBytes(of: bits, toByteOffset: place, as: UInt32.self)
    } else {
      let bits = bytes.loadUnaligned(fromByteOffset: from, as: UInt16.self)
      copy.storeBytes(of: bits, toByteOffset: place, as: UInt16.self)
    }
  }
}
