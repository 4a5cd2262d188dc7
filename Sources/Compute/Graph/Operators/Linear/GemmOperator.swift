/// Gemm: alpha · A' · B' + beta · C, where ' may transpose and C broadcasts.
struct GemmOperator: Operator {
  let alpha: Float
  let beta: Float
  let transposesA: Bool
  let transposesB: Bool
  let activation: FusedActivation
  private let packed: PackedMatrix?
  private let packedShape: [Int]?

  var weightByteCount: Int { packed?.byteCount ?? 0 }

  func reads(input index: Int) -> Bool { index != 1 || packed == nil }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let a = try inputs.type(0, among: DataType.numbers)
    // A packed right side is no input any more.
    let b = packed == nil ? try inputs.type(1, among: [a.dataType]) : TensorType(.fp32, packedShape)
    guard a.dataType == b.dataType else {
      throw GraphError(
        code: .typeMismatch, message: "Gemm needs equal types: \(a.dataType), \(b.dataType)")
    }
    guard let left = a.shape, let right = b.shape else {
      return [TensorType(a.dataType, [-1, -1])]
    }
    guard left.count == 2, right.count == 2 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Gemm needs two matrices: left is \(Shape.describe(left)), "
          + "right is \(Shape.describe(right))")
    }
    let inner = (transposesA ? left[0] : left[1], transposesB ? right[1] : right[0])
    guard inner.0 < 0 || inner.1 < 0 || inner.0 == inner.1 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Gemm needs the inner sizes to agree: left is \(Shape.describe(left))"
          + "\(transposesA ? " transposed" : ""), right is \(Shape.describe(right))"
          + "\(transposesB ? " transposed" : "")")
    }
    let result = [transposesA ? left[1] : left[0], transposesB ? right[0] : right[1]]
    if let bias = inputs.optional(2) {
      let fits =
        bias.shape.map { shape in
          shape.count <= 2
            && zip(shape.reversed(), result.reversed()).allSatisfy {
              $0 == 1 || $0 == $1 || $0 < 0 || $1 < 0
            }
        } ?? true
      guard bias.dataType == a.dataType, fits else {
        throw GraphError(
          code: .shapeMismatch,
          message: "Gemm's C must broadcast to \(Shape.describe(result)) of \(a.dataType), "
            + "got \(Shape.describe(bias.shape)) of \(bias.dataType)")
      }
    }
    return [TensorType(a.dataType, result)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let a = try operands.input(0)
    if packed != nil { return try kernelStep(a, nil, operands) }
    let b = try operands.input(1)
    if a.dataType == .fp32 { return try kernelStep(a, b, operands) }
    return step(
      try a.dataType.numeric(), a, b, operands.optional(2), try operands.output(),
      operands.threadPool)
  }

  private func kernelStep(_ a: Operand, _ b: Operand?, _ operands: Operands)
    throws(GraphError) -> Step
  {
    let output = try operands.output()
    let (m, n) = (output.shape[0], output.shape[1])
    let k = transposesA ? a.shape[0] : a.shape[1]
    let plain = Matrix(UnsafePointer(a.f32), rowStride: a.shape[1])
    let left = transposesA ? plain.transposed : plain
    let target = output.f32
    var epilogue = Epilogue(alpha: alpha, activation: activation.epilogue)
    var filled: (UnsafePointer<Float>, Int, Int)?
    switch GemmKernel.bias(operands.optional(2), beta: beta, m: m, n: n) {
    case .none: break
    case .column(let values): epilogue.biasColumn = values
    case .row(let values): epilogue.biasRow = values
    case .full(let values, let rowStride, let columnStride):
      filled = (values, rowStride, columnStride)
      epilogue.beta = beta
    }
    let (threads, packed) = (operands.threadPool, packed)
    let right = b.map { b in
      let plain = Matrix(UnsafePointer(b.f32), rowStride: b.shape[1])
      return transposesB ? plain.transposed : plain
    }
    return {
      if let (values, rowStride, columnStride) = filled {
        for row in 0..<m {
          for column in 0..<n {
            target[row * n + column] = values[row * rowStride + column * columnStride]
          }
        }
      }
      if let packed {
        SGEMM.run(
          m: m, left, packed, into: target, rowStride: n, epilogue: epilogue, threads: threads)
      } else if let right {
        SGEMM.run(
          m: m, n: n, k: k, left, right, into: target, rowStride: n, epilogue: epilogue,
          threads: threads)
      }
    }
  }

  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ a: Operand, _ b: Operand, _ bias: Operand?, _ output: Operand,
    _ threads: ThreadPool?
  ) -> Step {
    let sizes = MatrixProduct.Sizes(
      m: output.shape[0], n: output.shape[1], k: transposesA ? a.shape[0] : a.shape[1])
    let left = MatrixProduct.Matrix(
      pointer: a.pointer(T.self), row: transposesA ? 1 : a.shape[1],
      column: transposesA ? a.shape[1] : 1)
    let right = MatrixProduct.Matrix(
      pointer: b.pointer(T.self), row: transposesB ? 1 : b.shape[1],
      column: transposesB ? b.shape[1] : 1)
    let target = output.pointer(T.self)
    let dataType = output.dataType
    let (alpha, beta) = (alpha, beta)
    let (scale, biasScale) = (T(converting: Double(alpha)), T(converting: Double(beta)))
    let (low, high) = (
      T(converting: Double(activation.low)), T(converting: Double(activation.high))
    )
    let clamps = activation.clamps
    let steps = bias.map { Broadcast.strides($0.shape, 2) } ?? [0, 0]
    let added = bias?.pointer(T.self)
    return {
      MatrixProduct.multiply(
        sizes, left, right, target, dataType: dataType, threads: threads)
      for row in 0..<sizes.m {
        for column in 0..<sizes.n {
          var value = target[row * sizes.n + column]
          if alpha != 1 { value = T.multiply(scale, value) }
          if let added {
            var term = added[row * steps[0] + column * steps[1]]
            if beta != 1 { term = T.multiply(biasScale, term) }
            value = T.add(value, term)
          }
          if clamps { value = T.minimum(T.maximum(value, low), high) }
          target[row * sizes.n + column] = value
        }
      }
    }
  }

  init(_ context: OperatorContext) throws(GraphError) {
    alpha = try context.float("alpha", default: 1)
    beta = try context.float("beta", default: 1)
    transposesA = try context.bool("transA", default: false)
    transposesB = try context.bool("transB", default: false)
    activation = try FusedActivation(context)
    packed = GemmKernel.pack(context.constant(1), transposed: transposesB, context)
    packedShape = context.constant(1)?.shape
  }

  static func register(in registry: inout OperatorRegistry) {
    for domain in ["", FusedAttribute.domain] {
      registry.register("Gemm", domain: domain) { context throws(GraphError) in
        try GemmOperator(context)
      }
    }
  }
}
