import Testing

@testable import JSON

/// A text's value.
func parse(_ text: String, leaving key: String = "", limits: JSONLimits = JSONLimits())
  throws(JSONError) -> JSONValue
{
  try JSONParser(limits: limits).parse(JSONText(Array(text.utf8)), leavingArraysNamed: key)
}

/// Why a text is refused, or nil.
func refusal(_ text: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONError.Code? {
  do {
    _ = try JSONParser(limits: limits).parse(JSONText(text))
    return nil
  } catch {
    return error.code
  }
}

struct ParserTests {
  @Test func valuesAreWhatTheTextSays() throws {
    let value = try parse(
      #" { "s" : "a\"\\\/\b\n\u00e4\ud83d\ude00", "n":-1.5e3 , "t":true,"f":false,"z":null,"# + "\n"
        + #""a":[ 1, [], {} ,"x"] } "#)
    #expect(value["s"] == .string("a\"\\/\u{8}\nä😀"))
    #expect(value["n"] == .real(-1500))
    #expect(value["t"] == .bool(true))
    #expect(value["f"] == .bool(false))
    #expect(value["z"] == .null)
    #expect(value["a"] == .array([.integer(1), .array([]), .object([]), .string("x")]))
    #expect(value["missing"] == nil)
    #expect(try parse(" 7 ") == .integer(7))
    #expect(try parse("\"x\"") == .string("x"))
    #expect(try parse("null") == .null)
  }

  /// Names are compared by code units: two forms of one letter are two names.
  @Test func canonicallyEquivalentNamesAreDifferent() throws {
    guard case .object(let members) = try parse("{\"\u{e9}\":1,\"e\u{301}\":2}") else {
      Issue.record("not an object")
      return
    }
    #expect(members.count == 2)
    #expect(refusal(Array("{\"\u{e9}\":1,\"\\u00e9\":2}".utf8)) == .duplicateName)
  }

  @Test(arguments: [
    "", " ", "{", "}", "[", "]", "{}{}", "{} x", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}",
    "{'a':1}", "{\"a\":1,}", "[1 2]", "[01]", "[1.]", "[.5]", "[+1]", "[-]", "[1e]", "[1e+]",
    "[0x1]",
    "[NaN]", "[Infinity]", "[nul]", "[nulll]", "[truee]", "[tru]", "[\"\\x\"]", "[\"\\u12\"]",
    "[\"\\ud800\"]", "[\"a\nb\"]", "[\"a]", "/**/[]", "[1]//", "[\"\u{1}\"]", "1 2", "\"a\" x",
    "nulll", "-", "\"a",
    "[1}", "{\"a\":[}]", "[1,2", "\u{feff}[1", "[--1]", "[1-]", "[1a]", "[\"a\"b]", "[true false]",
  ])
  func whatIsNotJSONIsRefused(_ text: String) {
    #expect(refusal(Array(text.utf8)) == .malformed, "\(text.debugDescription)")
  }

  @Test func bytesMustBeUTF8() {
    for bytes: [UInt8] in [
      [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3], [0x80],
    ] {
      #expect(refusal(Array("[\"".utf8) + bytes + Array("\"]".utf8)) == .notUTF8)
      #expect(refusal(Array("{\"".utf8) + bytes + Array("\":1}".utf8)) == .notUTF8)
    }
    #expect(refusal(Array("[\"äöü😀\"]".utf8)) == nil)
  }

  @Test func aNameOccursOnce() {
    #expect(refusal(Array(#"{"a":1,"b":2,"a":1}"#.utf8)) == .duplicateName)
    // Escapes do not hide it.
    #expect(refusal(Array(#"{"a":1,"\u0061":1}"#.utf8)) == .duplicateName)
    #expect(refusal(Array(#"[{"a":1},{"a":1}]"#.utf8)) == nil)
  }

  @Test func depthAndSizeAreLimited() {
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(refusal(Array(nested(64).utf8)) == nil)
    #expect(refusal(Array(nested(65).utf8)) == .tooLarge)
    #expect(refusal(Array(nested(100_000).utf8)) == .tooLarge)
    #expect(
      refusal(Array((String(repeating: "{\"a\":", count: 100_000)).utf8)) == .tooLarge)
    var limits = JSONLimits()
    limits.valuesMax = 10
    #expect(refusal(Array("[1,2,3,4,5,6,7,8,9]".utf8), limits: limits) == nil)
    #expect(refusal(Array("[1,2,3,4,5,6,7,8,9,10]".utf8), limits: limits) == .tooLarge)
  }

  @Test func numbersAreExactOrRefused() throws {
    #expect(
      try parse(
        "[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615]")
        == .array([.integer(.max), .integer(.min), .unsigned(1 << 63), .unsigned(.max)]))
    #expect(try parse("[1.0,1e3,-0.5]") == .array([.real(1), .real(1000), .real(-0.5)]))
    #expect(refusal(Array("[18446744073709551616]".utf8)) == .outOfRange)
    #expect(refusal(Array("[-9223372036854775809]".utf8)) == .outOfRange)
    #expect(refusal(Array("[1e999]".utf8)) == .outOfRange)
  }

  @Test func mistakesHaveAPlace() {
    let error = #expect(throws: JSONError.self) { try parse("{\n \"a\": [1,,2]}") }
    #expect(error?.message.hasPrefix("line 2, column ") == true)
  }

  @Test func aParserCanBeUsedAgain() throws {
    let parser = JSONParser()
    for _ in 0..<3 {
      #expect(throws: JSONError.self) { try parser.parse(JSONText(Array("[1,".utf8))) }
      let value = try parser.parse(JSONText(Array("{\"a\":\"b\"}".utf8)))
      #expect(value != .null)
    }
  }
}
