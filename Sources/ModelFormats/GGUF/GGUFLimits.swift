/// What a GGUF file may ask for. Whatever is beyond is refused before memory is taken for it.
public struct GGUFLimits: Sendable {
  /// Keys; published models have 20 to 60.
  public var keyCountMax = 4096
  /// Tensors; models of 100 layers and 60 experts stored apart have some 20,000.
  public var tensorCountMax = 65_536
  /// Bytes of a key or of a tensor's name; the format says 65,535 and 64, models use up to 60.
  public var nameByteCountMax = 1024
  /// Bytes of a text; chat templates and licences have up to 100,000.
  public var textByteCountMax = 4 << 20
  /// Elements of an array; the largest vocabularies have some 300,000 tokens and 600,000 merges.
  public var arrayCountMax = 4 << 20
  /// Arrays in arrays; the format allows them, models have none.
  public var arrayDepthMax = 4
  /// Dimensions of a tensor: what GGUF's authors read.
  public var dimensionCountMax = 4
  /// Bytes between tensors' borders; 32 unless the file says something else.
  public var alignmentMax = 1 << 16
  /// Bytes of a file that is read into memory because it cannot be mapped.
  public var copiedByteCountMax = 1 << 32

  /// The defaults.
  public init() {}
}
