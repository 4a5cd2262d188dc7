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
    if input.strings != nil {
      return ElementMove.step(input, output) { index throws(ExecutionError) in
        try place(index)
      }
    }
    switch input.dataType.elementByteCount {
    case 1: return Self.step(UInt8.self, input, output, place)
    case 2: return Self.step(UInt16.self, input, output, place)
    case 4: return Self.step(UInt32.self, input, output, place)
    default: return Self.step(UInt64.self, input, output, place)
    }
  }

  @_specialize(where T == UInt8)
  @_specialize(where T == UInt16)
  @_specialize(where T == UInt32)
  @_specialize(where T == UInt64)
  private static func step<T: FixedWidthInteger>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ place: ElementPlace
  ) -> Step {
    let (from, to) = (input.pointer(T.self), output.pointer(T.self))
    return { () throws(ExecutionError) in
      try place.forEach { index, position in to[index] = from[position] }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("GatherElements") { context throws(GraphError) in
      GatherElementsOperator(axis: try context.int("axis", default: 0))
    }
  }
}

/// Where the elements lie that an index per element names.
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

  /// Every index with its place, in order.
  @inline(__always)
  func forEach(_ body: (_ index: Int, _ position: Int) -> Void) throws(ExecutionError) {
    if let wide = indices.wide {
      try forEach(wide, body)
    } else if let narrow = indices.narrow {
      try forEach(narrow, body)
    }
  }

  /// Coordinates are divided once a row, and whether an index was outside is asked once a row too: for
  /// every element that costs more than moving it.
  @inline(__always)
  private func forEach<Index: FixedWidthInteger>(
    _ indices: UnsafePointer<Index>, _ body: (_ index: Int, _ position: Int) -> Void
  ) throws(ExecutionError) {
    guard self.indices.count > 0, let width = sizes.last else { return }
    guard axisSize > 0 else { throw Indices.outside(axisSize) }
    let (stride, axisSize) = (strides[axis], axisSize)
    // Along the axis only the index moves an element.
    let step = axis == sizes.count - 1 ? 0 : 1
    for row in 0..<self.indices.count / width {
      var (rest, base) = (row, 0)
      for dimension in Swift.stride(from: sizes.count - 2, through: 0, by: -1) {
        if dimension != axis { base += strides[dimension] * (rest % sizes[dimension]) }
        rest /= sizes[dimension]
      }
      var isOutside = false
      for index in row * width..<(row + 1) * width {
        let given = Int(truncatingIfNeeded: indices[index])
        // Added for a negative one: its sign, spread over all bits, masks the size.
        let picked = given &+ (given >> (Int.bitWidth - 1)) & axisSize
        let isInside = UInt(bitPattern: picked) < UInt(bitPattern: axisSize)
        isOutside = isOutside || !isInside
        body(index, base &+ (isInside ? picked : 0) &* stride)
        base &+= step
      }
      if isOutside { throw Indices.outside(axisSize) }
    }
  }
}
