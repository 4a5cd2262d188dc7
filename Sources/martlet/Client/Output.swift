internal import FoundationEssentials
internal import Glibc

/// What commands print: tables for people, one document with `--json`.
enum Output {
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Columns as wide as their widest cell.
  static func table(_ header: [String], _ rows: [[String]]) {
    let rows = rows.map { $0.map(safe) }
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    for row in [header] + rows {
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      print(trimmed(cells.joined(separator: "  ")))
    }
  }

  private static func trimmed(_ line: String) -> String {
    String(
      line.prefix(
        upTo: line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex))
  }

  /// Milliseconds since 1970 as a date in UTC; `-` for 0.
  static func date(_ milliseconds: Int64) -> String {
    guard milliseconds != 0 else { return "-" }
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      strftime(buffer.baseAddress!, 32, "%Y-%m-%dT%H:%M:%SZ", &parts)
      return String(cString: buffer.baseAddress!)
    }
  }

  /// A number with `digits` decimals.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      _ = withVaList([Int32(digits), value]) {
        vsnprintf(buffer.baseAddress!, 64, "%.*f", $0)
      }
      return String(cString: buffer.baseAddress!)
    }
  }
}
