/// CumSum: running sums along an axis that is given as a value.
struct CumSumOperator: Operator {
  let isExclusive: Bool
  let isReversed: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.numbers)
    _ = try inputs.type(1, among: DataType.indices)
    try inputs.checkScalar(1)
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    return step(
      try input.dataType.numeric(), input, Indices(try operands.input(1)),
      try operands.output())
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ axes: Indices, _ output: Operand
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let (shape, strides) = (input.shape, Shape.strides(input.shape))
    let (isExclusive, isReversed, count) = (isExclusive, isReversed, input.count)
    return { () throws(ExecutionError) in
      if count == 0 { return }
      let axis = try axes.wrapped(0, size: shape.count)
      let (size, inner) = (shape[axis], strides[axis])
      if inner > 1 {
        // Whole rows at a time, each the one before and what is added to it.
        for block in 0..<count / (size * inner) {
          for step in 0..<size {
            let place = isReversed ? size - 1 - step : step
            let row = (block * size + place) * inner
            let before = row + (isReversed ? inner : -inner)
            let added = source + (isExclusive ? before : row)
            let (to, last) = (target + row, target + before)
            if step == 0 {
              for index in 0..<inner { to[index] = isExclusive ? T.zero : added[index] }
            } else {
              for index in 0..<inner { to[index] = T.add(last[index], added[index]) }
            }
          }
        }
        return
      }
      for line in 0..<count / size {
        let start = line / inner * size * inner + line % inner
        var sum = T.zero
        for step in 0..<size {
          let index = start + (isReversed ? size - 1 - step : step) * inner
          let value = source[index]
          target[index] = isExclusive ? sum : T.add(sum, value)
          sum = T.add(sum, value)
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("CumSum") { context throws(GraphError) in
      CumSumOperator(
        isExclusive: try context.bool("exclusive", default: false),
        isReversed: try context.bool("reverse", default: false))
    }
  }
}
