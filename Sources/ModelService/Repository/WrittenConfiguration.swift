/// A model's configuration as somebody wrote it.
public struct WrittenConfiguration: Sendable, Equatable {
  /// How it is written.
  public enum Format: Sendable {
    /// `config.pbtxt`: protobuf's text format.
    case text
    /// The configuration of a load: JSON.
    case json
  }

  /// How it is written.
  public var format: Format
  /// The file.
  public var bytes: [UInt8]

  /// A configuration by its parts.
  public init(_ format: Format, _ bytes: [UInt8]) {
    self.format = format
    self.bytes = bytes
  }
}
