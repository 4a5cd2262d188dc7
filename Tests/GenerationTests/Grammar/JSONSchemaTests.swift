import JSON
import TestSupport
import Testing

@testable import Generation

struct JSONSchemaTests {
  static func grammar(_ schema: String) throws -> Grammar {
    try Grammar.jsonSchema(Array(schema.utf8))
  }

  static func message(_ schema: String, limits: GrammarLimits = GrammarLimits()) -> String? {
    do throws(GrammarError) {
      _ = try Grammar.jsonSchema(Array(schema.utf8), limits: limits)
      return nil
    } catch { return error.message }
  }

  @Test(arguments: [
    ("{\"type\":\"integer\"}", ["0", "-12", "7"], ["01", "1.5", "\"1\"", "-"]),
    ("{\"type\":\"number\"}", ["0", "-1.5", "2e10", "0.25E-3"], ["1.", ".5", "+1", "NaN"]),
    ("{\"type\":[\"null\",\"boolean\"]}", ["null", "true", "false"], ["nul", "0"]),
    ("{\"enum\":[\"a\\\"b\",1,null]}", ["\"a\\\"b\"", "1", "null"], ["\"a\"", "2"]),
    ("{\"const\":{\"a\":[1,2]}}", ["{\"a\":[1,2]}"], ["{\"a\":[1]}"]),
    (
      "{\"type\":\"string\"}", ["\"\"", "\"é😀\"", "\"\\u00e9\\n\"", "\"\\ud83d\\ude00\""],
      ["\"", "\"\n\"", "\"\\ud83d\"", "\"\\x\"", "x"]
    ),
    (
      "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}",
      ["\"ab\"", "\"é日😀\"", "\"\\n\\ud83d\\ude00\""], ["\"a\"", "\"abcd\""]
    ),
    (
      "{\"type\":\"string\",\"pattern\":\"^a[\\\"b]+$\"}", ["\"ab\"", "\"a\\\"\""],
      ["\"b\"", "\"a\"\""]
    ),
    (
      "{\"type\":\"string\",\"pattern\":\"b\"}", ["\"b\"", "\"abc\"", "\"\\nb\""],
      ["\"a\"", "\"\""]
    ),
    ("{\"type\":\"string\",\"format\":\"date\"}", ["\"2024-02-28\""], ["\"2024-13-01\""]),
    (
      "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":1,\"maxItems\":3}",
      ["[1]", "[1, 2,3]", "[ 1,\n  2]"], ["[]", "[1,2,3,4]", "[1,]", "[\"a\"]"]
    ),
    ("{\"type\":\"array\",\"maxItems\":0}", ["[]"], ["[1]"]),
    (
      "{\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"items\":false}",
      ["[]", "[null]", "[null,true]"], ["[true]", "[null,true,1]"]
    ),
    (
      "{\"prefixItems\":[{\"type\":\"null\"}],\"items\":{\"type\":\"integer\"},\"minItems\":2}",
      ["[null,1]", "[null,1,2]"], ["[null]", "[1,1]", "[]"]
    ),
    ("{\"type\":\"object\"}", ["{}", "{\"a\":[1,{\"b\":null}]}", "{ \"a\": 1 }"], ["{,}", "[]"]),
    (
      """
      {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"},"c":{}},
       "required":["b"]}
      """, ["{\"b\":null}", "{\"a\":1,\"b\":null}", "{\"a\":1, \"b\":null, \"c\":{}}"],
      ["{}", "{\"a\":1}", "{\"b\":null,\"a\":1}", "{\"b\":null,}", "{\"b\":null,\"d\":1}"]
    ),
    (
      """
      {"type":"object","properties":{"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}}
      """, ["{}", "{\"ab\":null}", "{\"abc\":1}", "{\"a\":1,\"x\":2}", "{\"ab\":null,\"\":1}"],
      ["{\"ab\":1}", "{\"x\":null}"]
    ),
    ("{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":{\"type\":\"null\"}}}", ["null"], ["1"]),
    (
      "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}]}",
      ["null", "[]", "[[null],[]]"], ["[1]", "[null"]
    ),
    ("true", ["1", "[{}]", "\"x\""], [""]),
  ])
  func schemasAllowWhatTheySay(_ schema: String, _ valid: [String], _ invalid: [String]) throws {
    let grammar = try Self.grammar(schema)
    for text in valid { #expect(try grammar.allows(text), "\(schema) \(text)") }
    for text in invalid { #expect(try !grammar.allows(text), "\(schema) \(text)") }
  }

  @Test func rangesOfNumbersAreExact() throws {
    var random = SplitMix64(state: 9)
    for round in 0..<24 {
      let low = Int64.random(in: -1_200...1_200, using: &random)
      let high = low + Int64.random(in: 0...1_500, using: &random)
      let kind = round % 4
      let keywords = [
        "\"minimum\":\(low),\"maximum\":\(high)", "\"minimum\":\(low)",
        "\"exclusiveMaximum\":\(high)",
        "\"exclusiveMinimum\":\(low),\"exclusiveMaximum\":\(high)",
      ][kind]
      func isIn(_ value: Double) -> Bool {
        let (low, high) = (Double(low), Double(high))
        return [
          value >= low && value <= high, value >= low, value < high, value > low && value < high,
        ][kind]
      }
      for type in ["integer", "number"] {
        let schema = "{\"type\":\"\(type)\",\(keywords)}"
        guard Self.message(schema) == nil else {
          #expect(kind == 3 && high - low < 2)
          continue
        }
        let grammar = try Self.grammar(schema)
        for probe in [low - 1, low, low + 1, high - 1, high, high + 1, 0, -low, high * 10] {
          #expect(try grammar.allows("\(probe)") == isIn(Double(probe)), "\(schema) \(probe)")
          guard type == "number", probe != 0 else { continue }
          let (above, below) = (Double(probe) + 0.25, "\(probe).25")
          let value = probe < 0 ? Double(probe) - 0.25 : above
          #expect(try grammar.allows(below) == isIn(value), "\(schema) \(below)")
        }
      }
    }
  }

  /// Digits that a double has no room for round to a bound that must not be reached.
  @Test func boundsThatAreNotReachedAreNotRoundedTo() throws {
    for (low, high) in [
      (5, 6), (0, 1), (7, 9), (-6, -5), (-1, 1), (1_000_000, 1_000_001),
      (4_503_599_627_370_495, 4_503_599_627_370_497),
    ] {
      let grammar = try Self.grammar(
        "{\"type\":\"number\",\"exclusiveMinimum\":\(low),\"exclusiveMaximum\":\(high)}")
      func check(_ text: String) throws {
        let value = try #require(Double(text))
        if try grammar.allows(text) {
          #expect(value > Double(low) && value < Double(high), "\(text) in \(low)...\(high)")
        }
      }
      for digits in 1...20 {
        for fraction in [
          String(repeating: "9", count: digits), String(repeating: "0", count: digits - 1) + "1",
          String(repeating: "0", count: digits - 1) + "49",
        ] {
          for whole in low...high {
            try check("\(whole).\(fraction)")
            if whole == 0 { try check("-0.\(fraction)") }
          }
        }
      }
      let step = abs(low) < 1 << 40 ? "5" : nil
      if let step, low >= 0 { #expect(try grammar.allows("\(low).\(step)")) }
    }
  }

  /// A random schema, and what it nests.
  static func schema(_ random: inout SplitMix64, depth: Int) -> JSONValue {
    func object(_ members: [(String, JSONValue)]) -> JSONValue {
      .object(members.map { JSONValue.Member($0.0, $0.1) })
    }
    func small(_ range: ClosedRange<Int64>) -> JSONValue {
      .integer(.random(in: range, using: &random))
    }
    switch Int.random(in: 0..<(depth > 0 ? 11 : 6), using: &random) {
    case 0: return object([("type", .string("boolean"))])
    case 1:
      let low = Int64.random(in: -50...50, using: &random)
      return object([
        ("type", .string(Bool.random(using: &random) ? "integer" : "number")),
        ("minimum", .integer(low)), ("maximum", .integer(low + 40)),
      ])
    case 2:
      return object([
        ("type", .string("string")), ("minLength", small(0...2)), ("maxLength", small(2...6)),
      ])
    case 3:
      let pattern = ["^[a-c]{1,3}$", "é|日", "^\\d+-\\w*$", "\"", "^[^a]$"].randomElement(
        using: &random)!
      return object([("type", .string("string")), ("pattern", .string(pattern))])
    case 4: return object([("enum", .array([.string("é\n"), .integer(3), .null]))])
    case 5:
      return object([("type", .array([.string("null"), .string("number"), .string("string")]))])
    case 6:
      return object([
        ("type", .string("array")), ("items", schema(&random, depth: depth - 1)),
        ("minItems", small(0...2)), ("maxItems", small(2...4)),
      ])
    case 7:
      return object([
        ("prefixItems", .array([schema(&random, depth: depth - 1), schema(&random, depth: 0)])),
        ("items", Bool.random(using: &random) ? .bool(false) : schema(&random, depth: 0)),
      ])
    case 8:
      return object([
        ("anyOf", .array([schema(&random, depth: depth - 1), schema(&random, depth: depth - 1)]))
      ])
    case 9: return object([("$ref", .string("#/$defs/list"))])
    default:
      let names = ["a", "ab", "name", "é", "q\"uote"]
      let properties = names.filter { _ in Bool.random(using: &random) }
      let required = properties.filter { _ in Bool.random(using: &random) }
      var members: [(String, JSONValue)] = [
        ("type", .string("object")),
        ("properties", object(properties.map { ($0, schema(&random, depth: depth - 1)) })),
        ("required", .array(required.map { .string($0) })),
      ]
      if Bool.random(using: &random) {
        members.append(("additionalProperties", schema(&random, depth: 0)))
      }
      return object(members)
    }
  }

  /// Whatever the tokens, the text is JSON and valid.
  @Test func randomTextsOfRandomSchemasAreValid() throws {
    for seed in 1...120 as ClosedRange<UInt64> {
      var random = SplitMix64(state: seed)
      var schema = Self.schema(&random, depth: 3)
      let list = """
        {"type":"object","properties":{"v":{"type":"integer"},
         "next":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/list"}]}},"required":["v","next"]}
        """
      guard case .object(var members) = schema else { continue }
      members.append(
        JSONValue.Member(
          "$defs",
          .object([JSONValue.Member("list", try JSONValue(parsing: Array(list.utf8)[...]))])))
      schema = .object(members)
      let grammar = try Grammar.jsonSchema(schema.serialized())
      let automaton = GrammarAutomaton(grammar, vocabulary: SmallVocabulary.shared)
      for _ in 0..<4 {
        var walk = RandomWalk(random: SplitMix64(state: random.next()))
        let text = try #require(try walk.text(automaton), "seed \(seed): no end")
        let got = String(decoding: text, as: UTF8.self)
        #expect(Array(got.utf8) == text, "seed \(seed): not UTF-8")
        let value: JSONValue
        do {
          value = try JSONValue(parsing: text[...])
        } catch {
          // Names that are not described may come twice, which our parser refuses.
          #expect(error.code == .duplicateName, "seed \(seed): \(got)")
          continue
        }
        #expect(
          SchemaValidator(root: schema).isValid(value, schema), "seed \(seed): \(schema) \(got)")
      }
    }
  }

  @Test func anyObjectIsAnObject() throws {
    let automaton = GrammarAutomaton(
      try Grammar.anyJSONObject(), vocabulary: SmallVocabulary.shared)
    for seed in 1...60 as ClosedRange<UInt64> {
      var walk = RandomWalk(random: SplitMix64(state: seed), length: 60)
      let text = try #require(try walk.text(automaton), "seed \(seed): no end")
      #expect(text.first == UInt8(ascii: "{"))
      do {
        guard case .object = try JSONValue(parsing: text[...]) else {
          Issue.record("seed \(seed): no object")
          continue
        }
      } catch { #expect(error.code == .duplicateName, "seed \(seed): \(error)") }
    }
  }

  /// At the limit of depth what could not be closed does not begin.
  @Test func depthLimitLeavesAWayOut() throws {
    var limits = GrammarLimits()
    limits.depthMax = 5
    let schema = """
      {"type":"object","properties":{"v":{"type":"string","minLength":1},"kids":{"type":"array",
       "items":{"$ref":"#"}}},"required":["v","kids"]}
      """
    let automaton = GrammarAutomaton(
      try Grammar.jsonSchema(Array(schema.utf8), limits: limits),
      vocabulary: SmallVocabulary.shared)
    let opening = Set(["{", "[", "{\"", "[{"].map { Array($0.utf8) })
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = SplitMix64(state: seed)
      let matcher = try GrammarMatcher(automaton)
      for _ in 0..<300 where !matcher.isComplete {
        let mask = try matcher.mask()
        let allowed = (1..<Int32(SmallVocabulary.tokens.count)).filter(mask.contains)
        try #require(!allowed.isEmpty, "seed \(seed): stuck")
        let openers = allowed.filter { opening.contains(Array(automaton.vocabulary.text($0))) }
        try matcher.accept((openers.isEmpty ? allowed : openers).randomElement(using: &random)!)
      }
    }
  }

  @Test func unsupportedKeywordsAreNamed() {
    let schemas = [
      "{\"not\":{}}": "schema: the keyword 'not' can't be enforced, at #",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\",\"multipleOf\":3}}}":
        "schema: the keyword 'multipleOf' can't be enforced, at #/properties/a",
      "{\"type\":\"array\",\"uniqueItems\":true}":
        "schema: the keyword 'uniqueItems' can't be enforced, at #",
      "{\"type\":\"string\",\"format\":\"email\"}":
        "schema: the format 'email' can't be enforced, at #",
      "{\"anyOf\":[{}],\"type\":\"object\"}":
        "schema: 'type' beside 'anyOf' can't be enforced, at #",
      "{\"allOf\":[{},{}]}": "schema: 'allOf' of more than one schema can't be enforced, at #",
      "{\"$ref\":\"http://x/y\"}": "schema: a reference out of the schema can't be enforced, at #",
      "{\"$ref\":\"#/$defs/x\"}":
        "schema: expected a reference to a part of the schema, got '#/$defs/x'",
      "{\"type\":\"text\"}": "schema: expected a type's name at #, got 'text'",
      "{\"type\":\"array\",\"minItems\":-1}":
        "schema: expected a count for 'minItems' at #, got -1",
      "[]": "schema: expected a schema at #, got an empty list",
      "{\"type\":\"string\",\"pattern\":\"(?=a)\"}":
        "pattern: lookahead can't be enforced, at character 2",
      "false": "expected a grammar with at least one text, got none",
      "{\"type\":\"array\",\"minItems\":2,\"maxItems\":1}":
        "expected a grammar with at least one text, got none",
      "{\"$ref\":\"#\"}": "expected a grammar with at least one text, got none",
      "{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#\"}}":
        "expected a grammar with at least one text, got none",
      "{\"type\":\"array\",\"minItems\":60000,\"items\":{\"type\":\"string\",\"maxLength\":60000}}":
        "expected at most 65536 states (grammar statesMax), got more",
    ]
    for (schema, want) in schemas { #expect(Self.message(schema) == want) }
    var limits = GrammarLimits()
    limits.nestingMax = 3
    #expect(
      Self.message("{\"items\":{\"items\":{\"items\":{\"items\":{}}}}}", limits: limits)
        == "expected at most 3 schemas inside each other (grammar nestingMax), got more")
  }

  @Test func schemasNeverTrap() {
    var random = SplitMix64(state: 3)
    let corpus = (0..<20).map { _ in Self.schema(&random, depth: 3).serialized() }
    var limits = GrammarLimits()
    limits.statesMax = 4_096
    var fuzz = Fuzz("json-schema", corpus: corpus)
    fuzz.run(rounds: 2_000) { bytes in
      guard let grammar = try? Grammar.jsonSchema(bytes, limits: limits) else { return }
      let automaton = GrammarAutomaton(grammar, vocabulary: SmallVocabulary.shared)
      var walk = RandomWalk(random: SplitMix64(state: 1), length: 5, lengthMax: 12)
      _ = try? walk.text(automaton)
    }
  }
}
