/// softmax(scale · Q·K + mask) · V for stacks of heads. `AttentionFusion` writes it.
///
/// Q is [batch, heads, rows, depth], K [batch, heads, depth, columns] and V
/// [batch, heads, columns, width], each seen through an order of its axes in memory; sizes of batch
/// and heads may be 1, and the mask's may be the larger ones. A block of rows at a time: its scores
/// stay in the second cache.
struct AttentionOperator: Operator {
  /// Which axis in memory is axis i of Q, K and V.
  private let axes: [[Int]]
  private let scale: Float
  /// Whether the output is [batch, rows, heads, width].
  private let turns: Bool

  init(_ context: OperatorContext) throws(GraphError) {
    let all = try context.ints("axes") ?? []
    axes = stride(from: 0, to: 12, by: 4).map { Array(all[$0..<$0 + 4]) }
    scale = try context.float("scale", default: 1)
    turns = try context.bool("turns", default: false)
  }

  private struct Sizes {
    var batch, heads, rows, columns, depth, width: Int
  }

  /// The shape of operand `index` as the products see it.
  private func seen(_ index: Int, _ shape: [Int]) -> [Int] { axes[index].map { shape[$0] } }

  private func sizes(_ shapes: [[Int]], mask: [Int]?) throws(GraphError) -> Sizes {
    let mismatch = { (what: String) in
      GraphError(
        code: .shapeMismatch,
        message: "attention needs \(what) to agree: "
          + (shapes + (mask.map { [$0] } ?? [])).map(Shape.describe).joined(separator: ", "))
    }
    guard shapes.allSatisfy({ $0.count == 4 }) else { throw mismatch("ranks of 4") }
    let seen = shapes.indices.map { self.seen($0, shapes[$0]) }
    guard let first = Shape.broadcast(Array(seen[0][..<2]), Array(seen[1][..<2])),
      let second = Shape.broadcast(first, Array(seen[2][..<2])),
      let outer = Shape.broadcast(second, Array((mask ?? []).dropLast(2)))
    else { throw mismatch("batches and heads") }
    let agree = { (a: Int, b: Int) in a == b || a < 0 || b < 0 }
    guard agree(seen[0][3], seen[1][2]), agree(seen[1][3], seen[2][2]) else {
      throw mismatch("inner sizes")
    }
    let scores = outer + [seen[0][2], seen[1][3]]
    if let mask {
      let isKnown = (mask + scores).allSatisfy { $0 >= 0 }
      guard mask.count <= 4, !isKnown || Shape.broadcast(scores, mask) == scores else {
        throw mismatch("a mask and its scores \(Shape.describe(scores))")
      }
    }
    return Sizes(
      batch: outer[0], heads: outer[1], rows: scores[2], columns: scores[3], depth: seen[0][3],
      width: seen[2][3])
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    var shapes: [[Int]] = []
    for index in 0..<3 {
      guard let shape = try inputs.type(index, among: [.fp32]).shape else {
        return [TensorType(.fp32, [-1, -1, -1, -1])]
      }
      shapes.append(shape)
    }
    let sizes = try sizes(shapes, mask: inputs.optional(3)?.shape)
    return [
      TensorType(
        .fp32,
        turns
          ? [sizes.batch, sizes.rows, sizes.heads, sizes.width]
          : [sizes.batch, sizes.heads, sizes.rows, sizes.width])
    ]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    let shapes = (0..<3).compactMap { inputs.optional($0)?.shape }
    guard shapes.count == 3 else { return 0 }
    let sizes = try sizes(shapes, mask: inputs.optional(3)?.shape)
    // The kernels do some 32 multiplications in the time of a plain one.
    return Double(sizes.batch) * Double(sizes.heads) * Double(sizes.rows) * Double(sizes.columns)
      * Double(sizes.depth + sizes.width) / 32
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let inputs = [try operands.input(0), try operands.input(1), try operands.input(2)]
    let output = try operands.output()
    let mask = operands.optional(3)
    let sizes = try sizes(inputs.map(\.shape), mask: mask?.shape)
    if output.count == 0 { return nil }
    // Strides as the products see them; 0 along what is stretched.
    let strides = inputs.indices.map { index in
      let (own, shape) = (Shape.strides(inputs[index].shape), inputs[index].shape)
      return axes[index].enumerated().map { $0 < 2 && shape[$1] == 1 ? 0 : own[$1] }
    }
    let step = AttentionStep(
      batch: sizes.batch, heads: sizes.heads, rows: sizes.rows, columns: sizes.columns,
      depth: sizes.depth, width: sizes.width, scale: scale, query: UnsafePointer(inputs[0].f32),
      key: UnsafePointer(inputs[1].f32), value: UnsafePointer(inputs[2].f32),
      mask: mask.map { UnsafePointer($0.f32) }, output: output.f32, queryStrides: strides[0],
      keyStrides: strides[1], valueStrides: strides[2],
      maskStrides: mask.map { Broadcast.strides($0.shape, 4) } ?? [0, 0, 0, 0],
      outputStrides: turns
        ? [sizes.rows * sizes.heads * sizes.width, sizes.width, sizes.heads * sizes.width]
        : [sizes.heads * sizes.rows * sizes.width, sizes.rows * sizes.width, sizes.width])
    let threads = operands.threadPool
    return { step.run(threads) }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(FusedAttribute.attention, domain: FusedAttribute.domain) {
      context throws(GraphError) in try AttentionOperator(context)
    }
  }
}
