internal import Protocols

/// Reads protobuf's text format (`config.pbtxt`) into the wire format, guided by a schema, so that
/// every field of the schema is understood and every other one is refused where it stands.
///
/// Not supported, because no schema of ours has them: extensions, Any, groups.
struct TextFormatParser {
  static let depthMax = 32

  private let schema: MessageSchema
  private var lexer: TextFormatLexer

  /// Reads a whole text as a message of the schema.
  static func parse(
    _ text: [UInt8], as message: String, schema: MessageSchema
  ) throws(TextFormatError) -> [UInt8] {
    guard text.count <= VersionFiles.configurationByteCountMax else {
      throw TextFormatError(
        line: 1, column: 1,
        message:
          "expected at most \(VersionFiles.configurationByteCountMax) bytes, got \(text.count)")
    }
    var parser = TextFormatParser(schema: schema, lexer: try TextFormatLexer(text))
    return try parser.message(message, until: nil, depth: 0)
  }

  /// Fields up to the closing bracket (or the end of the text), as the message's bytes.
  private mutating func message(
    _ type: String, until close: UInt8?, depth: Int
  ) throws(TextFormatError) -> [UInt8] {
    guard depth <= Self.depthMax else {
      throw lexer.failure("expected at most \(Self.depthMax) nested messages, got more")
    }
    let fields = schema.messages[type] ?? [:]
    var writer = ProtobufWriter()
    var seen: Set<Int> = []
    var seenOneofs: Set<Int> = []
    while true {
      switch lexer.token {
      case .end:
        guard close == nil else { throw lexer.failure("expected a closing bracket, got the end") }
        return writer.bytes
      case .symbol(let symbol) where symbol == close:
        try lexer.advance()
        return writer.bytes
      case .identifier(let name):
        guard let field = fields[name] else {
          throw lexer.failure("expected a field of \(Self.shortName(type)), got '\(name)'")
        }
        if !field.isRepeated {
          let isNew =
            seen.insert(field.number).inserted
            && (field.oneof.map { seenOneofs.insert($0).inserted } ?? true)
          guard isNew else {
            throw lexer.failure("expected '\(name)' (or an alternative to it) once, got it again")
          }
        }
        try lexer.advance()
        try value(of: field, into: &writer, depth: depth)
        if lexer.token == .symbol(UInt8(ascii: ",")) || lexer.token == .symbol(UInt8(ascii: ";")) {
          try lexer.advance()
        }
      default: throw lexer.failure("expected a field's name, got \(Self.describe(lexer.token))")
      }
    }
  }

  private mutating func value(
    of field: MessageSchema.Field, into writer: inout ProtobufWriter, depth: Int
  ) throws(TextFormatError) {
    let hasColon = lexer.token == .symbol(UInt8(ascii: ":"))
    if hasColon { try lexer.advance() }
    if lexer.token == .symbol(UInt8(ascii: "[")) {
      guard field.isRepeated else {
        throw lexer.failure("expected one value for '\(field.name)', got a list")
      }
      guard hasColon || field.kind == .message else {
        throw lexer.failure("expected ':' after '\(field.name)'")
      }
      try list(of: field, into: &writer, depth: depth)
    } else {
      guard hasColon || field.kind == .message else {
        throw lexer.failure("expected ':' after '\(field.name)'")
      }
      try single(field, into: &writer, depth: depth)
    }
  }

  private mutating func list(
    of field: MessageSchema.Field, into writer: inout ProtobufWriter, depth: Int
  ) throws(TextFormatError) {
    try lexer.advance()
    if lexer.token == .symbol(UInt8(ascii: "]")) { return try lexer.advance() }
    while true {
      try single(field, into: &writer, depth: depth)
      switch lexer.token {
      case .symbol(UInt8(ascii: ",")): try lexer.advance()
      case .symbol(UInt8(ascii: "]")): return try lexer.advance()
      default: throw lexer.failure("expected ',' or ']', got \(Self.describe(lexer.token))")
      }
    }
  }

  private mutating func single(
    _ field: MessageSchema.Field, into writer: inout ProtobufWriter, depth: Int
  ) throws(TextFormatError) {
    guard field.kind == .message else { return try scalar(field, into: &writer) }
    let close: UInt8
    switch lexer.token {
    case .symbol(UInt8(ascii: "{")): close = UInt8(ascii: "}")
    case .symbol(UInt8(ascii: "<")): close = UInt8(ascii: ">")
    default:
      throw lexer.failure("expected '{' after '\(field.name)', got \(Self.describe(lexer.token))")
    }
    try lexer.advance()
    let bytes = try message(field.typeName, until: close, depth: depth + 1)
    writer.field(field.number, bytes: bytes[...])
  }

