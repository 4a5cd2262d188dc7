import Testing

@testable import JSON

/// The bytes of a text's elements, or why it is refused.
func elements(
  _ array: String, as type: JSONElementType, byteCountMax: Int = 1 << 20
) throws(JSONError) -> [UInt8] {
  let parser = JSONParser()
  let text = JSONText(Array("{\"x\":1,\"data\":\(array),\"y\":2}".utf8))
  let value = try parser.parse(text, leavingArraysNamed: "data")
  guard case .elements(let range)? = value["data"] else {
    throw JSONError(.wrongType, "no elements")
  }
  let elements = try parser.elements(range, in: text, as: type, byteCountMax: byteCountMax)
  return elements.withBytes { Array($0) }
}

func code(_ array: String, as type: JSONElementType, byteCountMax: Int = 1 << 20) -> JSONError? {
  do {
    _ = try elements(array, as: type, byteCountMax: byteCountMax)
    return nil
  } catch {
    return error
  }
}

func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
  values.withUnsafeBytes { Array($0) }
}

func text(_ bytes: [UInt8], _ type: JSONElementType) -> String {
  var writer = JSONWriter()
  writer.array { array in
    _ = bytes.withUnsafeBytes { array.elements($0, as: type) }
  }
  return String(decoding: writer.bytes, as: UTF8.self)
}

