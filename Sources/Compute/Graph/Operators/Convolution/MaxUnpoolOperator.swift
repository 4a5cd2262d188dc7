/// MaxUnpool: puts what MaxPool kept back where it was, zeros elsewhere.
struct MaxUnpoolOperator: Operator {
  let window: Window

  var shapeOperands: [Int] { [2] }

  /// The shape that was pooled, as far as the window tells, and the shape wanted.
  private func shapes(
    _ inputs: KnownInputs
  ) throws(GraphError) -> (pooled: [Int], wanted: [Int])? {
    guard let shape = try inputs.type(0).shape, let kernel = window.kernel else { return nil }
    guard shape.count == kernel.count + 2, !shape.contains(-1) else {
      if shape.contains(-1) { return nil }
      throw GraphError(
        code: .shapeMismatch,
        message: "a kernel of \(kernel.count) dimensions does not fit \(Shape.describe(shape))")
    }
    // The convolution that would pool with this window tells the pads' and strides' meaning.
    var pooled = Array(shape[..<2])
    let rank = kernel.count
    for index in 0..<rank {
      let stride = window.strides.isEmpty ? 1 : window.strides[index]
      let pads = window.pads.isEmpty ? 0 : window.pads[index] + window.pads[rank + index]
      guard shape[2 + index] < 1 << 30 else {
        throw GraphError(code: .shapeOverflow, message: "the output's size overflows")
      }
      pooled.append((shape[2 + index] - 1) * stride - pads + kernel[index])
    }
    guard pooled.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(
        code: .shapeMismatch, message: "the pads take more than there is of \(shape): \(pooled)")
    }
    guard inputs.optional(2) != nil else { return (pooled, pooled) }
    guard let wanted = try inputs.integers(2) else { return nil }
    guard wanted.count == shape.count, zip(wanted, pooled).allSatisfy({ $0 >= $1 }) else {
      throw GraphError(
        code: .shapeMismatch,
        message: "the output must be at least \(Shape.describe(pooled)), got \(wanted)")
    }
    return (pooled, wanted)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let places = try inputs.type(1, among: [.int64])
    if let shape = type.shape, let given = places.shape {
      guard shape.count == given.count,
        zip(shape, given).allSatisfy({ $0 == $1 || $0 < 0 || $1 < 0 })
      else {
        throw GraphError(
          code: .shapeMismatch,
          message: "indices \(Shape.describe(given)) must be as the data, "
            + Shape.describe(shape))
      }
    }
    return [TensorType(type.dataType, try shapes(inputs)?.wanted)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    guard let shapes = try shapes(operands.known) else { return nil }
    let input = try operands.input(0)
    return step(
      try input.dataType.numeric(), input, Indices(try operands.input(1)),
      try operands.output(), shapes.pooled)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ indices: Indices, _ output: Operand, _ pooled: [Int]
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let (from, to) = (Shape.strides(pooled), Shape.strides(output.shape))
    let size = Shape.product(pooled[...])
    return { () throws(ExecutionError) in
      for index in 0..<output.count { target[index] = T.zero }
      for index in 0..<input.count {
        var rest = try indices.wrapped(index, size: size)
        var place = 0
        for axis in from.indices {
          place += rest / from[axis] * to[axis]
          rest %= from[axis]
        }
        target[place] = source[index]
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MaxUnpool") { context throws(GraphError) in
      let window = try Window(context)
      let rank = window.kernel?.count ?? 0
      guard rank > 0, window.strides.isEmpty || window.strides.count == rank,
        window.pads.isEmpty || window.pads.count == 2 * rank
      else {
        throw GraphError(
          code: .invalidAttribute, message: "MaxUnpool needs a kernel_shape that fits the rest")
      }
      return MaxUnpoolOperator(window: window)
    }
  }
}
