/// Constant, ConstantOfShape, Shape, Size and Range: values known from attributes or shapes.
struct ConstantOperator: Operator {
  let value: Tensor

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [TensorType(value.dataType, value.shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    let source = Evaluator.operand(of: value)
    let copy = StridedCopy.step(
      source, output, strides: Shape.strides(value.shape), offset: 0)
    // The step outlives this call and reads the tensor by address.
    let value = value
    return { () throws(ExecutionError) in
      try copy?()
      withExtendedLifetime(value) {}
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Constant") { context throws(GraphError) in
      if let tensor = try context.tensor("value") { return ConstantOperator(value: tensor) }
      if let value = try context.float("value_float") {
        return ConstantOperator(value: Tensor(fp32: [value], shape: []))
      }
      if let values = try context.floats("value_floats") {
        return ConstantOperator(value: Tensor(fp32: values, shape: [values.count]))
      }
      if let value = try context.int("value_int") {
        return ConstantOperator(value: Tensor(int64: [Int64(value)], shape: []))
      }
      if let values = try context.ints("value_ints") {
        return ConstantOperator(
          value: Tensor(int64: values.map { Int64($0) }, shape: [values.count]))
      }
      if case .string(let bytes) = context.node.attributes["value_string"] {
        return ConstantOperator(value: Tensor(strings: [bytes], shape: []))
      }
      if let values = try context.strings("value_strings") {
        return ConstantOperator(value: Tensor(strings: values, shape: [values.count]))
      }
      throw GraphError(
        code: .unsupportedAttribute, message: "Constant needs a dense value, got none")
    }
    registry.register("ConstantOfShape") { context throws(GraphError) in
      let value = try context.tensor("value") ?? Tensor(fp32: [0], shape: [1])
      guard value.elementCount == 1, value.dataType != .string else {
        throw GraphError(
          code: .invalidAttribute, message: "ConstantOfShape's value must be one number")
      }
      return ConstantOfShapeOperator(value: value)
    }
    registry.register("Shape") { context throws(GraphError) in
      ShapeOperator(
        start: try context.int("start", default: 0), end: try context.int("end"),
        isSize: false)
    }
    registry.register("Size") { _ in ShapeOperator(start: 0, end: nil, isSize: true) }
  }
}

/// ConstantOfShape: one value in every place of a shape given as a value.
struct ConstantOfShapeOperator: Operator {
  let value: Tensor

  var shapeOperands: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    _ = try inputs.type(0, among: [.int64])
    let shape = try inputs.integers(0)
    if let negative = shape?.first(where: { $0 < 0 }) {
      throw GraphError(
        code: .shapeMismatch, message: "sizes must be at least 0, got \(negative)")
    }
    return [TensorType(value.dataType, shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    let (value, source) = (value, Evaluator.operand(of: value))
    let fill = StridedCopy.step(
      source, output, strides: [Int](repeating: 0, count: output.shape.count), offset: 0)
    return { () throws(ExecutionError) in
      try fill?()
      withExtendedLifetime(value) {}
    }
  }
}

/// Shape (a range of its dimensions) and Size: known as soon as the input's shape is.
struct ShapeOperator: Operator {
  let start: Int
  let end: Int?
  let isSize: Bool

  var readsShapesOnly: Bool { true }
  func reads(input index: Int) -> Bool { true }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    if isSize { return [TensorType(.int64, [])] }
    return [TensorType(.int64, [type.shape.map { range($0.count).count } ?? -1])]
  }

  private func range(_ rank: Int) -> Range<Int> {
    func clamp(_ index: Int) -> Int { min(max(index < 0 ? index &+ rank : index, 0), rank) }
    let (first, last) = (clamp(start), clamp(end ?? rank))
    return first..<max(first, last)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    guard let shape = operands.known.types[0]?.shape else { return nil }
    let target = try operands.output().pointer(Int64.self)
    let values = isSize ? [Shape.product(shape[...])] : Array(shape[range(shape.count)])
    return { for index in values.indices { target[index] = Int64(values[index]) } }
  }
}
