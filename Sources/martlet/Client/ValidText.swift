/// Bytes that must be text. Swift would put U+FFFD in the place of what is not UTF-8, and another text
/// would be meant than the one that was given.
enum ValidText {
  /// The text, or a failure that says where the bytes are none.
  ///
  /// - Parameter name: where the bytes come from.
  static func of(
    _ bytes: [UInt8], _ name: String, _ code: CommandFailure.Code = .badData
  ) throws(CommandFailure) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    throw CommandFailure(
      code, "\(name): expected UTF-8 text, got another byte at offset \(firstInvalid(bytes))")
  }

  /// Bytes before the first that no UTF-8 has there (RFC 3629: neither surrogates nor overlong forms).
  private static func firstInvalid(_ bytes: [UInt8]) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
    return offset
  }
}
