/// BitwiseAnd, BitwiseOr, BitwiseXor, BitShift and BitwiseNot on integers of any width.
struct BitwiseOperator: Operator {
  enum Function: Sendable { case and, or, xor, left, right }

  let function: Function

  var inPlaceInputs: [Int] { [0, 1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let left = try inputs.type(0, among: DataType.integers)
    let right = try inputs.type(1, among: [left.dataType])
    return [TensorType(left.dataType, try broadcastShape(left, right))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (left, right, output) = (
      try operands.input(0), try operands.input(1), try operands.output()
    )
    return step(try left.dataType.integer(), left, right, output)
  }

  private func step<T: FixedWidthInteger>(
    _ type: T.Type, _ left: Operand, _ right: Operand, _ output: Operand
  ) -> Step {
    let broadcast = Broadcast(left.shape, right.shape, output: output.shape)
    let a = UnsafePointer(left.pointer(T.self))
    let b = UnsafePointer(right.pointer(T.self))
    let c = output.pointer(T.self)
    switch function {
    case .and: return { broadcast.apply(a, b, c) { $0 & $1 } }
    case .or: return { broadcast.apply(a, b, c) { $0 | $1 } }
    case .xor: return { broadcast.apply(a, b, c) { $0 ^ $1 } }
    case .left: return { broadcast.apply(a, b, c) { $0 << $1 } }
    case .right: return { broadcast.apply(a, b, c) { $0 >> $1 } }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, function) in [
      ("BitwiseAnd", Function.and), ("BitwiseOr", .or), ("BitwiseXor", .xor),
    ] {
      registry.register(name) { _ in BitwiseOperator(function: function) }
    }
    registry.register("BitShift") { context throws(GraphError) in
      switch try context.string("direction") ?? "" {
      case "LEFT": return BitwiseOperator(function: .left)
      case "RIGHT": return BitwiseOperator(function: .right)
      case let other: throw context.unsupported("direction", other, expected: "LEFT or RIGHT")
      }
    }
    registry.register("BitwiseNot") { _ in BitwiseNotOperator() }
  }
}

/// BitwiseNot.
struct BitwiseNotOperator: Operator {
  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [try inputs.type(0, among: DataType.integers)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (source, target) = (input.pointer(UInt8.self), output.pointer(UInt8.self))
    let count = output.byteCount
    return { for index in 0..<count { target[index] = ~source[index] } }
  }
}

extension DataType {
  static let integers: [DataType] = allCases.filter(\.isInteger)

  /// The Swift type of integers of this type, or an error that says the operator needs them.
  func integer() throws(GraphError) -> any FixedWidthInteger.Type {
    guard let type = elementType as? any FixedWidthInteger.Type else {
      throw GraphError(
        code: .unsupportedType, message: "the operator needs integers, got \(self)")
    }
    return type
  }
}
