/// Scaler, Normalizer, Binarizer and Imputer: each row's features on their own.
struct RowOperator: Operator {
  enum Function: Sendable {
    case scale(offset: [Float], factor: [Float])
    case normalizeMax, normalizeL1, normalizeL2
    case threshold(Float)
    case impute(replaced: Float, values: [Float])
  }

  let function: Function

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: FeatureRows.types)
    let (_, width) = FeatureRows.sizes(type.shape)
    func check(_ name: String, _ count: Int) throws(GraphError) {
      guard count == 1 || width < 0 || count == width else {
        throw GraphError(
          code: .shapeMismatch,
          message: "\(name) must have 1 or \(width) values for rows of \(width), got \(count)")
      }
    }
    switch function {
    case .scale(let offset, let factor):
      try check("offset", offset.count)
      try check("scale", factor.count)
    case .impute(_, let values): try check("imputed values", values.count)
    default: break
    }
    return [TensorType(.fp32, type.shape)]
  }

  func follows(input index: Int, _ inputs: KnownInputs) -> Bool { FeatureRows.follows(inputs) }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    let rows = FeatureRows(input)
    let (target, function) = (try operands.output().f32, function)
    return {
      for index in 0..<rows.rowCount {
        let row = target + index * rows.width
        rows.load(index, into: row)
        Self.apply(function, row, rows.width)
      }
    }
  }

  private static func apply(
    _ function: Function, _ row: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    switch function {
    case .scale(let offset, let factor):
      for index in 0..<count {
        row[index] =
          (row[index] - offset[offset.count == 1 ? 0 : index])
          * factor[factor.count == 1 ? 0 : index]
      }
    case .threshold(let threshold):
      for index in 0..<count { row[index] = row[index] > threshold ? 1 : 0 }
    case .impute(let replaced, let values):
      for index in 0..<count
      where row[index] == replaced || (replaced.isNaN && row[index].isNaN) {
        row[index] = values[values.count == 1 ? 0 : index]
      }
    case .normalizeMax: divide(row, count) { $0 = max($0, $1) }
    case .normalizeL1: divide(row, count) { $0 += $1.magnitude }
    case .normalizeL2:
      var sum: Float = 0
      for index in 0..<count { sum += row[index] * row[index] }
      if sum != 0 { for index in 0..<count { row[index] /= sum.squareRoot() } }
    }
  }

  private static func divide(
    _ row: UnsafeMutablePointer<Float>, _ count: Int, _ combine: (inout Float, Float) -> Void
  ) {
    guard count > 0 else { return }
    var norm: Float = 0
    for index in 0..<count { combine(&norm, row[index]) }
    if norm != 0 { for index in 0..<count { row[index] /= norm } }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Scaler", domain: "ai.onnx.ml") { context throws(GraphError) in
      let offset = try context.floats("offset") ?? [0]
      let factor = try context.floats("scale") ?? [1]
      guard !offset.isEmpty, !factor.isEmpty else {
        throw GraphError(code: .invalidAttribute, message: "offset and scale must not be empty")
      }
      return RowOperator(function: .scale(offset: offset, factor: factor))
    }
    registry.register("Normalizer", domain: "ai.onnx.ml") { context throws(GraphError) in
      switch try context.string("norm") ?? "MAX" {
      case "MAX": return RowOperator(function: .normalizeMax)
      case "L1": return RowOperator(function: .normalizeL1)
      case "L2": return RowOperator(function: .normalizeL2)
      case let other: throw context.unsupported("norm", other, expected: "MAX, L1 or L2")
      }
    }
    registry.register("Binarizer", domain: "ai.onnx.ml") { context throws(GraphError) in
      RowOperator(function: .threshold(try context.float("threshold", default: 0)))
    }
    registry.register("Imputer", domain: "ai.onnx.ml") { context throws(GraphError) in
      if let values = try context.ints("imputed_value_int64s"), !values.isEmpty {
        return try IntegerImputer(context, values)
      }
      guard let values = try context.floats("imputed_value_floats"), !values.isEmpty else {
        throw context.unsupported("imputed values", "none", expected: "as floats or int64s")
      }
      return RowOperator(
        function: .impute(
          replaced: try context.float("replaced_value_float", default: 0), values: values))
    }
  }
}
