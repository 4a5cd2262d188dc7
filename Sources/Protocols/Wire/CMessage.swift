internal import CProtobufC
internal import CProtocols

/// A Swift value that has a struct of protoc-c behind it.
protocol CValue {
  associatedtype C
  init(c: UnsafeMutablePointer<C>) throws(ProtobufError)
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<C>
}

/// A value that is a message of its own on the wire, read and written by libprotobuf-c.
protocol CMessage: CValue, ProtobufMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<C>?
}

/// A message or part of one, as a plain value.
public protocol ProtobufValue: Sendable, Hashable {}

/// An open enumeration: numbers this version does not know are kept.
public protocol ProtobufEnum: RawRepresentable, Sendable, Hashable where RawValue == Int32 {
  init(rawValue: Int32)
}

extension ProtobufEnum {
  /// The value of a C enumeration, whatever its sign in Swift's eyes.
  init(c rawValue: some BinaryInteger) {
    self.init(rawValue: Int32(truncatingIfNeeded: rawValue))
  }
}

extension CMessage {
  /// Reads one whole message with libprotobuf-c.
  public init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    let arena = Arena(messageByteCount: bytes.count)
    let message = bytes.withUnsafeBufferPointer {
      Self.unpack(arena.allocator, $0.count, $0.baseAddress)
    }
    guard let message else {
      throw ProtobufError(
        .malformed, "expected a \(Self.self) message, got \(bytes.count) bytes that are not one")
    }
    // Every struct of protoc-c begins with its ProtobufCMessage.
    let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    if bytes.contains(0) { try refuseNUL(in: bytes, of: base.pointee.descriptor) }
    try self.init(c: message)
  }

  /// Appends the message, packed by libprotobuf-c.
  public func serialize(into writer: inout ProtobufWriter) {
    let arena = Arena(messageByteCount: nil)
    // Every struct of protoc-c begins with its ProtobufCMessage.
    let base = UnsafeMutableRawPointer(makeC(arena)).assumingMemoryBound(to: ProtobufCMessage.self)
    writer.append(byteCount: protobuf_c_message_get_packed_size(base)) { memory in
      _ = protobuf_c_message_pack(base, memory)
    }
  }
}

/// Refuses texts that contain U+0000: libprotobuf-c ends them there, so the rest would be lost, and one
/// name would read differently in two places. Its structs do not keep how long a text was; the
/// message does.
private func refuseNUL(
  in message: ArraySlice<UInt8>, of descriptor: UnsafePointer<ProtobufCMessageDescriptor>?,
  depth: Int = 0
) throws(ProtobufError) {
  guard depth < ProtobufReader.depthMax else {
    throw ProtobufError(
      .malformed, "expected messages nested at most \(ProtobufReader.depthMax) deep")
  }
  var reader = ProtobufReader(message)
  while let field = try reader.next() {
    guard field.wireType == .bytes, field.bytes.contains(0),
      let known = protobuf_c_message_descriptor_get_field(descriptor, UInt32(field.number))
    else { continue }
    switch known.pointee.type {
    case PROTOBUF_C_TYPE_STRING:
      throw ProtobufError(.textWithNUL, "field \(field.number): expected UTF-8 text without NUL")
    case PROTOBUF_C_TYPE_MESSAGE:
      let inner = known.pointee.descriptor?.assumingMemoryBound(
        to: ProtobufCMessageDescriptor.self)
      try refuseNUL(in: field.bytes, of: inner, depth: depth + 1)
    default: break
    }
  }
}

/// A C string as text; the peer's fault where it is not UTF-8.
func utf8Text(_ c: UnsafeMutablePointer<CChar>) throws(ProtobufError) -> String {
  guard let text = String(validatingCString: c) else {
    throw ProtobufError(.invalidUTF8, "expected UTF-8 text in a string field")
  }
  return text
}

/// A copy of libprotobuf-c's bytes.
func bytes(_ c: ProtobufCBinaryData) -> [UInt8] {
  Array(UnsafeBufferPointer(start: c.data, count: c.len))
}