  private mutating func scalar(
    _ field: MessageSchema.Field, into writer: inout ProtobufWriter
  ) throws(TextFormatError) {
    var isNegative = false
    if lexer.token == .symbol(UInt8(ascii: "-")) {
      isNegative = true
      try lexer.advance()
    }
    let failure = lexer.failure(
      "expected \(Self.wanted(field)) for '\(field.name)', got \(Self.describe(lexer.token))")
    switch (field.kind, lexer.token) {
    case (.string, .string), (.bytes, .string):
      guard !isNegative else { throw failure }
      return try strings(field, into: &writer)
    case (.bool, .identifier(let word)):
      guard !isNegative, let value = Self.boolean(word) else { throw failure }
      writer.field(field.number, bool: value)
    case (.bool, .number(let digits)):
      guard !isNegative, let value = Self.unsigned(digits), value <= 1 else { throw failure }
      writer.field(field.number, bool: value == 1)
    case (.enumeration, .identifier(let name)):
      guard !isNegative, let value = schema.enumerations[field.typeName]?[name] else {
        throw failure
      }
      writer.field(field.number, int64: Int64(value))
    case (.enumeration, .number(let digits)):
      guard let value = Self.signed(digits, isNegative), let narrow = Int32(exactly: value),
        schema.enumerations[field.typeName]?.values.contains(narrow) == true
      else { throw failure }
      writer.field(field.number, int64: value)
    case (.int32, .number(let digits)):
      guard let value = Self.signed(digits, isNegative), Int32(exactly: value) != nil else {
        throw failure
      }
      writer.field(field.number, int64: value)
    case (.int64, .number(let digits)):
      guard let value = Self.signed(digits, isNegative) else { throw failure }
      writer.field(field.number, int64: value)
    case (.uint32, .number(let digits)):
      guard !isNegative, let value = Self.unsigned(digits), value <= UInt64(UInt32.max) else {
        throw failure
      }
      writer.field(field.number, uint64: value)
    case (.uint64, .number(let digits)):
      guard !isNegative, let value = Self.unsigned(digits) else { throw failure }
      writer.field(field.number, uint64: value)
    case (.float, .number(let text)), (.float, .identifier(let text)):
      guard let value = Self.floating(text) else { throw failure }
      writer.field(field.number, float: Float(isNegative ? -value : value))
    case (.double, .number(let text)), (.double, .identifier(let text)):
      guard let value = Self.floating(text) else { throw failure }
      writer.field(field.number, double: isNegative ? -value : value)
    default: throw failure
    }
    try lexer.advance()
  }

  /// Strings that follow one another are one.
  private mutating func strings(
    _ field: MessageSchema.Field, into writer: inout ProtobufWriter
  ) throws(TextFormatError) {
    let start = lexer
    var bytes: [UInt8] = []
    while case .string(let part) = lexer.token {
      bytes += part
      try lexer.advance()
    }
    if field.kind == .string {
      guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
        throw start.failure("expected UTF-8 text without NUL for '\(field.name)'")
      }
    }
    writer.field(field.number, bytes: bytes[...])
  }
}

extension TextFormatParser {
  private static func boolean(_ word: String) -> Bool? {
    switch word {
    case "true", "True", "t": true
    case "false", "False", "f": false
    default: nil
    }
  }

  private static func unsigned(_ digits: String) -> UInt64? {
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      return digits.count > 2 && digits.dropFirst(2).allSatisfy(\.isHexDigit)
        ? UInt64(digits.dropFirst(2), radix: 16) : nil
    }
    if digits.count > 1, digits.hasPrefix("0") { return UInt64(digits.dropFirst(), radix: 8) }
    return UInt64(digits)
  }

  private static func signed(_ digits: String, _ isNegative: Bool) -> Int64? {
    guard let magnitude = unsigned(digits) else { return nil }
    guard isNegative else { return Int64(exactly: magnitude) }
    return magnitude == 1 << 63 ? .min : Int64(exactly: magnitude).map { -$0 }
  }

  private static func floating(_ text: String) -> Double? {
    switch text.lowercased() {
    case "inf", "infinity": return .infinity
    case "nan": return .nan
    default:
      let digits = text.hasSuffix("f") || text.hasSuffix("F") ? String(text.dropLast()) : text
      guard digits.utf8.first != UInt8(ascii: "n"), !digits.lowercased().hasPrefix("0x") else {
        return nil
      }
      return Double(digits)
    }
  }

  private static func shortName(_ type: String) -> String {
    String(type.split(separator: ".").last ?? "")
  }

  private static func wanted(_ field: MessageSchema.Field) -> String {
    switch field.kind {
    case .string, .bytes: "a quoted string"
    case .bool: "true or false"
    case .enumeration: "a value of \(shortName(field.typeName))"
    case .int32, .int64, .uint32, .uint64: "an integer that fits \(field.kind)"
    default: "a number"
    }
  }

  private static func describe(_ token: TextFormatLexer.Token) -> String {
    switch token {
    case .identifier(let name): "'\(name.prefix(64))'"
    case .number(let digits): "'\(digits.prefix(64))'"
    case .string: "a string"
    case .symbol(let byte): "'\(Character(UnicodeScalar(byte)))'"
    case .end: "the end"
    }
  }
}
