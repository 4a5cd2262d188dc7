/// A message as a Swift value that can be read from and written to the protobuf wire format.
public protocol ProtobufMessage: Sendable {
  /// A message whose fields have their default values.
  init()
  /// Reads one whole message. Unknown fields are skipped; a bad one is the peer's fault.
  init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError)
  /// Appends the message.
  func serialize(into writer: inout ProtobufWriter)
}

extension ProtobufMessage {
  /// Reads one whole message.
  public init(protobuf bytes: [UInt8]) throws(ProtobufError) {
    try self.init(protobuf: bytes[...])
  }

  /// The message as bytes of its own.
  public func serialized() -> [UInt8] {
    var writer = ProtobufWriter()
    serialize(into: &writer)
    return writer.bytes
  }
}
