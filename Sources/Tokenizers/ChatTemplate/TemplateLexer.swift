/// A part of a template.
struct TemplateToken: Equatable {
  enum Kind: Equatable {
    /// Text outside of tags.
    case text([UInt8])
    case beginOutput, endOutput, beginStatement, endStatement
    case name(String)
    case string([UInt8])
    case integer(Int)
    case real(Double)
    case sign(String)
    case end
  }

  var kind: Kind
  var line: Int
}

/// Cuts a template into tokens. White space around tags is treated as with Jinja's `trim_blocks` and
/// `lstrip_blocks`, which chat templates are written for.
struct TemplateLexer {
  private let source: [UInt8]
  private var index = 0
  private var line = 1
  private var tokens: [TemplateToken] = []
  /// Whether what was read last ended a line.
  private var isLineStart = true

  private init(_ source: [UInt8]) {
    self.source = source
  }

  static func tokens(of source: String) throws(TemplateError) -> [TemplateToken] {
    // All ends of lines become \n, and the last one does not count.
    var bytes = Array(source.utf8).replacing([0x0D, 0x0A], with: [0x0A])
      .replacing([0x0D], with: [0x0A])
    if bytes.last == 0x0A { bytes.removeLast() }
    var lexer = TemplateLexer(bytes)
    try lexer.run()
    return lexer.tokens
  }

  private mutating func add(_ kind: TemplateToken.Kind) {
    tokens.append(TemplateToken(kind: kind, line: line))
  }

  private func error(_ message: String) -> TemplateError {
    TemplateError(.syntax, message, line: line)
  }

  private func at(_ text: StaticString, _ offset: Int = 0) -> Bool {
    guard index + offset + text.utf8CodeUnitCount <= source.count else { return false }
    for place in 0..<text.utf8CodeUnitCount
    where source[index + offset + place] != text.utf8Start[place] {
      return false
    }
    return true
  }

  private mutating func advance(_ count: Int) {
    for place in index..<index + count where source[place] == 0x0A { line += 1 }
    index += count
  }

  private mutating func run() throws(TemplateError) {
    while index < source.count {
      var end = index
      while end < source.count, !isTag(end) { end += 1 }
      text(source[index..<end], before: end)
      advance(end - index)
      guard index < source.count else { break }
      if at("{#") {
        try comment()
      } else if at("{{") {
        try tag(begin: .beginOutput, end: .endOutput, closing: UInt8(ascii: "}"))
      } else if !(try raw()) {
        try tag(begin: .beginStatement, end: .endStatement, closing: UInt8(ascii: "%"))
      }
    }
    add(.end)
  }

  private func isTag(_ place: Int) -> Bool {
    guard source[place] == UInt8(ascii: "{"), place + 1 < source.count else { return false }
    let next = source[place + 1]
    return next == UInt8(ascii: "{") || next == UInt8(ascii: "%") || next == UInt8(ascii: "#")
  }

  /// Text before a tag: what the tag's sign, or `lstrip_blocks`, leaves of it.
  private mutating func text(_ text: ArraySlice<UInt8>, before tag: Int) {
    var text = text
    if tag + 2 < source.count {
      let sign = source[tag + 2]
      let isOutput = source[tag + 1] == UInt8(ascii: "{")
      if sign == UInt8(ascii: "-") {
        text = TemplateText.stripped(text, left: false)
      } else if sign != UInt8(ascii: "+"), !isOutput {
        let start = text.lastIndex(of: 0x0A).map { $0 + 1 }
        if let first = start ?? (isLineStart ? text.startIndex : nil),
          text[first...].allSatisfy(TemplateText.isSpace)
        {
          text = text[..<first]
        }
      }
    }
    if !text.isEmpty { add(.text(Array(text))) }
  }

  /// Takes the end of a tag and the white space that goes with it.
  private mutating func finish(_ sign: UInt8?, length: Int, trims: Bool) {
    advance(length)
    let start = index
    if sign == UInt8(ascii: "-") {
      var end = index
      while end < source.count, TemplateText.isSpace(source[end]) { end += 1 }
      advance(end - index)
    } else if trims, sign == nil, index < source.count, source[index] == 0x0A {
      advance(1)
    }
    isLineStart = index > start && source[index - 1] == 0x0A
  }

  private mutating func comment() throws(TemplateError) {
    let start = index
    while index < source.count, !at("#}") { advance(1) }
    guard index < source.count else { throw error("expected #} after {#, got the end") }
    let last = index > start + 2 ? source[index - 1] : 0
    let sign = last == UInt8(ascii: "-") || last == UInt8(ascii: "+") ? last : nil
    finish(sign, length: 2, trims: true)
  }

