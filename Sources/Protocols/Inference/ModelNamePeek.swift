/// Finds the model's name in the first bytes of a message, so that a gateway can authorise a call
/// without holding its tensors.
///
/// The field is normally the first of the message. Bytes of fields before it are skipped, so the
/// answer may need more than has arrived; the caller limits how much it is willing to hold.
public enum ModelNamePeek: Equatable, Sendable {
  /// The name. A view into the message would be cheaper still; a short string has no heap part.
  case found(String)
  /// More of the message is needed to tell.
  case needsMore
  /// The message is whole and has no such field, which protobuf reads as the empty name.
  case absent
  /// The bytes are not a message.
  case malformed(ProtobufError)

  /// Looks for string field `number` in `prefix`, the first bytes of a message of
  /// `messageByteCount` bytes.
  ///
  /// In a whole message the last occurrence counts, as for every reader of protobuf. In a part of
  /// one the first is taken; a reader behind the gateway must refuse a second, which
  /// ``Inference/ModelInferRequest`` does.
  public init(field number: Int, prefix: ArraySlice<UInt8>, messageByteCount: Int) {
    let isWhole = prefix.count >= messageByteCount
    var reader = ProtobufReader(prefix)
    var name: String?
    do {
      while let field = try reader.next() {
        guard field.number == number else { continue }
        name = try field.string()
        if !isWhole { break }
      }
      if let name {
        self = .found(name)
      } else {
        self = isWhole ? .absent : .needsMore
      }
    } catch {
      self = error.code == .truncated && !isWhole ? .needsMore : .malformed(error)
    }
  }
}
