/// Transpose: output dimension i is input dimension `permutation[i]`.
struct TransposeOperator: Operator {
  /// nil reverses all dimensions.
  let permutation: [Int]?
  /// Only axes of size 1 move, so the bytes stay as they are.
  private let isFree: Bool

  var aliasedInput: Int? { isFree ? 0 : nil }

  /// `shape` is the input's as far as it is known.
  init(permutation: [Int]?, shape: [Int]? = nil) {
    self.permutation = permutation
    let order = permutation ?? shape.map { $0.indices.reversed() } ?? []
    guard let shape, order.sorted() == Array(shape.indices) else {
      isFree = false
      return
    }
    let moved = order.filter { shape[$0] != 1 }
    isFree = moved == moved.sorted()
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard let shape = type.shape else {
      return [
        TensorType(type.dataType, permutation.map { [Int](repeating: -1, count: $0.count) })
      ]
    }
    let order = permutation ?? shape.indices.reversed()
    guard order.count == shape.count, order.sorted() == Array(shape.indices) else {
      throw GraphError(
        code: .invalidAttribute,
        message: "perm must hold every axis of \(Shape.describe(shape)) once, got \(order)")
    }
    return [TensorType(type.dataType, order.map { shape[$0] })]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if input.dataType != .string, input.bytes == (try operands.output().bytes) { return nil }
    let strides = Shape.strides(input.shape)
    let order = permutation ?? input.shape.indices.reversed()
    if let size = input.dataType.elementByteCount,
      let sizes = MatrixTurn.sizes(input.shape, order)
    {
      return MatrixTurn.step(
        input.bytes, try operands.output().bytes, outer: sizes.outer, rows: sizes.rows,
        columns: sizes.columns, elementByteCount: size)
    }
    return StridedCopy.step(
      input, try operands.output(), strides: order.map { strides[$0] }, offset: 0)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Transpose") { context throws(GraphError) in
      TransposeOperator(
        permutation: try context.ints("perm"), shape: context.known.optional(0)?.shape)
    }
  }
}
