/// Pad: elements added, or with negative pads removed, before and behind each dimension. Pads are
/// attributes before opset 11, inputs since.
struct PadOperator: Operator {
  enum Mode: String, Sendable { case constant, reflect, edge, wrap }

  let mode: Mode
  let pads: [Int]?
  let value: Tensor?

  var shapeOperands: [Int] { pads == nil ? [1, 3] : [] }

  /// Pads of every dimension; nil if only known at inference.
  private func amounts(
    _ inputs: KnownInputs, rank: Int
  ) throws(GraphError) -> [(before: Int, behind: Int)]? {
    guard let given = pads != nil ? pads : try inputs.integers(1) else { return nil }
    var axes = Array(0..<rank)
    if pads == nil, inputs.optional(3) != nil {
      guard let chosen = try inputs.integers(3) else { return nil }
      axes = []
      for axis in chosen { axes.append(try normalizedAxis(axis, rank: rank)) }
    }
    guard given.count == 2 * axes.count, given.allSatisfy({ abs($0 >> 1) < 1 << 40 }) else {
      throw GraphError(
        code: .shapeMismatch, message: "Pad needs two pads for each of \(axes.count) axes")
    }
    var result = [(before: Int, behind: Int)](repeating: (0, 0), count: rank)
    for (index, axis) in axes.enumerated() {
      result[axis] = (given[index], given[axes.count + index])
    }
    return result
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    if pads == nil, inputs.optional(2) != nil { _ = try inputs.type(2, among: [type.dataType]) }
    if pads == nil { try inputs.checkScalar(2) }
    guard let shape = type.shape else { return [type] }
    guard let amounts = try amounts(inputs, rank: shape.count) else {
      return [TensorType(type.dataType, shape.map { _ in -1 })]
    }
    var result: [Int] = []
    for (size, pad) in zip(shape, amounts) {
      if size < 0 {
        result.append(-1)
        continue
      }
      guard size < 1 << 60 else {
        throw GraphError(code: .shapeOverflow, message: "a size of \(size) cannot be padded")
      }
      let padded = size + pad.before + pad.behind
      guard padded >= 0, mode == .constant || size > 0 || padded == 0 else {
        throw GraphError(
          code: .shapeMismatch,
          message: "a size of \(size) cannot be padded by \(pad.before) and \(pad.behind)")
      }
      result.append(padded)
    }
    return [TensorType(type.dataType, result)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    guard let amounts = try amounts(operands.known, rank: input.shape.count) else {
      throw GraphError(code: .shapeMismatch, message: "Pad's pads must be known")
    }
    let (sizes, padded, mode) = (input.shape, output.shape, mode)
    let strides = Shape.strides(sizes)
    if output.count == 0 { return AxisMove([]).step(input, output) }
    let offsets = sizes.indices.map { axis in
      (0..<padded[axis]).map { place in
        let place = Self.place(place - amounts[axis].before, sizes[axis], mode)
        return place < 0 ? -1 : place * strides[axis]
      }
    }
    let fill = pads == nil ? operands.optional(2) : value.map(Evaluator.operand(of:))
    let (step, value) = (AxisMove(offsets).step(input, output, fill: fill), value)
    return { () throws(ExecutionError) in
      try withExtendedLifetime(value) { () throws(ExecutionError) in try step() }
    }
  }

  /// The position inside that a position around stands for; -1 for none.
  private static func place(_ position: Int, _ size: Int, _ mode: Mode) -> Int {
    if position >= 0 && position < size { return position }
    switch mode {
    case .constant: return -1
    case .edge: return min(max(position, 0), size - 1)
    case .wrap:
      let rest = position % size
      return rest < 0 ? rest + size : rest
    case .reflect:
      if size == 1 { return 0 }
      let period = 2 * (size - 1)
      let rest = abs(position) % period
      return rest < size ? rest : period - rest
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Pad") { context throws(GraphError) in
      let name = try context.string("mode") ?? "constant"
      guard let mode = Mode(rawValue: name) else {
        throw context.unsupported("mode", name, expected: "constant, reflect, edge or wrap")
      }
      guard context.opset < 11 else { return PadOperator(mode: mode, pads: nil, value: nil) }
      let type = context.known.optional(0)?.dataType ?? .fp32
      let oldest = try context.ints("paddings")
      guard let pads = try context.ints("pads") ?? oldest else {
        throw GraphError(code: .invalidAttribute, message: "Pad needs the attribute pads")
      }
      let value = Double(try context.float("value", default: 0))
      return PadOperator(
        mode: mode, pads: pads, value: try Tensor(filling: type, with: value))
    }
  }
}

extension Tensor {
  /// One number of a type.
  init(filling type: DataType, with value: Double) throws(GraphError) {
    func make<T: Element>(_ element: T.Type) -> Tensor {
      Tensor([T(converting: value)], shape: [], dataType: type)
    }
    let element: any Element.Type = type == .bool ? UInt8.self : try type.numeric()
    self = make(element)
  }
}
