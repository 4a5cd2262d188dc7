internal import Glibc

/// Reads a .csv file into columns.
struct CSVTable {
  private(set) var columns: [CSVColumn] = []
  /// Records read.
  private(set) var count = 0

  private let file: MappedData
  private let name: String
  private let path: String
  private var names: [String] = []

  /// Lines that decide what a column is.
  static let sampleCount = 1000
  /// Bytes of all columns while they are read.
  private static let byteCountMax = 32 << 30

  init(_ file: MappedData, name: String, beside path: String) throws(TrainingError) {
    (self.file, self.name, self.path) = (file, name, path)
  }

  mutating func read() throws(TrainingError) {
    var reader = CSVReader(file.bytes, fileName: name)
    var fields: [CSVReader.Field] = []
    guard try reader.next(into: &fields) else {
      throw TrainingError(.data, "expected a line of names in '\(name)', got nothing")
    }
    try readNames(reader, fields)
    try makeColumns(try kinds(reader))
    while try reader.next(into: &fields) {
      try check(fields, reader)
      for (index, column) in columns.enumerated() {
        let field = fields[index]
        if column.kind == .texts {
          guard column.set(count, reader.text(field)) else {
            throw reader.failure(
              index, named: names[index],
              "expected at most \(CSVColumn.categoryCountMax) different texts: leave the column out"
            )
          }
        } else if !column.set(count, CSVNumber(Self.cell(reader, field))) {
          throw reader.failure(
            index, named: names[index],
            "expected a number, as in the lines before, or nothing, got a text")
        }
      }
      count += 1
    }
    guard count > 0 else {
      throw TrainingError(.data, "expected examples in '\(name)', got its line of names only")
    }
  }

  private static func cell(
    _ reader: CSVReader, _ field: CSVReader.Field
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: reader.bytes[field.range])
  }

  private mutating func readNames(
    _ reader: CSVReader, _ fields: [CSVReader.Field]
  ) throws(TrainingError) {
    var seen: Set<String> = []
    for (index, field) in fields.enumerated() {
      let text = reader.text(field)
      guard !text.isEmpty else { throw reader.failure(index, "expected a name, got nothing") }
      guard seen.insert(text).inserted else {
        throw reader.failure(index, named: text, "expected different names, got one twice")
      }
      names.append(text)
    }
    // A table without names would lose its first example, and nobody would notice.
    guard
      names.contains(where: { name in
        var name = name
        return name.withUTF8 { CSVNumber(UnsafeRawBufferPointer($0)) } == .text
      })
    else {
      throw reader.failure(0, "expected a line of names first, got numbers")
    }
  }

  /// What the columns are, by the first lines.
  private func kinds(_ start: CSVReader) throws(TrainingError) -> [CSVColumn.Kind] {
    var reader = start
    var fields: [CSVReader.Field] = []
    var kinds = [CSVColumn.Kind](repeating: .integers, count: names.count)
    for _ in 0..<Self.sampleCount {
      guard try reader.next(into: &fields) else { break }
      try check(fields, reader)
      for (index, field) in fields.enumerated() where kinds[index] != .texts {
        if CSVNumber(Self.cell(reader, field)) == .text { kinds[index] = .texts }
      }
    }
    return kinds
  }

  private func check(_ fields: [CSVReader.Field], _ reader: CSVReader) throws(TrainingError) {
    guard fields.count == names.count else {
      throw reader.failure(
        min(fields.count, names.count),
        "expected \(names.count) columns, as in the line of names, got \(fields.count)")
    }
  }

  /// Room for as many records as the file has ends of lines.
  private mutating func makeColumns(_ kinds: [CSVColumn.Kind]) throws(TrainingError) {
    // Every field takes a byte of the file, so that a small file cannot ask for much. Even, so that
    // every column begins at a multiple of eight bytes.
    let recordCountMax = min(
      Self.lineCount(file.bytes), file.bytes.count / max(1, names.count) + 2)
    let lineCount = recordCountMax / 2 * 2 + 2
    var offsets: [Int] = []
    var byteCount = 0
    for kind in kinds {
      offsets.append(byteCount)
      let (size, overflow) = lineCount.multipliedReportingOverflow(by: kind == .texts ? 4 : 8)
      byteCount += overflow ? Self.byteCountMax : size
      guard byteCount <= Self.byteCountMax else {
        throw TrainingError(
          .data, "'\(name)' takes more than \(Self.byteCountMax) bytes as a table: send less")
      }
    }
    let data = try MappedData(byteCount: byteCount, beside: path, name: name)
    for (index, kind) in kinds.enumerated() {
      columns.append(
        CSVColumn(name: names[index], kind: kind, data: data, offset: offsets[index]))
    }
  }

  private static func lineCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var count = 2
    for byte in bytes where byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
      count += 1
    }
    return count
  }
}
