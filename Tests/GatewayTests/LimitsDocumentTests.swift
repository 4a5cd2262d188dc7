import Glibc
import Testing

@testable import Gateway

/// docs/limits.md is what operators read: it names every limit, with the default it has.
struct LimitsDocumentTests {
  private static let text: String = {
    var path = #filePath.split(separator: "/")
    path.removeLast(3)
    guard let file = fopen("/" + path.joined(separator: "/") + "/docs/limits.md", "r") else {
      return ""
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }()

  /// The keys of each row of a table, with their defaults.
  private static let rows: [String: String] = {
    var result: [String: String] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
      let (names, values) = (cells[0].split(separator: ","), cells[1].split(separator: ","))
      for (name, value) in zip(names, values) { result[String(name)] = String(value) }
    }
    return result
  }()

  @Test func everyLimitIsOnThePageWithItsDefault() {
    for setting in LimitSetting.all {
      let value = Self.rows[setting.name]
      #expect(value == "\(Int(setting.initial))", "\(setting.name): \(value ?? "missing")")
    }
  }

  @Test func everyKeyOnThePageIsALimit() {
    #expect(!Self.rows.isEmpty)
    for name in Self.rows.keys { #expect(LimitSetting.named(name) != nil, "\(name)") }
  }
}
