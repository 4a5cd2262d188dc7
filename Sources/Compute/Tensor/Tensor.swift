/// An owned, immutable tensor over aligned memory; copies share the memory.
public struct Tensor: Sendable {
  /// The element type.
  public let dataType: DataType
  /// The dimensions, outermost first; all known.
  public let shape: [Int]
  /// The elements, laid out as `TensorView.bytes`.
  public let storage: TensorStorage

  /// Wraps storage whose size the caller has checked against type and shape.
  public init(dataType: DataType, shape: [Int], storage: TensorStorage) {
    if let expected = Shape.byteCount(shape, dataType) {
      precondition(storage.byteCount == expected, "storage does not fit the shape")
    }
    self.dataType = dataType
    self.shape = shape
    self.storage = storage
  }

  /// Copies bytes of any alignment into a tensor; nil if they don't fit type and shape.
  public init?(dataType: DataType, shape: [Int], copying bytes: UnsafeRawBufferPointer) {
    if dataType == .string {
      guard StringFraming.elementCount(bytes) == Shape.elementCount(shape) else { return nil }
    } else {
      guard Shape.byteCount(shape, dataType) == bytes.count else { return nil }
    }
    self.init(
      dataType: dataType, shape: shape,
      storage: TensorStorage(byteCount: bytes.count) { $0.copyMemory(from: bytes) })
  }

  /// Copies what a view shows, which must be well formed.
  public init(copying view: TensorView) {
    self.init(
      dataType: view.dataType, shape: view.shape,
      storage: TensorStorage(byteCount: view.bytes.count) { $0.copyMemory(from: view.bytes) })
  }

  /// The product of the dimensions; 1 for a scalar.
  public var elementCount: Int { Shape.product(shape[...]) }

  /// The tensor's bytes, for as long as `body` runs.
  public func withView<R>(_ body: (TensorView) throws -> R) rethrows -> R {
    try storage.withBytes {
      try body(TensorView(dataType: dataType, shape: shape, bytes: $0))
    }
  }

  /// The same elements under another shape of the same element count.
  func reshaped(_ shape: [Int]) -> Tensor {
    precondition(Shape.elementCount(shape) == elementCount)
    return Tensor(dataType: dataType, shape: shape, storage: storage)
  }
}

extension Tensor {
  /// Makes a tensor of trivial elements whose Swift type must match `dataType`.
  public init<Element: BitwiseCopyable>(
    _ elements: [Element], shape: [Int], dataType: DataType
  ) {
    precondition(
      MemoryLayout<Element>.stride == dataType.elementByteCount
        && Shape.elementCount(shape) == elements.count)
    self.init(
      dataType: dataType, shape: shape,
      storage: TensorStorage(byteCount: elements.count * MemoryLayout<Element>.stride) { bytes in
        elements.withUnsafeBytes { bytes.copyMemory(from: $0) }
      })
  }

  /// Makes an FP32 tensor.
  public init(fp32 elements: [Float], shape: [Int]) {
    self.init(elements, shape: shape, dataType: .fp32)
  }

  /// Makes an INT64 tensor.
  public init(int64 elements: [Int64], shape: [Int]) {
    self.init(elements, shape: shape, dataType: .int64)
  }

  /// Makes a tensor of strings.
  public init(strings: [[UInt8]], shape: [Int]) {
    precondition(Shape.elementCount(shape) == strings.count)
    let framed = StringFraming.frame(strings)
    self.init(
      dataType: .string, shape: shape,
      storage: TensorStorage(byteCount: framed.count) { bytes in
        framed.withUnsafeBytes { bytes.copyMemory(from: $0) }
      })
  }

  /// The elements as an array of a trivial type of the element's size.
  public func elements<Element: BitwiseCopyable>(as type: Element.Type) -> [Element] {
    precondition(MemoryLayout<Element>.stride == dataType.elementByteCount)
    return storage.withBytes { Array($0.bindMemory(to: Element.self)) }
  }
}
