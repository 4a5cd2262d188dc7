/// A tensor somebody else owns: type, shape and a borrowed pointer to its bytes.
///
/// Bytes are little-endian, row-major and unpadded; strings are framed as a 4-byte
/// little-endian length followed by the bytes. The pointer needs no alignment.
public struct TensorView {
  /// The element type.
  public var dataType: DataType
  /// The dimensions, outermost first.
  public var shape: [Int]
  /// The elements. Valid only as long as whoever handed out the view promises.
  public var bytes: UnsafeRawBufferPointer

  /// Makes a view over borrowed bytes.
  public init(dataType: DataType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    self.dataType = dataType
    self.shape = shape
    self.bytes = bytes
  }

  /// The product of the dimensions; 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, &*) }
}
