/// RegexFullMatch: whether each text as a whole matches a pattern.
struct RegexFullMatchOperator: Operator {
  /// nil while only types are asked for: patterns take long to compile.
  private let expression: RegularExpression?

  var isFoldable: Bool { expression != nil }
  var weightByteCount: Int { expression == nil ? 0 : RegularExpression.byteCountMax }

  init(_ context: OperatorContext) throws(GraphError) {
    guard let pattern = try context.string("pattern") else {
      throw GraphError(code: .invalidAttribute, message: "RegexFullMatch needs a pattern")
    }
    expression = context.packsWeights ? try RegularExpression(Array(pattern.utf8)) : nil
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [TensorType(.bool, try inputs.type(0, among: [.string]).shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let target = try operands.output().pointer(UInt8.self)
    guard let texts = try operands.input(0).strings, let expression else { return nil }
    return {
      for (index, text) in (StringFraming.elements(texts.bytes) ?? []).enumerated() {
        target[index] = expression.matches(text) ? 1 : 0
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("RegexFullMatch") { context throws(GraphError) in
      try RegexFullMatchOperator(context)
    }
  }
}