struct ElementsTests {
  @Test func numbersOfEveryTypeAreExact() throws {
    #expect(try elements("[0,255]", as: .uint8) == [0, 255])
    #expect(try elements("[-128,127]", as: .int8) == bytes([Int8.min, .max]))
    #expect(try elements("[65535]", as: .uint16) == bytes([UInt16.max]))
    #expect(try elements("[-32768]", as: .int16) == bytes([Int16.min]))
    #expect(try elements("[4294967295]", as: .uint32) == bytes([UInt32.max]))
    #expect(try elements("[-2147483648]", as: .int32) == bytes([Int32.min]))
    #expect(
      try elements("[9223372036854775807,-9223372036854775808]", as: .int64)
        == bytes([Int64.max, .min]))
    #expect(
      try elements("[18446744073709551615,9007199254740993]", as: .uint64)
        == bytes([UInt64.max, 9_007_199_254_740_993]))
    #expect(
      try elements("[1, 0.1 ,-0.0,1e-45,3.4028235e38]", as: .fp32)
        == bytes([1, 0.1, -0.0, 1e-45, Float.greatestFiniteMagnitude]))
    #expect(
      try elements("[0.1,5e-324,1.7976931348623157e308]", as: .fp64)
        == bytes([0.1, 5e-324, Double.greatestFiniteMagnitude]))
    #expect(try elements("[true,false,1,0]", as: .bool) == [1, 0, 1, 0])
    #expect(
      try elements("[\"a\",\"\",\"\\u00e4\"]", as: .bytes)
        == [1, 0, 0, 0, 0x61, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xa4])
    #expect(try elements("[]", as: .fp32) == [])
  }

  @Test func singlePrecisionIsNotRoundedTwice() throws {
    // Through a double these come out one off (known from other libraries' tests).
    let cases: [(String, UInt32)] = [
      ("7.038531e-26", 0x15ae_43fd), ("1.00000017881393432617187499", 0x3f80_0001),
      ("1.00000017881393432617187501", 0x3f80_0002), ("16777217", 0x4b80_0000),
      ("1e-46", 0), ("0.00000000000000000000000000000000000000000000001", 0),
    ]
    for (text, pattern) in cases {
      #expect(
        try elements("[\(text)]", as: .fp32) == bytes([Float(bitPattern: pattern)]), "\(text)")
    }
  }

  @Test func whatIsNotFiniteHasNames() throws {
    let values = try elements("[\"NaN\",\"Infinity\",\"-Infinity\"]", as: .fp64)
    #expect(values[8...] == bytes([Double.infinity, -.infinity])[...])
    #expect(values.withUnsafeBytes { $0.loadUnaligned(as: Double.self) }.isNaN)
    #expect(
      text(bytes([Float.nan, .infinity, -.infinity]), .fp32)
        == #"["NaN","Infinity","-Infinity"]"#)
    #expect(code("[\"nan\"]", as: .fp32)?.code == .wrongType)
    #expect(code("[NaN1]", as: .fp32)?.code == .malformed)
    // As Python's writers have them.
    #expect(
      try elements("[-Infinity, Infinity ]", as: .fp32) == bytes([-Float.infinity, .infinity]))
    #expect(code("[1e39]", as: .fp32)?.code == .outOfRange)
    #expect(code("[1e400]", as: .fp64)?.code == .outOfRange)
  }

  @Test func nestedArraysAreRowMajor() throws {
    #expect(try elements("[[1,2],[3,4],[[5]]]", as: .uint8) == [1, 2, 3, 4, 5])
    let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
    #expect(code(deep, as: .uint8)?.code == .tooLarge)
  }

  @Test func errorsNameTheElement() {
    #expect(code("[1,2,256]", as: .uint8)?.message.hasPrefix("element 2: ") == true)
    #expect(code("[1,2,-1]", as: .uint16)?.code == .wrongType)
    #expect(code("[1.0]", as: .int32)?.code == .wrongType)
    #expect(code("[1e2]", as: .int64)?.code == .wrongType)
    #expect(code("[\"1\"]", as: .int64)?.code == .wrongType)
    #expect(code("[2]", as: .bool)?.code == .wrongType)
    #expect(code("[1]", as: .bytes)?.code == .wrongType)
    #expect(code("[null]", as: .fp32)?.code == .wrongType)
    #expect(code("[{}]", as: .fp32)?.code == .wrongType)
    #expect(code("[[1],{\"a\":[]}]", as: .fp32)?.code == .wrongType)
    for broken in ["[1,]", "[1 2]", "[01]", "[1.]", "[1", "[[1}]", "[1x]"] {
      #expect(code(broken, as: .fp32)?.code == .malformed, "\(broken)")
    }
    #expect(code("[1,2,3,4]", as: .fp32, byteCountMax: 15)?.code == .tooLarge)
    #expect(code("[\"12345678\"]", as: .bytes, byteCountMax: 11)?.code == .tooLarge)
  }

  @Test func floatsReadAsTheyWereWritten() throws {
    var state: UInt64 = 42
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 11 ^ state
    }
    var floats = (0..<50_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: next())) }
    floats += (0..<2_000).map { Float(bitPattern: UInt32($0)) }
    floats = floats.filter(\.isFinite)
    #expect(try elements(text(bytes(floats), .fp32), as: .fp32) == bytes(floats))
    let doubles = (0..<50_000).map { _ in Double(bitPattern: next()) }.filter(\.isFinite)
    #expect(try elements(text(bytes(doubles), .fp64), as: .fp64) == bytes(doubles))
  }

  @Test func everyTypeIsWrittenAndReadBack() throws {
    for type in JSONElementType.allCases {
      guard let size = type.byteCount else { continue }
      var values = [UInt8](repeating: 0, count: size * 9_000)
      if type != .fp32, type != .fp64 {
        for index in values.indices {
          values[index] = type == .bool ? UInt8(index & 1) : UInt8(truncatingIfNeeded: index * 7)
        }
      }
      #expect(try elements(text(values, type), as: type) == values, "\(type)")
    }
    #expect(text([1, 0], .bool) == "[true,false]")
    #expect(
      text(bytes([1 as Float, -0.0, 1e20, 0.1, 16_777_216]), .fp32)
        == "[1.0,-0.0,1e+20,0.1,16777216.0]")
    #expect(text(bytes([Int64.min, .max]), .int64) == "[-9223372036854775808,9223372036854775807]")
    let words = try elements("[\"a\\\"b\\u0001\\n\",\"😀\"]", as: .bytes)
    #expect(text(words, .bytes) == "[\"a\\\"b\\u0001\\n\",\"😀\"]")
  }

  @Test func bytesThatAreNoElementsAreNotWritten() {
    var writer = JSONWriter()
    let write = { (bytes: [UInt8], type: JSONElementType) in
      bytes.withUnsafeBytes { writer.elements($0, as: type) }
    }
    #expect(!write([1, 2, 3], .fp32))
    #expect(!write([1, 0, 0], .bytes))
    #expect(!write([9, 0, 0, 0, 1], .bytes))
    #expect(!write([1, 0, 0, 0, 0xff], .bytes), "not UTF-8")
  }
}
