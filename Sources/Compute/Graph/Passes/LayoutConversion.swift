/// Turns images between NCHW and NHWC. With one channel, or one pixel, the bytes are the same
/// and nothing moves.
struct LayoutConversion: Operator {
  let toNHWC: Bool
  let isFree: Bool

  private var permutation: [Int] { toNHWC ? [0, 2, 3, 1] : [0, 3, 1, 2] }

  var aliasedInput: Int? { isFree ? 0 : nil }

  init(_ context: OperatorContext, toNHWC: Bool) {
    self.toNHWC = toNHWC
    let shape = context.known.optional(0)?.shape ?? []
    guard shape.count == 4 else {
      isFree = false
      return
    }
    let (channels, plane) = toNHWC ? (shape[1], shape[2...3]) : (shape[3], shape[1...2])
    isFree = channels == 1 || Array(plane) == [1, 1]
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    try TransposeOperator(permutation: permutation).infer(inputs)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    if input.bytes == output.bytes { return nil }
    guard let sizes = MatrixTurn.sizes(input.shape, permutation),
      let size = input.dataType.elementByteCount
    else {
      preconditionFailure("layouts differ by one exchange of axes")
    }
    return MatrixTurn.step(
      input.bytes, output.bytes, outer: sizes.outer, rows: sizes.rows, columns: sizes.columns,
      elementByteCount: size)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("ToNHWC", domain: FusedAttribute.domain) {
      LayoutConversion($0, toNHWC: true)
    }
    registry.register("ToNCHW", domain: FusedAttribute.domain) {
      LayoutConversion($0, toNHWC: false)
    }
  }
}
