extension MatMulOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("MatMul") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (left, right) = (try nodes.shape(0), try nodes.shape(1))
      let sizes = try sizes(left, right)
      let (a, b) = (try nodes.input(0), try nodes.input(1))
      if right.count == 2, left.count >= 2 {
        try flat(&nodes, dy, sizes, left, right)
        return
      }
      // Vectors as matrices, as the standard has them.
      let (wideLeft, wideRight) = (
        left.count == 1 ? [1] + left : left, right.count == 1 ? right + [1] : right
      )
      let (x, y) = (nodes.reshaped(a, wideLeft), nodes.reshaped(b, wideRight))
      let whole = sizes.batch + [sizes.m, sizes.n]
      let gradient = nodes.reshaped(dy, whole)
      if nodes.wants(0) {
        let full = nodes.special(
          TransposedProduct.opType, [gradient, y], ["transB": .int(1)])
        let part = nodes.reduced(full, from: sizes.batch + [sizes.m, sizes.k], to: wideLeft)
        nodes.give(nodes.reshaped(part, left), to: 0)
      }
      if nodes.wants(1) {
        let full = nodes.special(
          TransposedProduct.opType, [x, gradient], ["transA": .int(1)])
        let part = nodes.reduced(full, from: sizes.batch + [sizes.k, sizes.n], to: wideRight)
        nodes.give(nodes.reshaped(part, right), to: 1)
      }
    }
    registry.differentiate(TransposedProduct.opType, domain: TrainingOperators.domain) {
      nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (a, b) = (try nodes.input(0), try nodes.input(1))
      let turnsA = try nodes.attributes.bool("transA", default: false)
      let turnsB = try nodes.attributes.bool("transB", default: false)
      func product(
        _ nodes: inout GradientNodes, _ x: String, _ turnsX: Bool, _ y: String, _ turnsY: Bool
      ) -> String {
        nodes.special(
          TransposedProduct.opType, [x, y],
          ["transA": .int(turnsX ? 1 : 0), "transB": .int(turnsY ? 1 : 0)])
      }
      let shape = try nodes.outputShape()
      let batch = Array(shape.dropLast(2))
      if nodes.wants(0) {
        let own = try nodes.shape(0)
        let full =
          turnsA
          ? product(&nodes, b, turnsB, dy, true) : product(&nodes, dy, false, b, !turnsB)
        nodes.give(nodes.reduced(full, from: batch + own.suffix(2), to: own), to: 0)
      }
      if nodes.wants(1) {
        let own = try nodes.shape(1)
        let full =
          turnsB
          ? product(&nodes, dy, true, a, turnsA) : product(&nodes, a, !turnsA, dy, false)
        nodes.give(nodes.reduced(full, from: batch + own.suffix(2), to: own), to: 1)
      }
    }
  }

  /// A stack of rows times one matrix: one product of all rows.
  private static func flat(
    _ nodes: inout GradientNodes, _ dy: String, _ sizes: Sizes, _ left: [Int], _ right: [Int]
  ) throws(GraphError) {
    let rows = Shape.product(left.dropLast())
    let gradient = nodes.reshaped(dy, [rows, sizes.n])
    if nodes.wants(0) {
      let part = nodes.value("Gemm", [gradient, try nodes.input(1)], ["transB": .int(1)])
      nodes.give(nodes.reshaped(part, left), to: 0)
    }
    if nodes.wants(1) {
      let x = nodes.reshaped(try nodes.input(0), [rows, sizes.k])
      nodes.give(nodes.value("Gemm", [x, gradient], ["transA": .int(1)]), to: 1)
    }
  }
}

extension GemmOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Gemm") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (a, b) = (try nodes.input(0), try nodes.input(1))
      let turnsA = try nodes.attributes.bool("transA", default: false)
      let turnsB = try nodes.attributes.bool("transB", default: false)
      let alpha = Attribute.float(try nodes.attributes.float("alpha", default: 1))
      func product(
        _ nodes: inout GradientNodes, _ x: String, _ turnsX: Bool, _ y: String, _ turnsY: Bool
      ) -> String {
        nodes.value(
          "Gemm", [x, y],
          ["transA": .int(turnsX ? 1 : 0), "transB": .int(turnsY ? 1 : 0), "alpha": alpha])
      }
      if nodes.wants(0) {
        nodes.give(
          turnsA
            ? product(&nodes, b, turnsB, dy, true) : product(&nodes, dy, false, b, !turnsB), to: 0)
      }
      if nodes.wants(1) {
        nodes.give(
          turnsB
            ? product(&nodes, dy, true, a, turnsA) : product(&nodes, a, !turnsA, dy, false), to: 1)
      }
      guard nodes.wants(2) else { return }
      let beta = try nodes.attributes.float("beta", default: 1)
      let scaled =
        beta == 1
        ? dy : nodes.value("Mul", [dy, try nodes.number(Double(beta), nodes.dataType(2))])
      try nodes.giveReduced(scaled, from: nodes.outputShape(), to: 2)
    }
  }
}

