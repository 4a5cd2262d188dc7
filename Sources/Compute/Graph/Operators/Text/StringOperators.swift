/// StringSplit and StringNormalizer: how many texts there will be, only the texts tell.
enum StringOperators {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("StringSplit") { context throws(GraphError) in
      let delimiter = try context.string("delimiter") ?? ""
      let splitsMax = try context.int("maxsplit") ?? .max
      return ValueFunction(
        types: { inputs throws(GraphError) in
          let type = try inputs.type(0, among: [.string])
          return [
            TensorType(.string, type.shape.map { $0 + [-1] }), TensorType(.int64, type.shape),
          ]
        },
        function: { call throws(ExecutionError) in
          try split(call, by: delimiter, splitsMax)
        })
    }
    registry.register("StringNormalizer") { context throws(GraphError) in
      let normalizer = try StringNormalizer(context)
      return ValueFunction(
        types: { inputs throws(GraphError) in
          let type = try inputs.type(0, among: [.string])
          guard type.shape.map({ $0.count == 1 || ($0.count == 2 && $0[0] <= 1) }) ?? true else {
            throw GraphError(
              code: .shapeMismatch,
              message: "needs [C] or [1×C], got \(Shape.describe(type.shape))")
          }
          return [TensorType(.string, type.shape.map { $0.dropLast() + [-1] })]
        },
        function: { call throws(ExecutionError) in [normalizer.run(try call.tensor(0))] })
    }
  }

  private static func split(
    _ call: ValueCall, by delimiter: String, _ splitsMax: Int
  ) throws(ExecutionError) -> [ModelValue?] {
    let tensor = try call.tensor(0)
    let parts = tensor.stringElements.map {
      delimiter.isEmpty
        ? words($0, splitsMax) : pieces($0, by: Array(delimiter.utf8), splitsMax)
    }
    let width = parts.map(\.count).max() ?? 0
    // One long list fills up all the others: what that takes is counted before it is made.
    let (places, overflow) = parts.count.multipliedReportingOverflow(by: width)
    try call.interpreter.hold(overflow || places > 1 << 40 ? .max : places * 16)
    let filled = parts.flatMap { $0 + [[UInt8]](repeating: [], count: width - $0.count) }
    return [
      .tensor(Tensor(strings: filled, shape: tensor.shape + [width])),
      .tensor(Tensor(int64: parts.map { Int64($0.count) }, shape: tensor.shape)),
    ]
  }

  /// Between runs of white space, none at the ends.
  private static func words(_ text: [UInt8], _ splitsMax: Int) -> [[UInt8]] {
    var rest = Substring(String(decoding: text, as: UTF8.self)).drop(while: \.isWhitespace)
    var result: [[UInt8]] = []
    while !rest.isEmpty {
      if result.count >= splitsMax {
        // What is left keeps its inner white space, not that at its end.
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return result + [Array(rest.utf8)]
      }
      let word = rest.prefix { !$0.isWhitespace }
      result.append(Array(word.utf8))
      rest = rest[word.endIndex...].drop(while: \.isWhitespace)
    }
    return result
  }

  private static func pieces(
    _ text: [UInt8], by delimiter: [UInt8], _ splitsMax: Int
  ) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var (start, index) = (0, 0)
    while index + delimiter.count <= text.count && result.count < splitsMax {
      if text[index..<index + delimiter.count].elementsEqual(delimiter) {
        result.append(Array(text[start..<index]))
        index += delimiter.count
        start = index
      } else {
        index += 1
      }
    }
    return result + [Array(text[start...])]
  }
}

/// StringNormalizer: changes letters' case and drops stop words.
private struct StringNormalizer {
  enum Change: String { case none = "NONE", lower = "LOWER", upper = "UPPER" }

  let change: Change
  let isCaseSensitive: Bool
  let stopWords: Set<String>

  init(_ context: OperatorContext) throws(GraphError) {
    let name = try context.string("case_change_action") ?? "NONE"
    guard let change = Change(rawValue: name) else {
      throw context.unsupported("case_change_action", name, expected: "NONE, LOWER or UPPER")
    }
    self.change = change
    let isSensitive = try context.bool("is_case_sensitive", default: false)
    isCaseSensitive = isSensitive
    let words = (try context.strings("stopwords") ?? []).map {
      String(decoding: $0, as: UTF8.self)
    }
    stopWords = Set(isSensitive ? words : words.map { $0.lowercased() })
  }

  func run(_ tensor: Tensor) -> ModelValue {
    var kept: [[UInt8]] = []
    for element in tensor.stringElements {
      let text = String(decoding: element, as: UTF8.self)
      if stopWords.contains(isCaseSensitive ? text : text.lowercased()) { continue }
      switch change {
      case .none: kept.append(element)
      case .lower: kept.append(Array(text.lowercased().utf8))
      case .upper: kept.append(Array(text.uppercased().utf8))
      }
    }
    // Nothing left is one empty text.
    if kept.isEmpty { kept = [[]] }
    let shape = tensor.shape.count == 2 ? [1, kept.count] : [kept.count]
    return .tensor(Tensor(strings: kept, shape: shape))
  }
}
