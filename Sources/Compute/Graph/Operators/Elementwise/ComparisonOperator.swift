/// Equal, Less, Greater and their relatives, and the logic of booleans: two operands in, one
/// BOOL tensor out.
struct ComparisonOperator: Operator {
  enum Function: Sendable {
    case equal, less, lessOrEqual, greater, greaterOrEqual, and, or, xor

    var isLogic: Bool { self == .and || self == .or || self == .xor }
  }

  let function: Function

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let allowed: [DataType] =
      function.isLogic
      ? [.bool] : function == .equal ? DataType.numbers + [.bool, .string] : DataType.numbers
    let left = try inputs.type(0, among: allowed)
    let right = try inputs.type(1, among: allowed)
    guard left.dataType == right.dataType else {
      throw GraphError(
        code: .typeMismatch,
        message: "both inputs must have the same type: left is \(left.dataType), "
          + "right is \(right.dataType)")
    }
    return [TensorType(.bool, try broadcastShape(left, right))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (left, right, output) = (
      try operands.input(0), try operands.input(1), try operands.output()
    )
    let broadcast = Broadcast(left.shape, right.shape, output: output.shape)
    let c = output.pointer(UInt8.self)
    switch left.dataType {
    case .bool:
      // A client's BOOL byte may be any non-zero value, so bytes are never read as Bool.
      let (a, b) = (
        UnsafePointer(left.pointer(UInt8.self)), UnsafePointer(right.pointer(UInt8.self))
      )
      switch function {
      case .and: return { broadcast.apply(a, b, c) { $0 != 0 && $1 != 0 ? 1 : 0 } }
      case .or: return { broadcast.apply(a, b, c) { $0 != 0 || $1 != 0 ? 1 : 0 } }
      case .xor: return { broadcast.apply(a, b, c) { ($0 != 0) != ($1 != 0) ? 1 : 0 } }
      default: return { broadcast.apply(a, b, c) { ($0 != 0) == ($1 != 0) ? 1 : 0 } }
      }
    case .string:
      guard let a = left.strings, let b = right.strings else { return nil }
      return { Self.compare(a, b, broadcast, c) }
    default: return step(try left.dataType.numeric(), broadcast, left, right, c)
    }
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ broadcast: Broadcast, _ left: Operand, _ right: Operand,
    _ c: UnsafeMutablePointer<UInt8>
  ) -> Step {
    let (a, b) = (UnsafePointer(left.pointer(T.self)), UnsafePointer(right.pointer(T.self)))
    switch function {
    case .less: return { broadcast.apply(a, b, c) { $0 < $1 ? 1 : 0 } }
    case .lessOrEqual: return { broadcast.apply(a, b, c) { $0 <= $1 ? 1 : 0 } }
    case .greater: return { broadcast.apply(a, b, c) { $0 > $1 ? 1 : 0 } }
    case .greaterOrEqual: return { broadcast.apply(a, b, c) { $0 >= $1 ? 1 : 0 } }
    default: return { broadcast.apply(a, b, c) { $0 == $1 ? 1 : 0 } }
    }
  }

  private static func compare(
    _ left: StringBuffer, _ right: StringBuffer, _ broadcast: Broadcast,
    _ output: UnsafeMutablePointer<UInt8>
  ) {
    guard let a = StringFraming.elements(left.bytes), let b = StringFraming.elements(right.bytes)
    else { return }
    broadcast.forEachRow { leftStart, rightStart, start in
      for index in 0..<broadcast.row.size {
        let same =
          a[leftStart + index * broadcast.row.left]
          == b[rightStart + index * broadcast.row.right]
        output[start + index] = same ? 1 : 0
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    let functions: [(String, Function)] = [
      ("Equal", .equal), ("Less", .less), ("LessOrEqual", .lessOrEqual),
      ("Greater", .greater), ("GreaterOrEqual", .greaterOrEqual), ("And", .and), ("Or", .or),
      ("Xor", .xor),
    ]
    for (name, function) in functions {
      registry.register(name) { context throws(GraphError) in
        try refuseLegacyBroadcast(context)
        return ComparisonOperator(function: function)
      }
    }
    registry.register("Not") { _ in NotOperator() }
  }
}

/// Not.
struct NotOperator: Operator {
  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [try inputs.type(0, among: [.bool])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let source = try operands.input(0).pointer(UInt8.self)
    let output = try operands.output()
    let (target, count) = (output.pointer(UInt8.self), output.count)
    return { for index in 0..<count { target[index] = source[index] == 0 ? 1 : 0 } }
  }
}
