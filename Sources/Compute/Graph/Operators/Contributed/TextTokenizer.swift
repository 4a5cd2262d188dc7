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
  private static let separatorCountMax = 16
  /// Bytes that all searches of one call may have before them: each may look at the whole rest, so
  /// a long text of many tokens could take a square of time. Some seconds at worst.
  private static let searchedByteCountMax = 4_000_000_000
  /// What a token takes as an array of its own.
  private static let tokenByteCount = 48
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
      // Patterns take long to compile: not for those who only ask for types.
      for pattern in list where context.packsWeights {
        expressions.append(try RegularExpression(pattern, longest: true))
      }
      mode = .separators(expressions)
    case (nil, let pattern?) where !pattern.isEmpty:
      mode =
        context.packsWeights
        ? .matches(try RegularExpression(Array(pattern.utf8), longest: true)) : .separators([])
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

  /// Bytes that the patterns may take.
  var patternByteCount: Int {
    switch mode {
    case .characters: 0
    case .separators(let expressions): expressions.count * RegularExpression.byteCountMax
    case .matches: RegularExpression.byteCountMax
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
    var search = Search(interpreter: call.interpreter)
    for text in texts {
      guard String(validating: text, as: UTF8.self) != nil else {
        throw ExecutionError(code: .invalidValue, message: "input 0 must be texts in UTF-8")
      }
      rows.append(try tokens(text, &search))
    }
    let longest = rows.map(\.count).max() ?? 0
    if longest == 0 { return .tensor(Tensor(strings: [], shape: tensor.shape + [0])) }
    let width = longest + (marks ? 2 : 0)
    let (places, overflow) = rows.count.multipliedReportingOverflow(by: width)
    try call.interpreter.hold(overflow || places > 1 << 40 ? .max : places * 32)
    var filled: [[UInt8]] = []
    for row in rows {
      let marked = marks ? [Self.textStart] + row + [Self.textEnd] : row
      filled += marked + [[UInt8]](repeating: padding, count: width - marked.count)
    }
    return .tensor(Tensor(strings: filled, shape: tensor.shape + [width]))
  }

  /// What a call has used of its limits.
  private struct Search {
    let interpreter: Interpreter
    var byteCount = 0

    /// To be called before each search.
    mutating func look(at byteCount: Int) throws(ExecutionError) {
      self.byteCount += byteCount
      guard self.byteCount <= searchedByteCountMax else {
        throw ExecutionError(
          code: .resourceExhausted,
          message: "searches may have \(searchedByteCountMax) bytes before them, got more: send "
            + "shorter texts")
      }
    }

    /// To be called before each token is kept.
    func keep(_ byteCount: Int) throws(ExecutionError) {
      try interpreter.hold(tokenByteCount + byteCount)
    }
  }

  private func tokens(
    _ text: [UInt8], _ search: inout Search
  ) throws(ExecutionError) -> [[UInt8]] {
    switch mode {
    case .characters:
      try search.interpreter.hold(text.count * Self.tokenByteCount)
      return String(decoding: text, as: UTF8.self).unicodeScalars.map { Array(String($0).utf8) }
    case .separators(let expressions):
      var parts = [text[...]]
      for expression in expressions {
        var next: [ArraySlice<UInt8>] = []
        for part in parts { next += try pieces(part, expression, &search) }
        parts = next
      }
      return parts.map { Array($0) }
    case .matches(let expression): return try matches(text[...], expression, &search)
    }
  }

  /// What lies between matches, if it is long enough.
  private func pieces(
    _ text: ArraySlice<UInt8>, _ separator: RegularExpression, _ search: inout Search
  ) throws(ExecutionError) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var start = text.startIndex
    while start <= text.endIndex {
      try search.look(at: text.endIndex - start)
      guard let match = separator.firstMatch(in: text, from: start) else { break }
      if isLong(text[start..<match.lowerBound]) {
        try search.keep(match.lowerBound - start)
        result.append(text[start..<match.lowerBound])
      }
      start = match.isEmpty ? next(text, match.lowerBound) : match.upperBound
    }
    if start < text.endIndex, isLong(text[start...]) {
      try search.keep(text.endIndex - start)
      result.append(text[start...])
    }
    return result
  }

  private func matches(
    _ text: ArraySlice<UInt8>, _ expression: RegularExpression, _ search: inout Search
  ) throws(ExecutionError) -> [[UInt8]] {
    guard isLong(text) else { return [] }
    var result: [[UInt8]] = []
    var start = text.startIndex
    while start <= text.endIndex {
      try search.look(at: text.endIndex - start)
      guard let match = expression.firstMatch(in: text, from: start) else { break }
      if isLong(text[match]) {
        try search.keep(match.count)
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
        isFoldable: context.packsWeights, weightByteCount: tokenizer.patternByteCount,
        function: { call throws(ExecutionError) in [try tokenizer.run(call)] })
    }
  }
}
