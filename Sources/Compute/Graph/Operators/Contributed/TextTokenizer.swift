/// com.microsoft's Tokenizer: texts into rows of tokens, as long as the longest one and padded. A
/// token is a character, what lies between separators, or what an expression matches.
struct TextTokenizer: Sendable {
  private enum Mode: Sendable {
    case characters
    case separators([RegularExpression])
    case matches(RegularExpression)
  }

  private let mode: Mode
  private let marks: Bool
  private let padding: [UInt8]
  /// Characters that a token has at least.
  private let characterCountMin: Int

  /// Each has tables of its own: a file of a few bytes must not fill the memory.
  private static let separatorCountMax = 64
  private static let textStart: [UInt8] = [2]
  private static let textEnd: [UInt8] = [3]

  init(_ context: OperatorContext) throws(GraphError) {
    marks = try context.bool("mark", default: false)
    padding = Array((try context.string("pad_value") ?? "").utf8)
    characterCountMin = try context.int("mincharnum", default: 1)
    let separators = try context.strings("separators")
    let expression = try context.string("tokenexp")
    switch (separators, expression) {
    case ([[]], _), (nil, "."): mode = .characters
    case (let list?, _) where !list.isEmpty && list.count <= Self.separatorCountMax:
      var expressions: [RegularExpression] = []
      for pattern in list { expressions.append(try RegularExpression(pattern, longest: true)) }
      mode = .separators(expressions)
    case (nil, let pattern?) where !pattern.isEmpty:
      mode = .matches(try RegularExpression(Array(pattern.utf8), longest: true))
    default:
      throw GraphError(
        code: .invalidAttribute,
        message: "Tokenizer needs 1 to \(Self.separatorCountMax) separators, or a tokenexp")
    }
    var isOne = false
    if case .characters = mode { isOne = true }
    guard characterCountMin >= 1, !isOne || characterCountMin == 1 else {
      throw GraphError(
        code: .invalidAttribute,
        message: "mincharnum must be at least 1, and 1 where tokens are characters, got "
          + "\(characterCountMin)")
    }
  }

  static func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.string])
    guard type.shape.map({ (1...2).contains($0.count) }) ?? true else {
      throw GraphError(
        code: .shapeMismatch, message: "needs [C] or [N×C], got \(Shape.describe(type.shape))")
    }
    // Of no texts there are no tokens, in one dimension less.
    return [TensorType(.string, type.shape.flatMap { $0.contains { $0 <= 0 } ? nil : $0 + [-1] })]
  }

  func run(_ call: ValueCall) throws(ExecutionError) -> ModelValue {
    let tensor = try call.tensor(0)
    let texts = tensor.stringElements
    if texts.isEmpty { return .tensor(Tensor(strings: [], shape: tensor.shape.dropLast() + [0])) }
    var rows: [[[UInt8]]] = []
    for text in texts {
      guard String(validating: text, as: UTF8.self) != nil else {
        throw ExecutionError(code: .invalidValue, message: "input 0 must be texts in UTF-8")
      }
      let tokens = tokens(text)
      try call.interpreter.hold(tokens.count * 32)
      rows.append(tokens)
    }
    let longest = rows.map(\.count).max() ?? 0
    if longest == 0 { return .tensor(Tensor(strings: [], shape: tensor.shape + [0])) }
    let width = longest + (marks ? 2 : 0)
    let (places, overflow) = rows.count.multipliedReportingOverflow(by: width)
    try call.interpreter.hold(overflow || places > 1 << 40 ? .max : places * 16)
    var filled: [[UInt8]] = []
    for row in rows {
      let marked = marks ? [Self.textStart] + row + [Self.textEnd] : row
      filled += marked + [[UInt8]](repeating: padding, count: width - marked.count)
    }
    return .tensor(Tensor(strings: filled, shape: tensor.shape + [width]))
  }

  private func tokens(_ text: [UInt8]) -> [[UInt8]] {
    switch mode {
    case .characters:
      return String(decoding: text, as: UTF8.self).unicodeScalars.map { Array(String($0).utf8) }
    case .separators(let expressions):
      var parts = [text[...]]
      for expression in expressions {
        parts = parts.flatMap { pieces($0, expression) }
      }
      return parts.map { Array($0) }
    case .matches(let expression): return matches(text[...], expression)
    }
  }

  /// What lies between matches, if it is long enough.
  private func pieces(
    _ text: ArraySlice<UInt8>, _ separator: RegularExpression
  ) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var start = text.startIndex
    while start <= text.endIndex, let match = separator.firstMatch(in: text, from: start) {
      if isLong(text[start..<match.lowerBound]) { result.append(text[start..<match.lowerBound]) }
      start = match.isEmpty ? next(text, match.lowerBound) : match.upperBound
    }
    if start < text.endIndex, isLong(text[start...]) { result.append(text[start...]) }
    return result
  }

  private func matches(
    _ text: ArraySlice<UInt8>, _ expression: RegularExpression
  ) -> [[UInt8]] {
    guard isLong(text) else { return [] }
    var result: [[UInt8]] = []
    var start = text.startIndex
    while start <= text.endIndex, let match = expression.firstMatch(in: text, from: start) {
      if isLong(text[match]) {
        result.append(Array(text[match]))
        start = match.upperBound
      } else {
        start = next(text, match.lowerBound)
      }
    }
    return result
  }

  private func isLong(_ text: ArraySlice<UInt8>) -> Bool {
    text.count { $0 & 0xc0 != 0x80 } >= characterCountMin
  }

  /// Behind the character at a place.
  private func next(_ text: ArraySlice<UInt8>, _ place: Int) -> Int {
    var place = place + 1
    while place < text.endIndex, text[place] & 0xc0 == 0x80 { place += 1 }
    return place
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Tokenizer", domain: "com.microsoft") { context throws(GraphError) in
      let tokenizer = try TextTokenizer(context)
      return ValueFunction(
        types: { inputs throws(GraphError) in try infer(inputs) },
        function: { call throws(ExecutionError) in [try tokenizer.run(call)] })
    }
  }
}
