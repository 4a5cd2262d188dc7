/// Takes the fields of a CSV file apart (RFC 4180): commas, quotation marks that are doubled inside
/// quoted fields, lines that end with LF or CRLF. A byte order mark is skipped.
struct CSVReader {
  /// A field of the record at hand.
  struct Field {
    /// Its bytes without the quotation marks around it.
    var range: Range<Int>
    /// Whether it was quoted, and whether quotation marks are doubled in it.
    var isQuoted = false
    var hasDoubled = false
  }

  let bytes: UnsafeRawBufferPointer
  private let fileName: String
  private var cursor: Int
  /// The line at which the record at hand began, from 1.
  private(set) var line = 1
  private var nextLine = 1

  /// Fields that a record may have.
  static let fieldCountMax = 100_000

  init(_ bytes: UnsafeRawBufferPointer, fileName: String) {
    self.bytes = bytes
    self.fileName = fileName
    cursor = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// Reads the next record into `fields`; false at the end. Lines without anything are left out.
  mutating func next(into fields: inout [Field]) throws(TrainingError) -> Bool {
    while cursor < bytes.count {
      fields.removeAll(keepingCapacity: true)
      line = nextLine
      var isLast = false
      while !isLast {
        guard fields.count < Self.fieldCountMax else {
          throw failure(
            fields.count, "expected at most \(Self.fieldCountMax) columns, got more")
        }
        let quoted = cursor < bytes.count && bytes[cursor] == UInt8(ascii: "\"")
        fields.append(quoted ? try quotedField(fields.count) : plainField())
        isLast = endField()
      }
      if fields.count > 1 || !fields[0].range.isEmpty || fields[0].isQuoted { return true }
    }
    return false
  }

  /// Whether the record ended; the cursor is behind the separator.
  private mutating func endField() -> Bool {
    guard cursor < bytes.count else { return true }
    let byte = bytes[cursor]
    cursor += 1
    if byte == UInt8(ascii: ",") { return false }
    if byte == UInt8(ascii: "\r"), cursor < bytes.count, bytes[cursor] == UInt8(ascii: "\n") {
      cursor += 1
    }
    nextLine += 1
    return true
  }

  private mutating func plainField() -> Field {
    let start = cursor
    while cursor < bytes.count {
      let byte = bytes[cursor]
      // Most bytes of a field are larger than any separator.
      if byte <= UInt8(ascii: ","),
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      {
        break
      }
      cursor += 1
    }
    return Field(range: start..<cursor)
  }

  private mutating func quotedField(_ index: Int) throws(TrainingError) -> Field {
    cursor += 1
    var field = Field(range: cursor..<cursor, isQuoted: true)
    while cursor < bytes.count {
      let byte = bytes[cursor]
      if byte == UInt8(ascii: "\n") { nextLine += 1 }
      if byte == UInt8(ascii: "\"") {
        guard cursor + 1 < bytes.count, bytes[cursor + 1] == byte else {
          field.range = field.range.lowerBound..<cursor
          cursor += 1
          guard cursor == bytes.count || [0x2C, 0x0A, 0x0D].contains(bytes[cursor]) else {
            throw failure(index, "expected a comma behind a closing quotation mark")
          }
          return field
        }
        field.hasDoubled = true
        cursor += 1
      }
      cursor += 1
    }
    throw failure(index, "expected a closing quotation mark, got the end of the file")
  }

  /// A field's text.
  func text(_ field: Field) -> String {
    let part = UnsafeRawBufferPointer(rebasing: bytes[field.range])
    guard field.hasDoubled else { return String(decoding: part, as: UTF8.self) }
    var result: [UInt8] = []
    var isSecond = false
    for byte in part {
      isSecond = byte == UInt8(ascii: "\"") && !isSecond
      if !isSecond { result.append(byte) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// An error at a field of the record at hand, counted from 0.
  func failure(_ index: Int, named name: String? = nil, _ what: String) -> TrainingError {
    let column = name.map { " ('\(String($0.prefix(64)))')" } ?? ""
    return TrainingError(
      .data, "'\(fileName)', line \(line), column \(index + 1)\(column): \(what)")
  }
}
