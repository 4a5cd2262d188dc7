internal import Glibc

/// LpPool and GlobalLpPool: the p-norm of every window.
struct LpPoolOperator: Operator {
  let window: Window?
  let power: Int

  private func axes(_ shape: [Int]) throws(GraphError) -> [Window.Axis] {
    guard (3...5).contains(shape.count) else {
      throw GraphError(
        code: .shapeMismatch, message: "needs data of rank 3 to 5, got \(Shape.describe(shape))")
    }
    let spatial = Array(shape[2...])
    guard let window else {
      return spatial.map {
        Window.Axis(
          input: $0, output: 1, kernel: $0, stride: 1, dilation: 1, padBegin: 0, padEnd: 0)
      }
    }
    guard let kernel = window.kernel else {
      throw GraphError(code: .invalidAttribute, message: "LpPool needs a kernel_shape")
    }
    return try window.axes(spatial, kernel: kernel)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard let shape = type.shape else { return [type] }
    let sizes = try axes(shape).map(\.output)
    return [TensorType(type.dataType, shape[..<2] + sizes)]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape else { return 0 }
    return Double(shape[0]) * Double(shape[1]) * SpatialLoop.work(try axes(shape))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    return step(
      try input.dataType.numeric(), input, try operands.output(),
      SpatialLoop(try axes(input.shape)))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ loop: SpatialLoop
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let planes = input.shape[0] * input.shape[1]
    let power = Double(power)
    return {
      for plane in 0..<planes {
        let from = source + plane * loop.inputCount
        let to = target + plane * loop.outputCount
        loop.forEachOutput { position, origin in
          var sum = 0.0
          loop.forEachTap(origin) { _, index in
            sum += pow(from[index].asDouble.magnitude, power)
          }
          to[position] = T(converting: pow(sum, 1 / power))
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for name in ["LpPool", "GlobalLpPool"] {
      registry.register(name) { context throws(GraphError) in
        let power = try context.int("p", default: 2)
        guard power >= 1 else {
          throw context.unsupported("p", "\(power)", expected: "of at least 1")
        }
        return LpPoolOperator(
          window: name == "LpPool" ? try Window(context) : nil, power: power)
      }
    }
  }
}
