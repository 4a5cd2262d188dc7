/// If: one of two bodies, chosen by a value.
struct IfOperator: ValueOperator {
  private let then: Body
  private let otherwise: Body
  private let types: [TensorType]

  var isFoldable: Bool { false }
  var weightByteCount: Int { then.memoryByteCount + otherwise.memoryByteCount }

  func reads(input index: Int) -> Bool {
    index == 0 || then.captured.contains(index) || otherwise.captured.contains(index)
  }

  init(_ context: OperatorContext) throws(GraphError) {
    then = try Body("then_branch", context, inputs: [])
    otherwise = try Body("else_branch", context, inputs: [])
    guard then.outputs.count == otherwise.outputs.count else {
      throw GraphError(
        code: .invalidGraph,
        message: "both branches of If must have as many outputs, got \(then.outputs.count) and "
          + "\(otherwise.outputs.count)")
    }
    var types: [TensorType] = []
    for (a, b) in zip(then.outputs, otherwise.outputs) {
      guard a.dataType == b.dataType, a.form.unwrapped == b.form.unwrapped else {
        throw GraphError(
          code: .typeMismatch,
          message: "both branches of If must give the same types, got \(a.dataType) and "
            + "\(b.dataType)")
      }
      var merged = a.merged(with: b)
      if b.form.isOptional { merged.form = b.form }
      types.append(merged)
    }
    self.types = types
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    _ = try inputs.type(0, among: [.bool])
    return types
  }

  func evaluate(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?] {
    guard let flag = try call.flag(0) else {
      throw ExecutionError(code: .invalidValue, message: "If needs its condition")
    }
    return try (flag ? then : otherwise).run([], call)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("If") { context throws(GraphError) in try IfOperator(context) }
  }
}
