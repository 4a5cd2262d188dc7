/// DepthToSpace and SpaceToDepth: blocks of channels as blocks of pixels, and back: a transposition
/// of the shape with the blocks spelled out.
struct DepthToSpaceOperator: Operator {
  let blockSize: Int
  let toSpace: Bool
  /// Whether the block comes behind the channel ("CRD").
  let columnsFirst: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard let shape = type.shape else { return [TensorType(type.dataType, [-1, -1, -1, -1])] }
    guard shape.count == 4 else {
      throw GraphError(
        code: .shapeMismatch, message: "needs rank 4, got \(Shape.describe(shape))")
    }
    let area = blockSize * blockSize
    guard
      toSpace
        ? shape[1] < 0 || shape[1] % area == 0
        : shape[2...].allSatisfy({ $0 < 0 || $0 % blockSize == 0 })
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "blocks of \(blockSize) do not fit \(Shape.describe(shape))")
    }
    func scaled(_ size: Int, _ factor: Int, _ grows: Bool) -> Int {
      size < 0 ? -1 : grows ? size &* factor : size / factor
    }
    return [
      TensorType(
        type.dataType,
        [
          shape[0], scaled(shape[1], area, !toSpace), scaled(shape[2], blockSize, toSpace),
          scaled(shape[3], blockSize, toSpace),
        ])
    ]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (block, shape) = (blockSize, input.shape)
    let split: [Int]
    let order: [Int]
    if toSpace {
      let channels = shape[1] / (block * block)
      split =
        columnsFirst
        ? [shape[0], channels, block, block, shape[2], shape[3]]
        : [shape[0], block, block, channels, shape[2], shape[3]]
      order = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
    } else {
      split = [shape[0], shape[1], shape[2] / block, block, shape[3] / block, block]
      order = [0, 3, 5, 1, 2, 4]
    }
    let strides = Shape.strides(split)
    let view = Operand(
      dataType: output.dataType, shape: order.map { split[$0] }, count: output.count,
      bytes: output.bytes, strings: output.strings)
    return StridedCopy.step(input, view, strides: order.map { strides[$0] }, offset: 0)
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, toSpace) in [("DepthToSpace", true), ("SpaceToDepth", false)] {
      registry.register(name) { context throws(GraphError) in
        guard let size = try context.int("blocksize"), (1...1 << 20).contains(size) else {
          throw GraphError(code: .invalidAttribute, message: "blocksize must be at least 1")
        }
        let mode = try context.string("mode") ?? "DCR"
        guard mode == "DCR" || mode == "CRD" else {
          throw context.unsupported("mode", mode, expected: "DCR or CRD")
        }
        return DepthToSpaceOperator(
          blockSize: size, toSpace: toSpace, columnsFirst: mode == "CRD")
      }
    }
  }
}
