/// Bytes that are not the message they were said to be: the peer's fault, never ours.
public struct ProtobufError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What a caller may branch on.
  public enum Code: Sendable, Equatable {
    /// A varint, a length or a message ends before it should.
    case truncated
    /// A varint longer than ten bytes, a tag without a field number, a reserved wire type.
    case malformed
    /// A known field that has another wire type than the schema says.
    case wrongWireType
    /// A `string` field that is not UTF-8 (or holds NUL, which no name of ours may).
    case invalidUTF8
    /// A `string` field of a message that libprotobuf-c reads holds NUL: good protobuf, but not taken.
    case textWithNUL
    /// Messages nested deeper than ``ProtobufReader/depthMax``.
    case tooDeep
  }

  /// What a caller may branch on.
  public var code: Code
  /// One sentence with expected and got; never holds a value of the message.
  public var message: String

  /// An error with its code and sentence.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
