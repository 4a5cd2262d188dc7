/// Slice: starts, ends, axes and steps as attributes before opset 10, as inputs since.
struct SliceOperator: Operator {
  let starts: [Int]?
  let ends: [Int]?
  let axes: [Int]?

  var shapeOperands: [Int] { [1, 2, 3, 4] }

  /// First index, step and size of every dimension.
  private struct Range {
    var first: Int
    var step: Int
    var size: Int
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard let shape = type.shape else { return [TensorType(type.dataType, nil)] }
    guard let ranges = try ranges(inputs, shape) else {
      return [TensorType(type.dataType, [Int](repeating: -1, count: shape.count))]
    }
    return [TensorType(type.dataType, ranges.map(\.size))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    guard let ranges = try ranges(operands.known, input.shape) else {
      throw GraphError(code: .shapeMismatch, message: "Slice's bounds must be known")
    }
    let strides = Shape.strides(input.shape)
    let offset = zip(ranges, strides).reduce(0) { $0 + $1.0.first * $1.1 }
    return StridedCopy.step(
      input, try operands.output(), strides: zip(ranges, strides).map { $0.step * $1 },
      offset: offset)
  }

  private func ranges(
    _ inputs: KnownInputs, _ shape: [Int]
  ) throws(GraphError) -> [Range]? {
    var (starts, ends, axes, steps) = (starts, ends, axes, [Int]?.none)
    if starts == nil {
      starts = try inputs.integers(1)
      ends = try inputs.integers(2)
      if inputs.optional(3) != nil {
        guard let values = try inputs.integers(3) else { return nil }
        axes = values
      }
      if inputs.optional(4) != nil {
        guard let values = try inputs.integers(4) else { return nil }
        steps = values
      }
    }
    guard let starts, let ends else { return nil }
    let count = starts.count
    guard ends.count == count, axes?.count ?? count == count, steps?.count ?? count == count,
      axes != nil || count <= shape.count
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Slice needs equally many starts, ends, axes and steps; \(count) starts")
    }
    var ranges = shape.map { Range(first: 0, step: 1, size: $0) }
    for index in 0..<count {
      let axis = try normalizedAxis(axes?[index] ?? index, rank: shape.count)
      let step = steps?[index] ?? 1
      guard step != 0, step != .min else {
        throw GraphError(code: .invalidAttribute, message: "Slice's step must not be 0")
      }
      ranges[axis] =
        shape[axis] < 0
        ? Range(first: 0, step: step, size: -1)
        : Self.range(starts[index], ends[index], step, shape[axis])
    }
    return ranges
  }

  /// Python's slicing: negative indices count from the end, everything is clamped.
  private static func range(_ start: Int, _ end: Int, _ step: Int, _ size: Int) -> Range {
    func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
      min(max(value < 0 ? value + size : value, low), high)
    }
    if step > 0 {
      let (first, last) = (clamp(start, 0, size), clamp(end, 0, size))
      let length = max(0, last - first)
      return Range(first: min(first, max(size - 1, 0)), step: step, size: ceil(length, step))
    }
    let (first, last) = (clamp(start, -1, size - 1), clamp(end, -1, size - 1))
    let length = max(0, first - last)
    return Range(first: max(first, 0), step: step, size: ceil(length, -step))
  }

  private static func ceil(_ length: Int, _ step: Int) -> Int {
    length == 0 ? 0 : (length - 1) / step + 1
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Slice") { context throws(GraphError) in
      SliceOperator(
        starts: try context.ints("starts"), ends: try context.ints("ends"),
        axes: try context.ints("axes"))
    }
  }
}
