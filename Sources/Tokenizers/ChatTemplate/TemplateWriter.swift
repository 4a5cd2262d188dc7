/// Values as text: as Python prints them, and as JSON as Python writes it.
struct TemplateWriter {
  private(set) var bytes: [UInt8] = []
  /// What may be written; ``isFull`` afterwards if it was too little.
  let byteCountMax: Int

  init(byteCountMax: Int) {
    self.byteCountMax = byteCountMax
  }

  var isFull: Bool { bytes.count > byteCountMax }

  private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// `str(value)`
  mutating func printed(_ value: TemplateValue) {
    if case .text(let text) = value { bytes += text } else { represented(value) }
  }

  /// `repr(value)`
  mutating func represented(_ value: TemplateValue) {
    guard !isFull else { return }
    switch value {
    case .undefined: return
    case .none: write("None")
    case .bool(let flag): write(flag ? "True" : "False")
    case .integer(let number): write("\(number)")
    case .real(let number): write("\(number)")
    case .text(let text): quoted(text)
    case .list(let list):
      elements("[", list.items, "]") { $0.represented($1) }
    case .dictionary(let dictionary):
      elements("{", Array(zip(dictionary.keys, dictionary.values)), "}") { writer, member in
        writer.represented(member.0)
        writer.write(": ")
        writer.represented(member.1)
      }
    case .namespace: write("<Namespace>")
    case .loop: write("<LoopContext>")
    case .function: write("<function>")
    }
  }

  private mutating func elements<Element>(
    _ open: String, _ items: [Element], _ close: String,
    _ body: (inout TemplateWriter, Element) -> Void
  ) {
    write(open)
    for (index, item) in items.enumerated() where !isFull {
      if index > 0 { write(", ") }
      body(&self, item)
    }
    write(close)
  }

  private mutating func quoted(_ text: [UInt8]) {
    let single = UInt8(ascii: "'")
    let double = UInt8(ascii: "\"")
    let quote = text.contains(single) && !text.contains(double) ? double : single
    bytes.append(quote)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\n": write("\\n")
      case "\r": write("\\r")
      case "\t": write("\\t")
      case "\\": write("\\\\")
      case Unicode.Scalar(quote): bytes += [UInt8(ascii: "\\"), quote]
      default:
        if Self.isPrintable(scalar) {
          bytes.append(contentsOf: String(scalar).utf8)
        } else if scalar.value < 0x100 {
          write("\\x" + Self.hexadecimal(scalar.value, 2))
        } else {
          let isShort = scalar.value < 0x10000
          write((isShort ? "\\u" : "\\U") + Self.hexadecimal(scalar.value, isShort ? 4 : 8))
        }
      }
    }
    bytes.append(quote)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  private static func hexadecimal(_ value: UInt32, _ count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }

  /// How `tojson` lays a text out.
  struct JSONLayout {
    var indentation: Int?
    var item = ", "
    var key = ": "
    var sortsKeys = false
    var isASCII = false
  }

  /// `json.dumps(value)`. False if a value is none of JSON.
  mutating func json(_ value: TemplateValue, _ layout: JSONLayout, level: Int = 0) -> Bool {
    guard !isFull else { return true }
    switch value {
    case .none: write("null")
    case .bool(let flag): write(flag ? "true" : "false")
    case .integer(let number): write("\(number)")
    case .real(let number):
      write(
        number.isNaN
          ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)")
    case .text(let text): jsonString(text, isASCII: layout.isASCII)
    case .list(let list):
      return jsonItems("[", list.items, "]", layout, level) {
        $0.json($1, layout, level: level + 1)
      }
    case .dictionary(let dictionary):
      var members = Array(zip(dictionary.keys, dictionary.values))
      if layout.sortsKeys {
        members.sort { Self.keyText($0.0).lexicographicallyPrecedes(Self.keyText($1.0)) }
      }
      return jsonItems("{", members, "}", layout, level) { writer, member in
        writer.jsonString(Self.keyText(member.0), isASCII: layout.isASCII)
        writer.write(layout.key)
        return writer.json(member.1, layout, level: level + 1)
      }
    case .undefined, .namespace, .loop, .function: return false
    }
    return true
  }

  private static func keyText(_ key: TemplateValue) -> [UInt8] {
    if case .text(let text) = key { return text }
    var writer = TemplateWriter(byteCountMax: 64)
    _ = writer.json(key, JSONLayout())
    return writer.bytes
  }

  private mutating func jsonItems<Element>(
    _ open: String, _ items: [Element], _ close: String, _ layout: JSONLayout, _ level: Int,
    _ body: (inout TemplateWriter, Element) -> Bool
  ) -> Bool {
    write(open)
    func breakLine(_ level: Int) {
      guard let indentation = layout.indentation, !items.isEmpty else { return }
      bytes.append(0x0A)
      bytes.append(contentsOf: repeatElement(0x20, count: indentation * level))
    }
    for (index, item) in items.enumerated() where !isFull {
      if index > 0 { write(layout.item) }
      breakLine(level + 1)
      guard body(&self, item) else { return false }
    }
    breakLine(level)
    write(close)
    return true
  }

  private mutating func jsonString(_ text: [UInt8], isASCII: Bool) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\"": write("\\\"")
      case "\\": write("\\\\")
      case "\n": write("\\n")
      case "\r": write("\\r")
      case "\t": write("\\t")
      case "\u{8}": write("\\b")
      case "\u{C}": write("\\f")
      default:
        if scalar.value < 0x20 {
          write("\\u" + Self.hexadecimal(scalar.value, 4))
        } else if isASCII, scalar.value > 0x7E {
          for unit in String(scalar).utf16 { write("\\u" + Self.hexadecimal(UInt32(unit), 4)) }
        } else {
          bytes.append(contentsOf: String(scalar).utf8)
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