  /// `{% raw %}`: text up to `{% endraw %}`. False when it is another statement.
  private mutating func raw() throws(TemplateError) -> Bool {
    guard let begin = rawTag("raw", from: index) else { return false }
    advance(begin.end - 2 - index)
    finish(begin.sign, length: 2, trims: true)
    var place = index
    while place < source.count {
      if source[place] == UInt8(ascii: "{"), let end = rawTag("endraw", from: place) {
        text(source[index..<place], before: place)
        advance(end.end - 2 - index)
        finish(end.sign, length: 2, trims: true)
        return true
      }
      place += 1
    }
    throw error("expected {% endraw %}, got the end")
  }

  /// Where a tag of one word ends, if there is one.
  private func rawTag(_ word: String, from start: Int) -> (end: Int, sign: UInt8?)? {
    var place = start
    func skip(_ text: some Sequence<UInt8>) -> Bool {
      let text = Array(text)
      guard source[place...].starts(with: text) else { return false }
      place += text.count
      return true
    }
    func skipSpace() {
      while place < source.count, TemplateText.isSpace(source[place]) { place += 1 }
    }
    guard skip("{%".utf8) else { return nil }
    if !skip("-".utf8) { _ = skip("+".utf8) }
    skipSpace()
    guard skip(word.utf8) else { return nil }
    skipSpace()
    var sign: UInt8?
    if skip("-".utf8) {
      sign = UInt8(ascii: "-")
    } else if skip("+".utf8) {
      sign = UInt8(ascii: "+")
    }
    return skip("%}".utf8) ? (place, sign) : nil
  }

  private mutating func tag(
    begin: TemplateToken.Kind, end: TemplateToken.Kind, closing: UInt8
  ) throws(TemplateError) {
    add(begin)
    advance(2)
    if index < source.count,
      source[index] == UInt8(ascii: "-") || source[index] == UInt8(ascii: "+")
    {
      advance(1)
    }
    // In brackets }} closes two of them.
    var brackets = 0
    while index < source.count {
      let byte = source[index]
      if TemplateText.isSpace(byte) {
        advance(1)
        continue
      }
      if brackets == 0 {
        let signed = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
        let place = signed ? index + 1 : index
        if place + 1 < source.count, source[place] == closing,
          source[place + 1] == UInt8(ascii: "}")
        {
          add(end)
          finish(
            signed ? byte : nil, length: signed ? 3 : 2, trims: closing == UInt8(ascii: "%"))
          return
        }
      }
      try element(&brackets)
    }
    throw error("expected the end of a tag, got the end of the template")
  }

  private mutating func element(_ brackets: inout Int) throws(TemplateError) {
    let byte = source[index]
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): try string(byte)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), 0x80...:
      var end = index
      while end < source.count, TemplateText.isName(source[end]) { end += 1 }
      add(.name(String(decoding: source[index..<end], as: UTF8.self)))
      advance(end - index)
    default:
      for sign: StaticString in ["**", "//", "==", "!=", "<=", ">="] where at(sign) {
        add(.sign("\(sign)"))
        return advance(2)
      }
      guard "+-*/%~()[]{}<>=.,:|;".utf8.contains(byte) else {
        throw error("expected an expression, got an unexpected character")
      }
      if "([{".utf8.contains(byte) { brackets += 1 }
      if ")]}".utf8.contains(byte) { brackets -= 1 }
      guard brackets >= 0 else { throw error("expected an expression, got a closing bracket") }
      add(.sign(String(decoding: [byte], as: UTF8.self)))
      advance(1)
    }
  }

  private mutating func number() throws(TemplateError) {
    var end = index
    var isReal = false
    while end < source.count {
      let byte = source[end]
      let following = end + 1 < source.count ? source[end + 1] : 0
      let isDigit = { (byte: UInt8) in byte >= 0x30 && byte <= 0x39 }
      if isDigit(byte) || byte == UInt8(ascii: "_") {
        end += 1
      } else if byte == UInt8(ascii: "."), !isReal, isDigit(following) {
        isReal = true
        end += 1
      } else if byte | 0x20 == UInt8(ascii: "e"), isDigit(following) {
        isReal = true
        end += 2
      } else if byte | 0x20 == UInt8(ascii: "e"), "+-".utf8.contains(following),
        end + 2 < source.count, isDigit(source[end + 2])
      {
        isReal = true
        end += 3
      } else {
        break
      }
    }
    let text = String(
      decoding: source[index..<end].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    if isReal, let value = Double(text) {
      add(.real(value))
    } else if let value = Int(text) {
      add(.integer(value))
    } else {
      throw error("expected a number of at most 64 bits, got another")
    }
    advance(end - index)
  }

  private mutating func string(_ quote: UInt8) throws(TemplateError) {
    var end = index + 1
    while end < source.count, source[end] != quote {
      end += source[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard end < source.count else { throw error("expected the end of a string, got the end") }
    add(.string(TemplateText.unescaped(source[index + 1..<end])))
    advance(end + 1 - index)
  }
}
