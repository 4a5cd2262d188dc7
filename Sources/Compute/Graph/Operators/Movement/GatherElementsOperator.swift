/// GatherElements: one index per element of the output, along one axis.
struct GatherElementsOperator: Operator {
  let axis: Int

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    let indices = try inputs.type(1, among: DataType.indices)
    if let shape = type.shape, let picked = indices.shape {
      try Self.check(shape, picked, axis: axis, "indices")
    }
    return [TensorType(type.dataType, indices.shape)]
  }

  /// Indices have the data's rank and, but for the axis, lie inside it.
  static func check(
    _ shape: [Int], _ picked: [Int], axis: Int, _ what: String
  ) throws(GraphError) {
    let axis = try normalizedAxis(axis, rank: shape.count)
    let fits =
      picked.count == shape.count && !shape.isEmpty
      && shape.indices.allSatisfy {
        $0 == axis || shape[$0] < 0 || picked[$0] < 0 || picked[$0] <= shape[$0]
      }
    guard fits else {
      throw GraphError(
        code: .shapeMismatch,
        message: "\(what) \(Shape.describe(picked)) must fit into \(Shape.describe(shape)) but "
          + "for axis \(axis)")
    }
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let place = ElementPlace(
      data: input.shape, indices: output.shape,
      axis: try normalizedAxis(axis, rank: input.shape.count), Indices(try operands.input(1)))
    return ElementMove.step(input, output) { index throws(ExecutionError) in
      try place(index)
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("GatherElements") { context throws(GraphError) in
      GatherElementsOperator(axis: try context.int("axis", default: 0))
    }
  }
}

/// Where the element lies that an index per element names.
struct ElementPlace {
  private let sizes: [Int]
  private let strides: [Int]
  private let axis: Int
  private let axisSize: Int
  private let indices: Indices

  init(data: [Int], indices shape: [Int], axis: Int, _ indices: Indices) {
    sizes = shape
    strides = Shape.strides(data)
    self.axis = axis
    axisSize = data[axis]
    self.indices = indices
  }

  func callAsFunction(_ index: Int) throws(ExecutionError) -> Int {
    var (rest, position) = (index, 0)
    for dimension in stride(from: sizes.count - 1, through: 0, by: -1) {
      let coordinate = rest % sizes[dimension]
      rest /= sizes[dimension]
      position +=
        strides[dimension]
        * (dimension == axis ? try indices.wrapped(index, size: axisSize) : coordinate)
    }
    return position
  }
}
