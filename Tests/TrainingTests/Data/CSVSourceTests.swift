import Compute
import TestSupport
import Testing

@testable import Training

@Suite struct CSVSourceTests {
  let folder = ScratchFolder()

  func open(_ text: String) throws -> any ExampleSource {
    folder.write(Array(text.utf8), "training.csv")
    return try DataFile.open("\(folder.path)/training.csv", name: "training.csv")
  }

  func numbers<T>(_ source: any ExampleSource, _ column: Int, as: T.Type) throws -> [T] {
    try NumpySourceTests.bytes(source, column, Array(0..<source.count)).withUnsafeBytes {
      Array($0.bindMemory(to: T.self))
    }
  }

  func texts(_ source: any ExampleSource, _ column: Int) throws -> [String] {
    try Array(0..<source.count).withUnsafeBufferPointer {
      try source.texts(column: column, rows: $0)
    }
  }

  @Test func columnsAreWholeNumbersNumbersOrTexts() throws {
    let source = try open(
      "\u{FEFF}id,size,kind\r\n1,2.5,red\r\n-2,,\"a \"\"b\"\", c\"\r\n3,1e3,\"two\nlines\"\n\n4,NaN,"
    )
    #expect(source.count == 4)
    #expect(
      source.columns == [
        DataColumn(name: "id", dataType: .int64, shape: []),
        DataColumn(name: "size", dataType: .fp32, shape: []),
        DataColumn(name: "kind", dataType: .string, shape: []),
      ])
    #expect(try numbers(source, 0, as: Int64.self) == [1, -2, 3, 4])
    let sizes = try numbers(source, 1, as: Float.self)
    #expect(sizes[0] == 2.5 && sizes[1].isNaN && sizes[2] == 1000 && sizes[3].isNaN)
    #expect(try texts(source, 2) == ["red", "a \"b\", c", "two\nlines", ""])
  }

  @Test func wholeNumbersBecomeNumbersWhenOneIsMissing() throws {
    let source = try open("a\n1\n9007199254740992\n\"\"\n4.5\n")
    #expect(source.columns[0].dataType == .fp32)
    let values = try numbers(source, 0, as: Float.self)
    #expect(
      values[0] == 1 && values[1] == 9_007_199_254_740_992 && values[2].isNaN && values[3] == 4.5)
  }

  @Test(arguments: [
    ("", "line of names"), ("a,b\n", "line of names only"),
    ("1,2\n3,4\n", "expected a line of names"),
    ("a,a\n1,2\n", "column 2 ('a')"), ("a,\n1,2\n", "line 1, column 2"),
    ("a,b\n1,2\n3\n", "line 3, column 2: expected 2 columns"),
    ("a,b\n1,\"2\n", "line 2, column 2: expected a closing quotation mark"),
    ("a,b\n\"1\"x,2\n", "line 2, column 1: expected a comma"),
    (
      "a,b\n\"1\n2\",2\n3,4,5\n",
      "line 4, column 3: expected 2 columns, as in the line of names, got 3"
    ),
  ])
  func errorsSayLineAndColumn(text: String, part: String) {
    let error = #expect(throws: TrainingError.self) { try open(text) }
    #expect(error?.code == .data && error?.message.contains(part) == true, "\(error as Any)")
  }

  @Test func aTextBehindManyNumbersIsAnError() {
    let rows = String(repeating: "1,2\n", count: CSVTable.sampleCount + 5)
    let error = #expect(throws: TrainingError.self) { try open("a,age\n" + rows + "3,secret\n") }
    #expect(error?.message.contains("line \(CSVTable.sampleCount + 7), column 2 ('age')") == true)
    #expect(error?.message.contains("secret") == false, "what data say is in no error")
  }

  @Test func numbersAreReadAsTheyAreWritten() throws {
    var random = SplitMix64(state: 11)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      #expect(number("\(value)") == .real(value))
      let short = Double(Int64.random(in: -99_999_999...99_999_999, using: &random)) / 1000
      #expect(number("\(short)") == .real(short))
    }
    for (text, expected) in [
      ("0", CSVNumber.integer(0)), ("-7", .integer(-7)), ("+3", .integer(3)),
      ("00012", .integer(12)),
      (" 5 ", .integer(5)), ("", .missing), ("  ", .missing), ("NA", .missing), ("nan", .missing),
      (".5", .real(0.5)), ("5.", .real(5)), ("1e5", .real(1e5)), ("-1E-2", .real(-0.01)),
      ("inf", .real(.infinity)), ("-", .text), (".", .text), ("e5", .text), ("1e", .text),
      ("0x10", .text), ("1,5", .text), ("1 2", .text), ("1e999999", .real(.infinity)),
      ("9223372036854775808", .real(9223372036854775808)),
    ] { #expect(number(text) == expected, "\(text)") }
  }

  func number(_ text: String) -> CSVNumber {
    var text = text
    return text.withUTF8 { CSVNumber(UnsafeRawBufferPointer($0)) }
  }

  @Test func mutatedTablesNeverTrap() throws {
    var fuzz = Fuzz(
      "csv",
      corpus: [
        "a,b,c\n1,2.5,x\n3,,\"y \"\"z\"\"\"\n", "id\r\n1\r\n2\r\n3\r\n",
        "\u{FEFF}n,\"m\n\"\n-1e9,NA\n",
        "a,b\n" + String(repeating: "12345678901234567890,1e-400\n", count: 20),
      ].map { Array($0.utf8) })
    fuzz.run(rounds: 3000) { fuzzSource($0, folder, "training.csv") }
  }
}
