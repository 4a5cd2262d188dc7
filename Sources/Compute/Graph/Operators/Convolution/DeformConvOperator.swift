/// DeformConv: a convolution of images whose taps lie where offsets say, between pixels.
struct DeformConvOperator: Operator {
  private let window: Window
  private let group: Int
  private let offsetGroup: Int

  init(_ context: OperatorContext) throws(GraphError) {
    window = try Window(context)
    group = try context.int("group", default: 1)
    offsetGroup = try context.int("offset_group", default: 1)
    guard (1...4096).contains(group), (1...4096).contains(offsetGroup) else {
      throw GraphError(code: .invalidAttribute, message: "groups must be in 1...4096")
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let weight = try inputs.type(1, among: [type.dataType])
    let offset = try inputs.type(2, among: [type.dataType])
    for index in 3...4 where inputs.optional(index) != nil {
      _ = try inputs.type(index, among: [type.dataType])
    }
    guard let shape = type.shape, let filters = weight.shape, let moved = offset.shape,
      !(shape + filters + moved).contains(-1)
    else { return [TensorType(type.dataType, nil)] }
    let axes = try axes(shape, filters)
    let taps = filters[2] * filters[3]
    let places = axes.map(\.output)
    guard moved.count == 4, moved[0] == shape[0], moved[1] == 2 * taps * offsetGroup,
      Array(moved[2...]) == places,
      inputs.optional(3)?.shape.map({ $0 == [filters[0]] }) ?? true,
      inputs.optional(4)?.shape.map({ $0 == [shape[0], taps * offsetGroup] + places }) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "offsets \(Shape.describe(moved)), bias and mask must fit weights "
          + Shape.describe(filters))
    }
    return [TensorType(type.dataType, [shape[0], filters[0]] + places)]
  }

  private func axes(_ shape: [Int], _ filters: [Int]) throws(GraphError) -> [Window.Axis] {
    guard shape.count == 4, filters.count == 4, filters[0] % group == 0,
      shape[1] % offsetGroup == 0, shape[1] % group == 0, filters[1] == shape[1] / group
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "DeformConv with \(group) groups cannot apply weights "
          + "\(Shape.describe(filters)) to images \(Shape.describe(shape))")
    }
    return try window.axes(Array(shape[2...]), kernel: Array(filters[2...]))
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let filters = inputs.optional(1)?.shape,
      let count = outputs[0].shape.flatMap(Shape.elementCount)
    else { return 0 }
    return filters[1...].reduce(Double(count)) { $0 * Double($1) }
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, weight) = (try operands.input(0), try operands.input(1))
    return step(
      try input.dataType.numeric(), input, weight, try operands.input(2),
      operands.optional(3), operands.optional(4), try operands.output(),
      try axes(input.shape, weight.shape))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ weight: Operand, _ offset: Operand, _ bias: Operand?,
    _ mask: Operand?, _ output: Operand, _ axes: [Window.Axis]
  ) -> Step {
    let (source, filters, target) = (
      input.pointer(T.self), weight.pointer(T.self), output.pointer(T.self)
    )
    let (moves, masks) = (offset.pointer(T.self), mask?.pointer(T.self))
    let offsets = bias?.pointer(T.self)
    let (channels, perGroup, filterCount) = (
      input.shape[1], weight.shape[1], weight.shape[0]
    )
    let (rows, columns) = (axes[0], axes[1])
    let (taps, places) = (rows.kernel * columns.kernel, rows.output * columns.output)
    let plane = rows.input * columns.input
    let (group, offsetGroup) = (group, offsetGroup)
    return {
      for index in 0..<output.count {
        let (place, filter) = (index % places, index / places % filterCount)
        let image = index / places / filterCount
        var sum = offsets?[filter].asDouble ?? 0
        for local in 0..<perGroup {
          let channel = filter / (filterCount / group) * perGroup + local
          let row = image * offsetGroup + channel / (channels / offsetGroup)
          let from = source + (image * channels + channel) * plane
          for tap in 0..<taps {
            let move = moves + (row * taps + tap) * 2 * places + place
            let y =
              Double(
                place / columns.output * rows.stride - rows.padBegin
                  + tap / columns.kernel * rows.dilation) + move[0].asDouble
            let x =
              Double(
                place % columns.output * columns.stride - columns.padBegin
                  + tap % columns.kernel * columns.dilation) + move[places].asDouble
            var value = Self.pixel(from, rows.input, columns.input, y, x)
            if let masks { value *= masks[(row * taps + tap) * places + place].asDouble }
            sum += value * filters[(filter * perGroup + local) * taps + tap].asDouble
          }
        }
        target[index] = T(converting: sum)
      }
    }
  }

  /// Between the four neighbours; those outside are zero.
  private static func pixel<T: Element>(
    _ plane: UnsafeMutablePointer<T>, _ height: Int, _ width: Int, _ y: Double, _ x: Double
  ) -> Double {
    guard y > -1, x > -1, y < Double(height), x < Double(width) else { return 0 }
    let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    let (dy, dx) = (y - Double(top), x - Double(left))
    func at(_ row: Int, _ column: Int) -> Double {
      row < 0 || column < 0 || row >= height || column >= width
        ? 0 : plane[row * width + column].asDouble
    }
    return (1 - dy) * ((1 - dx) * at(top, left) + dx * at(top, left + 1))
      + dy * ((1 - dx) * at(top + 1, left) + dx * at(top + 1, left + 1))
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("DeformConv") { context throws(GraphError) in
      try DeformConvOperator(context)
    }
  }
}
