import TestSupport
import Testing

@testable import JSON

struct JSONNeverTrapTests {
  @Test func texts() {
    let samples = [
      #"{"id":"1","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[0.5,1e3]]}]}"#,
      #"{"a":"\u00e4\"","data":["x",true,null,{}],"b":[1,[2,[]],-0.1e-2]}"#, "[[[]]]",
    ].map { Array($0.utf8) }
    let parser = JSONParser()
    var fuzz = Fuzz("json", corpus: samples)
    fuzz.run(rounds: 5_000) { bytes in
      let text = JSONText(bytes)
      guard let value = try? parser.parse(text, leavingArraysNamed: "data") else { return }
      var found: [Range<Int>] = []
      func look(_ value: JSONValue) {
        switch value {
        case .elements(let range): found.append(range)
        case .array(let values): values.forEach(look)
        case .object(let members): members.forEach { look($0.value) }
        case .null, .bool, .integer, .unsigned, .real, .string: break
        }
      }
      look(value)
      for range in found {
        for type in JSONElementType.allCases {
          _ = try? parser.elements(range, in: text, as: type, byteCountMax: 1_000).count
        }
      }
    }
  }

  @Test func elementsToWrite() {
    var fuzz = Fuzz(
      "json-elements", corpus: [[3, 0, 0, 0, 0x61, 0x62, 0x63], [0, 0, 0x80, 0x7f]])
    fuzz.run(rounds: 5_000) { bytes in
      for type in JSONElementType.allCases {
        var writer = JSONWriter()
        _ = bytes.withUnsafeBytes { writer.elements($0, as: type) }
      }
    }
  }
}
