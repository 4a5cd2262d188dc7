/// What safetensors files may ask for. Whatever is beyond is refused before memory is taken for it.
public struct SafeTensorsLimits: Sendable {
  /// Bytes of a header: what the format's authors read.
  public var headerByteCountMax = 100_000_000
  /// Values in a header: eight for a tensor of two dimensions.
  public var headerValuesMax = 1 << 20
  /// Tensors of a file; models of 100 layers and 60 experts stored apart have some 20,000.
  public var tensorCountMax = 65_536
  /// Dimensions of a tensor.
  public var dimensionCountMax = 32
  /// Bytes of an index; one of 20,000 tensors has 2 MB.
  public var indexByteCountMax = 32 << 20
  /// Files of a model; the largest published ones have some 200.
  public var shardCountMax = 1024
  /// Bytes of a file that is read into memory because it cannot be mapped.
  public var copiedByteCountMax = 1 << 32

  /// The defaults.
  public init() {}
}
