import Telemetry
import Testing

@Suite struct JSONLineTests {
  private func line(_ body: (inout JSONLine) -> Void) -> String {
    var line = JSONLine()
    line.begin()
    body(&line)
    line.end()
    return String(decoding: line.bytes, as: UTF8.self)
  }

  @Test func fieldsOfEveryType() {
    let text = line {
      $0.field("s", "héllo")
      $0.field("static", "x" as StaticString)
      $0.field("i", Int.min)
      $0.field("zero", 0)
      $0.field("d", 1.5)
      $0.field("inf", Double.infinity)
      $0.field("b", true)
    }
    #expect(
      text == """
        {"s":"héllo","static":"x","i":-9223372036854775808,"zero":0,"d":1.5,"inf":null,"b":true}

        """)
  }

  @Test func whateverAPeerSendsStaysOneLine() {
    let text = line { $0.field("m", "a\"b\\c\nd\r\u{0}\u{1f}\u{7f}") }
    #expect(text == #"{"m":"a\"b\\c\u000ad\u000d\u0000\u001f\u007f"}"# + "\n")
  }

  @Test func invalidUTF8IsReplaced() {
    let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0xE2, 0x82]
    let text = bytes.withUnsafeBytes { bytes in line { $0.field("m", utf8: bytes) } }
    #expect(text == "{\"m\":\"a\u{FFFD}b\u{FFFD}\"}\n")
  }

  @Test func linesFollowEachOtherAndTheBufferIsReused() {
    var line = JSONLine()
    for number in 0..<3 {
      line.begin()
      line.field("n", number)
      line.end()
    }
    #expect(String(decoding: line.bytes, as: UTF8.self) == "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n")
    line.removeAll()
    #expect(line.bytes.isEmpty)
  }

  @Test(arguments: [
    (0, 0, "1970-01-01T00:00:00.000000Z"),
    (951_782_400, 999_999_999, "2000-02-29T00:00:00.999999Z"),
    (1_709_251_199, 1_000, "2024-02-29T23:59:59.000001Z"),
    (4_107_542_399, 0, "2100-02-28T23:59:59.000000Z"),
    (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
    (-1, 0, "1969-12-31T23:59:59.000000Z"),
  ])
  func timesAreWrittenAsRFC3339(seconds: Int64, nanoseconds: Int32, expected: String) {
    let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    #expect(time.description == expected)
    let text = line { $0.field("time", time) }
    #expect(text == "{\"time\":\"\(expected)\"}\n")
  }

  @Test func theSecondIsFormattedAgainWhenItChanges() {
    var line = JSONLine()
    for (seconds, nanoseconds) in [(Int64(5), Int32(0)), (5, 1_000_000), (6, 0)] {
      line.begin()
      line.field("t", Timestamp(seconds: seconds, nanoseconds: nanoseconds))
      line.end()
    }
    let lines = String(decoding: line.bytes, as: UTF8.self).split(separator: "\n")
    #expect(
      lines == [
        "{\"t\":\"1970-01-01T00:00:05.000000Z\"}", "{\"t\":\"1970-01-01T00:00:05.001000Z\"}",
        "{\"t\":\"1970-01-01T00:00:06.000000Z\"}",
      ])
  }
}
