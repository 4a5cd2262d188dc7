/// A value of a GGUF file's metadata, as far as a tokenizer needs it. Whoever reads files converts
/// theirs to these.
public enum MetadataValue: Sendable {
  /// Any integer.
  case integer(Int)
  /// A truth value.
  case bool(Bool)
  /// A text.
  case string(String)
  /// A list of texts.
  case strings(ByteStrings)
  /// A list of integers.
  case integers([Int])
  /// A list of floating-point numbers.
  case reals([Float])
}

/// Metadata by name, with errors that name what is missing.
struct MetadataReader {
  let value: (String) -> MetadataValue?

  func string(_ name: String) throws(TokenizerError) -> String? {
    guard let value = value(name) else { return nil }
    guard case .string(let text) = value else { throw mismatch(name, "a text") }
    return text
  }

  func bool(_ name: String) throws(TokenizerError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard case .bool(let flag) = value else { throw mismatch(name, "a truth value") }
    return flag
  }

  /// A token's number.
  func token(_ name: String) throws(TokenizerError) -> Int32? {
    guard let value = value(name) else { return nil }
    guard case .integer(let number) = value, let token = Int32(exactly: number) else {
      throw mismatch(name, "a token")
    }
    return token
  }

  func strings(_ name: String) throws(TokenizerError) -> ByteStrings? {
    guard let value = value(name) else { return nil }
    guard case .strings(let texts) = value else { throw mismatch(name, "a list of texts") }
    return texts
  }

  /// As many integers as there are tokens.
  func integers(_ name: String, count: Int) throws(TokenizerError) -> [Int]? {
    guard let value = value(name) else { return nil }
    guard case .integers(let numbers) = value, numbers.count == count else {
      throw mismatch(name, "\(count) integers")
    }
    return numbers
  }

  /// Bytes, in a list of integers.
  func bytes(_ name: String) throws(TokenizerError) -> [UInt8]? {
    guard let value = value(name) else { return nil }
    guard case .integers(let numbers) = value else { throw mismatch(name, "a list of bytes") }
    return numbers.map { UInt8(truncatingIfNeeded: $0) }
  }

  /// As many numbers as there are tokens.
  func reals(_ name: String, count: Int) throws(TokenizerError) -> [Float]? {
    switch value(name) {
    case nil: return nil
    case .reals(let numbers) where numbers.count == count: return numbers
    case .integers(let numbers) where numbers.count == count: return numbers.map { Float($0) }
    default: throw mismatch(name, "\(count) numbers")
    }
  }

  func mismatch(_ name: String, _ expectation: String) -> TokenizerError {
    TokenizerError(
      .invalidDescription, "expected \(expectation) as '\(name)', got something else")
  }
}