/// A' · B' of stacks of matrices, whose leading dimensions broadcast; ' may transpose the last two.
struct TransposedProduct: Operator {
  static let opType = "TransposedProduct"
  let transposesA: Bool
  let transposesB: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    guard let left = type.shape, let right = try inputs.type(1, among: [type.dataType]).shape else {
      return [TensorType(type.dataType, nil)]
    }
    return [TensorType(type.dataType, try sizes(left, right).result)]
  }

  private func sizes(_ left: [Int], _ right: [Int]) throws(GraphError) -> MatMulOperator.Sizes {
    guard left.count >= 2, right.count >= 2 else {
      throw GraphError(code: .shapeMismatch, message: "products need matrices")
    }
    func turned(_ shape: [Int], _ turns: Bool) -> [Int] {
      turns ? shape.dropLast(2) + [shape[shape.count - 1], shape[shape.count - 2]] : shape
    }
    return try MatMulOperator.sizes(turned(left, transposesA), turned(right, transposesB))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (a, b) = (try operands.input(0), try operands.input(1))
    let sizes = try sizes(a.shape, b.shape)
    let output = try operands.output()
    if a.dataType == .fp32 { return kernelStep(a, b, sizes, output, operands.threadPool) }
    return try a.dataType.gradientStep { type throws(GraphError) in
      step(type, a, b, sizes, output, operands.threadPool)
    }
  }

  private func walk(_ sizes: MatMulOperator.Sizes) -> StridedWalk {
    StridedWalk(
      sizes.batch,
      strides: [
        Broadcast.strides(sizes.leftBatch, sizes.batch.count),
        Broadcast.strides(sizes.rightBatch, sizes.batch.count),
      ])
  }

  private func kernelStep(
    _ a: Operand, _ b: Operand, _ sizes: MatMulOperator.Sizes, _ output: Operand,
    _ threads: ThreadPool?
  ) -> Step {
    let walk = walk(sizes)
    let (left, right, target) = (UnsafePointer(a.f32), UnsafePointer(b.f32), output.f32)
    let (m, n, k, count) = (sizes.m, sizes.n, sizes.k, walk.count)
    let (turnsA, turnsB) = (transposesA, transposesB)
    let cost = Parallel.Cost.flops(2 * Double(count) * Double(m) * Double(n) * Double(k))
    let isWide = count >= threads?.participantCount ?? 1
    let inside = isWide ? nil : threads
    return {
      Parallel.rows(count, cost: cost, on: isWide ? threads : nil) { part in
        for index in part {
          let offsets = walk.offsets(at: index)
          let a = Matrix(left + offsets.0 * m * k, rowStride: turnsA ? m : k)
          let b = Matrix(right + offsets.1 * k * n, rowStride: turnsB ? k : n)
          SGEMM.run(
            m: m, n: n, k: k, turnsA ? a.transposed : a, turnsB ? b.transposed : b,
            into: target + index * m * n, rowStride: n, threads: inside)
        }
      }
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ a: Operand, _ b: Operand, _ sizes: MatMulOperator.Sizes, _ output: Operand,
    _ threads: ThreadPool?
  ) -> Step {
    let walk = walk(sizes)
    let product = MatrixProduct.Sizes(m: sizes.m, n: sizes.n, k: sizes.k)
    let (left, right, target) = (a.pointer(T.self), b.pointer(T.self), output.pointer(T.self))
    let (turnsA, turnsB, dataType) = (transposesA, transposesB, output.dataType)
    return {
      walk.forEach { index, offsets in
        MatrixProduct.multiply(
          product,
          .init(
            pointer: left + offsets.0 * product.m * product.k, row: turnsA ? 1 : product.k,
            column: turnsA ? product.m : 1),
          .init(
            pointer: right + offsets.1 * product.k * product.n, row: turnsB ? 1 : product.n,
            column: turnsB ? product.k : 1),
          target + index * product.m * product.n, dataType: dataType, threads: threads)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      TransposedProduct(
        transposesA: try context.bool("transA", default: false),
        transposesB: try context.bool("transB", default: false))
    }
  }
}
