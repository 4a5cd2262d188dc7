/// A glob over model names: `*` stands for any text, `?` for any one character.
public struct ModelPattern: Hashable, Sendable, CustomStringConvertible {
  static let lengthMax = 64
  static let everything = ModelPattern(trusted: Array("*".utf8))
  static let star = UInt8(ascii: "*")
  static let questionMark = UInt8(ascii: "?")

  /// The pattern's characters, with no two stars in a row.
  let bytes: [UInt8]

  /// Reads a pattern of 1–64 letters, digits, `.`, `_`, `-`, `*` and `?`.
  ///
  /// A comma in particular is refused: patterns travel as a comma-separated list.
  public init(_ text: String) throws(AuthError) {
    let utf8 = Array(text.utf8)
    guard (1...ModelPattern.lengthMax).contains(utf8.count), utf8.allSatisfy(Self.isAllowed) else {
      throw AuthError(
        code: .invalidArgument,
        message: "a model pattern has 1–\(ModelPattern.lengthMax) letters, digits, '.', '_', '-',"
          + " '*' or '?', got \(utf8.count) characters or another one")
    }
    self.init(trusted: utf8)
  }

  private init(trusted utf8: [UInt8]) {
    bytes = utf8.enumerated()
      .filter { index, byte in byte != Self.star || index == 0 || utf8[index - 1] != Self.star }
      .map(\.element)
  }

  /// The pattern as text.
  public var description: String { String(decoding: bytes, as: UTF8.self) }

  /// Whether the pattern stands for this name.
  public func matches(_ name: String) -> Bool {
    let name = Array(name.utf8)
    var position = 0
    var index = 0
    // Where to resume when a guess about the last star's length was wrong.
    var retry: (position: Int, index: Int)?
    while index < name.count {
      if position < bytes.count, bytes[position] == Self.star {
        retry = (position + 1, index)
        position += 1
      } else if position < bytes.count,
        bytes[position] == Self.questionMark || bytes[position] == name[index]
      {
        position += 1
        index += 1
      } else if let last = retry {
        retry = (last.position, last.index + 1)
        position = last.position
        index = last.index + 1
      } else {
        return false
      }
    }
    return bytes[position...].allSatisfy { $0 == Self.star }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"), star, questionMark:
      true
    default: false
    }
  }
}
