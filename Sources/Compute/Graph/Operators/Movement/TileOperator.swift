/// Tile: repeats the input along every dimension.
struct TileOperator: Operator {
  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard let shape = type.shape, let repeats = try inputs.integers(1) else {
      return [TensorType(type.dataType, type.shape.map { $0.map { _ in -1 } })]
    }
    guard repeats.count == shape.count, repeats.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Tile needs \(shape.count) repeats of at least 0, got \(repeats)")
    }
    var result: [Int] = []
    for (size, count) in zip(shape, repeats) {
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw GraphError(code: .shapeOverflow, message: "the repeats \(repeats) overflow")
      }
      result.append(size < 0 ? -1 : product)
    }
    return [TensorType(type.dataType, result)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let strides = Shape.strides(input.shape)
    let offsets = input.shape.indices.map { axis in
      (0..<output.shape[axis]).map { $0 % input.shape[axis] * strides[axis] }
    }
    return AxisMove(offsets).step(input, output)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Tile") { _ in TileOperator() }
  }
}
