/// Hardmax: one at the first largest element, zero elsewhere; along an axis as Softmax has it.
struct HardmaxOperator: Operator {
  let axis: Int
  let flattens: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    if let shape = type.shape { _ = try normalizedAxis(axis, rank: shape.count) }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    if input.count == 0 { return nil }
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    let size =
      input.shape.isEmpty
      ? 1 : flattens ? Shape.product(input.shape[axis...]) : input.shape[axis]
    let inner =
      flattens || input.shape.isEmpty ? 1 : Shape.product(input.shape[(axis + 1)...])
    return step(try input.dataType.numeric(), input, output, size, inner)
  }

  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ size: Int, _ inner: Int
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let (zero, one, lines) = (T.zero, T(converting: 1), input.count / size)
    return {
      for line in 0..<lines {
        let start = line / inner * size * inner + line % inner
        var best = start
        for index in 0..<size {
          let at = start + index * inner
          if source[at] > source[best] { best = at }
        }
        for index in 0..<size { target[start + index * inner] = zero }
        target[best] = one
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Hardmax") { context throws(GraphError) in
      let flattens = context.opset < 13
      return HardmaxOperator(
        axis: try context.int("axis", default: flattens ? 1 : -1), flattens: flattens)
    }
  }
}
