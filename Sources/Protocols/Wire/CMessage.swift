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
  /// The number of the one field of text that may hold NUL, if there is one.
  static var textWithNUL: Int? { get }
  /// Takes that text.
  mutating func set(textWithNUL text: String)
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
  static var textWithNUL: Int? { nil }
  mutating func set(textWithNUL text: String) {}

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
    let hasZero = bytes.contains(0)
    if hasZero {
      try refuseNUL(in: bytes, of: base.pointee.descriptor, except: Self.textWithNUL)
    }
    try self.init(c: message)
    if hasZero, let number = Self.textWithNUL { try readText(number, of: bytes) }
  }

  /// libprotobuf-c has cut it at its first NUL.
  private mutating func readText(
    _ number: Int, of bytes: ArraySlice<UInt8>
  ) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      guard field.number == number, field.wireType == .bytes else { continue }
      guard let text = String(validating: field.bytes, as: UTF8.self) else {
        throw ProtobufError(.invalidUTF8, "expected UTF-8 text in a string field")
      }
      set(textWithNUL: text)
    }
  }

  /// Appends the message, packed by libprotobuf-c.
  public func serialize(into writer: inout ProtobufWriter) {
    let arena = Arena(messageByteCount: nil)
    // Every struct of protoc-c begins with its ProtobufCMessage.
    let base = UnsafeMutableRawPointer(makeC(arena)).assumingMemoryBound(to: ProtobufCMessage.self)
    let byteCount = protobuf_c_message_get_packed_size(base)
    writer.append(byteCount: byteCount) { memory in
      _ = protobuf_c_message_pack(base, memory)
      guard arena.holdsNUL else { return }
      var bytes = Array(UnsafeBufferPointer(start: memory, count: byteCount))
      restoreNUL(in: &bytes, 0..<byteCount, of: base.pointee.descriptor)
      memory.update(from: bytes, count: byteCount)
    }
  }
}

/// Puts NUL where another byte stands for it, in the texts of a message that was packed.
private func restoreNUL(
  in message: inout [UInt8], _ range: Range<Int>,
  of descriptor: UnsafePointer<ProtobufCMessageDescriptor>?
) {
  var reader = ProtobufReader(message[range])
  while let field = try? reader.next() {
    guard field.wireType == .bytes, field.bytes.contains(Arena.nulByte),
      let known = protobuf_c_message_descriptor_get_field(descriptor, UInt32(field.number))
    else { continue }
    let place = field.bytes.indices
    switch known.pointee.type {
    case PROTOBUF_C_TYPE_STRING:
      for index in place where message[index] == Arena.nulByte { message[index] = 0 }
    case PROTOBUF_C_TYPE_MESSAGE:
      let inner = known.pointee.descriptor?.assumingMemoryBound(
        to: ProtobufCMessageDescriptor.self)
      restoreNUL(in: &message, place, of: inner)
    default: break
    }
  }
}

extension MartletV1.GenerateResponse {
  /// What a model writes may be anything.
  static var textWithNUL: Int? { 2 }
  mutating func set(textWithNUL text: String) { self.text = text }
}

/// Refuses texts that contain U+0000: libprotobuf-c ends them there, so the rest would be lost, and one
/// name would read differently in two places. Its structs do not keep how long a text was; the
/// message does.
private func refuseNUL(
  in message: ArraySlice<UInt8>, of descriptor: UnsafePointer<ProtobufCMessageDescriptor>?,
  except exception: Int? = nil, depth: Int = 0
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
      if field.number == exception { continue }
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
