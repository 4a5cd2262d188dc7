/// Add, Sub, Mul, Div, Pow, Mod with multidirectional broadcasting, on every number type.
struct BinaryOperator: Operator {
  enum Function: Sendable {
    case add, subtract, multiply, divide, power, minimum, maximum, modulo, truncatingModulo
    case prelu

    /// The kernel that does it, where there is one.
    var kernel: Elementwise.Binary? {
      switch self {
      case .add: .add
      case .subtract: .subtract
      case .multiply: .multiply
      case .divide: .divide
      case .power: .power
      case .minimum: .minimum
      case .maximum: .maximum
      case .modulo, .truncatingModulo, .prelu: nil
      }
    }
  }

  let function: Function
  /// Before opset 7: the dimension of the left operand at which the right one begins.
  var alignment: Int?

  /// The right operand's shape, its dimensions under those of the left.
  private func aligned(_ left: [Int]?, _ right: [Int]?) -> [Int]? {
    guard let alignment, let left, let right, right.count < left.count, right != [1] else {
      return right
    }
    let start = alignment < 0 ? alignment + left.count : alignment
    let behind = left.count - start - right.count
    return behind > 0 ? right + [Int](repeating: 1, count: behind) : right
  }

  var inPlaceInputs: [Int] { [0, 1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let left = try inputs.type(0, among: DataType.numbers)
    var right = try inputs.type(1, among: DataType.numbers)
    right.shape = aligned(left.shape, right.shape)
    // Pow alone may mix types; the result has the base's.
    guard left.dataType == right.dataType || function == .power else {
      throw GraphError(
        code: .typeMismatch,
        message: "both inputs must have the same type: left is \(left.dataType), "
          + "right is \(right.dataType)")
    }
    return [TensorType(left.dataType, try broadcastShape(left, right))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (left, right) = (try operands.input(0), try operands.input(1))
    let turned = Operand(
      dataType: right.dataType, shape: aligned(left.shape, right.shape) ?? right.shape,
      count: right.count, bytes: right.bytes, strings: nil)
    return try Self.step(
      function, left, turned, try operands.output(), threads: operands.threadPool)
  }

  static func step(
    _ function: Function, _ left: Operand, _ right: Operand, _ output: Operand,
    threads: ThreadPool? = nil
  ) throws(GraphError) -> Step {
    let broadcast = Broadcast(left.shape, right.shape, output: output.shape)
    if left.dataType != right.dataType {
      return try mixedPower(broadcast, left, right, output)
    }
    if let kernel = function.kernel, Elementwise.supports(kernel, left.dataType),
      let step = kernelStep(kernel, broadcast, left, right, output, threads)
    {
      return step
    }
    return step(try left.dataType.numeric(), function, broadcast, left, right, output)
  }

  /// Rows through the kernel; nil when neither operand is dense along the row.
  private static func kernelStep(
    _ kernel: Elementwise.Binary, _ broadcast: Broadcast, _ left: Operand, _ right: Operand,
    _ output: Operand, _ threads: ThreadPool?
  ) -> Step? {
    let row = broadcast.row
    let form: Elementwise.Operands
    switch (row.left, row.right) {
    case (1, 1): form = .vectors
    case (0, 1): form = .leftScalar
    case (1, 0): form = .rightScalar
    default:
      guard row.size == 1 else { return nil }
      form = .vectors
    }
    let (type, size) = (left.dataType, left.dataType.elementByteCount!)
    let (a, b, c) = (left.bytes, right.bytes, output.bytes)
    let cost = Parallel.Cost.bytes(3 * output.byteCount)
    let unit = broadcast.outer.isEmpty ? 64 : 1
    return {
      Parallel.rows(broadcast.partCount, multipleOf: unit, cost: cost, on: threads) { part in
        let count = broadcast.outer.isEmpty ? part.count : row.size
        broadcast.forEachRow(in: part) { leftStart, rightStart, start in
          Elementwise.binary(
            kernel, type, into: c + start * size, a + leftStart * size, b + rightStart * size,
            count: count, operands: form)
        }
      }
    }
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private static func step<T: Element>(
    _ type: T.Type, _ function: Function, _ broadcast: Broadcast, _ left: Operand,
    _ right: Operand, _ output: Operand
  ) -> Step {
    let a = UnsafePointer(left.pointer(T.self))
    let b = UnsafePointer(right.pointer(T.self))
    let c = output.pointer(T.self)
    switch function {
    case .add: return { broadcast.apply(a, b, c) { T.add($0, $1) } }
    case .subtract: return { broadcast.apply(a, b, c) { T.subtract($0, $1) } }
    case .multiply: return { broadcast.apply(a, b, c) { T.multiply($0, $1) } }
    case .divide: return { broadcast.apply(a, b, c) { T.divide($0, $1) } }
    case .power: return { broadcast.apply(a, b, c) { T.power($0, $1) } }
    case .minimum: return { broadcast.apply(a, b, c) { T.minimum($0, $1) } }
    case .maximum: return { broadcast.apply(a, b, c) { T.maximum($0, $1) } }
    case .modulo: return { broadcast.apply(a, b, c) { T.remainder($0, $1, truncating: false) } }
    case .truncatingModulo:
      return { broadcast.apply(a, b, c) { T.remainder($0, $1, truncating: true) } }
    case .prelu: return { broadcast.apply(a, b, c) { $0 < T.zero ? T.multiply($0, $1) : $0 } }
    }
  }

  private static func mixedPower(
    _ broadcast: Broadcast, _ left: Operand, _ right: Operand, _ output: Operand
  ) throws(GraphError) -> Step {
    try mixedPower(try left.dataType.numeric(), broadcast, left, right, output)
  }

  private static func mixedPower<T: Element>(
    _ type: T.Type, _ broadcast: Broadcast, _ left: Operand, _ right: Operand,
    _ output: Operand
  ) throws(GraphError) -> Step {
    mixedPower(type, try right.dataType.numeric(), broadcast, left, right, output)
  }

  private static func mixedPower<T: Element, U: Element>(
    _ type: T.Type, _ exponent: U.Type, _ broadcast: Broadcast, _ left: Operand,
    _ right: Operand, _ output: Operand
  ) -> Step {
    let (a, b, c) = (left.pointer(T.self), right.pointer(U.self), output.pointer(T.self))
    let (size, leftStep, rightStep) = (
      broadcast.row.size, broadcast.row.left, broadcast.row.right
    )
    return {
      broadcast.forEachRow { left, right, output in
        for index in 0..<size {
          let base = a[left + index * leftStep]
          let exponent = b[right + index * rightStep].asDouble
          c[output + index] = T(
            converting: Double.power(base.asDouble, exponent))
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    let functions: [(String, Function)] = [
      ("Add", .add), ("Sub", .subtract), ("Mul", .multiply), ("Div", .divide),
      ("Pow", .power), ("PRelu", .prelu),
    ]
    for (name, function) in functions {
      registry.register(name) { context throws(GraphError) in
        guard context.opset < 7 else { return BinaryOperator(function: function) }
        let axis = try context.int("axis")
        guard axis.map((-64...64).contains) ?? true else {
          throw context.unsupported("axis", "\(axis ?? 0)", expected: "within the rank")
        }
        return BinaryOperator(function: function, alignment: function == .prelu ? 1 : axis)
      }
    }
    registry.register("Mod") { context throws(GraphError) in
      BinaryOperator(
        function: try context.bool("fmod", default: false) ? .truncatingModulo : .modulo)
    }
  }
}

/// Before opset 7 broadcasting was an attribute with other rules.
func refuseLegacyBroadcast(_ context: OperatorContext) throws(GraphError) {
  if try context.bool("broadcast", default: false), context.has("axis") {
    throw context.unsupported("axis", "one", expected: "as defined since opset 7")
  }
}
