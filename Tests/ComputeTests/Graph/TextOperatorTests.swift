import Testing

@testable import Compute

@Suite struct TextOperatorTests {
  private func texts(_ list: [String]) -> Tensor {
    Tensor(strings: list.map { Array($0.utf8) }, shape: [list.count])
  }

  private func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }

  @Test func aPatternMustMatchTheWholeText() throws {
    let answer = try Run.node(
      "RegexFullMatch", [texts(["abc", "abcd", "", "xabc", "ABC"])],
      attributes: ["pattern": text("[a-c]+|")])[0]
    #expect(answer.elements(as: UInt8.self) == [1, 0, 1, 0, 0])
  }

  @Test(arguments: ["(a", "(?P<x", "a{2000}{2000}", "\\1", "[z-a]"])
  func whatIsNoPatternIsRefusedWithItsFault(_ pattern: String) {
    let error = #expect(throws: GraphError.self) {
      try Run.node("RegexFullMatch", [texts(["a"])], attributes: ["pattern": text(pattern)])
    }
    #expect(error?.message.contains("RE2's syntax") == true)
  }

  /// Backtracking would take longer than the universe is old.
  @Test func patternsTakeLinearTime() throws {
    let long = String(repeating: "a", count: 100_000)
    let answer = try Run.node(
      "RegexFullMatch", [texts([long, long + "b"])],
      attributes: ["pattern": text("(a*)*(a*)*(a|aa)+b")])[0]
    #expect(answer.elements(as: UInt8.self) == [0, 1])
  }

  @Test(arguments: ["RegexFullMatch", "Tokenizer"])
  func patternsAreCountedAsWeights(_ name: String) throws {
    var graph = Graph(inputs: [.init(name: "x", dataType: .string, shape: [-1])])
    graph.nodes = [
      Node(
        opType: name, domain: name == "Tokenizer" ? "com.microsoft" : "", inputs: ["x"],
        outputs: ["y"],
        attributes: [
          "pattern": text("a+"), "tokenexp": text("a+"), "pad_value": text(""), "mark": .int(0),
          "mincharnum": .int(1),
        ])
    ]
    graph.opsets = ["": 20, "com.microsoft": 1]
    graph.outputs = [.init(name: "y", dataType: nil, shape: nil)]
    #expect(try Model(graph).memoryByteCount >= RegularExpression.byteCountMax)
    var options = ModelOptions()
    options.weightByteCountMax = RegularExpression.byteCountMax - 1
    let error = #expect(throws: GraphError.self) { try Model(graph, options: options) }
    #expect(error?.code == .resourceExhausted)
  }

  private func tokens(_ list: [String], _ attributes: [String: Attribute]) throws -> Tensor {
    try Run.node(
      "Tokenizer", [texts(list)], domain: "com.microsoft",
      attributes: ["mark": .int(0), "pad_value": text("#"), "mincharnum": .int(1)]
        .merging(attributes) { $1 })[0]
  }

  @Test func tokensLieBetweenSeparators() throws {
    let answer = try tokens(
      ["Hello World", "I love it"], ["separators": .strings([[0x20]]), "mark": .int(1)])
    #expect(answer.shape == [2, 5])
    #expect(
      answer.strings
        == ["\u{2}", "Hello", "World", "\u{3}", "#", "\u{2}", "I", "love", "it", "\u{3}"])
  }

  @Test func separatorsThatMatchNothingEndToo() throws {
    let answer = try tokens(["añb"], ["separators": .strings([Array("x*".utf8)])])
    #expect(answer.shape.first == 1 && !answer.strings.contains(""))
  }

  /// Each search of this one looks at all that is left.
  @Test func aSquareOfTimeIsRefused() {
    let long = String(repeating: "a", count: 200_000)
    let error = #expect(throws: ExecutionError.self) {
      try tokens([long], ["tokenexp": text("a|a[^z]*z")])
    }
    #expect(error?.code == .resourceExhausted)
  }

  @Test func tooManySeparatorsAndTextsThatAreNoneAreRefused() {
    #expect(throws: GraphError.self) {
      try tokens(["a"], ["separators": .strings([[UInt8]](repeating: [0x20], count: 17))])
    }
    #expect(throws: ExecutionError.self) {
      try Run.node(
        "Tokenizer", [Tensor(strings: [[0xff, 0xfe]], shape: [1])], domain: "com.microsoft",
        attributes: [
          "mark": .int(0), "pad_value": text("#"), "mincharnum": .int(1), "tokenexp": text("a+"),
        ])
    }
  }
}
