/// ArgMax and ArgMin: the index of the first (or last) extreme along an axis.
struct ArgExtremeOperator: Operator {
  let isMinimum: Bool
  let axis: Int
  let keepsDimension: Bool
  let selectsLast: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.numbers)
    guard var shape = type.shape else { return [TensorType(.int64, nil)] }
    let axis = try normalizedAxis(axis, rank: shape.count)
    guard !shape.isEmpty, shape[axis] != 0 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "needs at least one element along the axis, got \(Shape.describe(shape))")
    }
    if keepsDimension { shape[axis] = 1 } else { shape.remove(at: axis) }
    return [TensorType(.int64, shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    let (outer, size) = (Shape.product(input.shape[..<axis]), input.shape[axis])
    let inner = Shape.product(input.shape[(axis + 1)...])
    if input.dataType == .fp32 {
      let (source, target) = (UnsafePointer(input.f32), output.pointer(Int64.self))
      let (selectsLast, find) = (
        selectsLast, isMinimum ? Reduction.indexOfMinimum : Reduction.indexOfMaximum
      )
      let kernels = Kernels.active
      return { find(source, target, outer, size, inner, selectsLast, kernels) }
    }
    return step(try input.dataType.numeric(), input, output, outer, size, inner)
  }

  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ outer: Int, _ size: Int,
    _ inner: Int
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(Int64.self))
    let (isMinimum, selectsLast) = (isMinimum, selectsLast)
    return {
      for block in 0..<outer {
        for column in 0..<inner {
          let line = source + block * size * inner + column
          var best = 0
          for index in 1..<max(size, 1) {
            let (value, held) = (line[index * inner], line[best * inner])
            let isBetter = isMinimum ? value < held : value > held
            // A NaN wins, as in NumPy.
            let isFirstNaN = value != value && held == held
            if isBetter || isFirstNaN || (selectsLast && value == held) { best = index }
          }
          target[block * inner + column] = Int64(best)
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, isMinimum) in [("ArgMax", false), ("ArgMin", true)] {
      registry.register(name) { context throws(GraphError) in
        ArgExtremeOperator(
          isMinimum: isMinimum, axis: try context.int("axis", default: 0),
          keepsDimension: try context.bool("keepdims", default: true),
          selectsLast: try context.bool("select_last_index", default: false))
      }
    }
  }
}
