/// SVMRegressor: sums of kernels of a row with the support vectors; or, as a one-class model, on
/// which side of the boundary the row lies.
struct SupportVectors: Operator {
  private let kernel: SupportVectorKernel
  private let coefficients: [Float]
  /// Row by row; empty for a plain linear model, whose coefficients are the features'.
  private let vectors: [Float]
  private let offset: Float
  private let isOneClass: Bool
  private let transform: PostTransform
  private let width: Int

  var weightByteCount: Int { (coefficients.count + vectors.count) * MemoryLayout<Float>.stride }

  init(_ context: OperatorContext) throws(GraphError) {
    kernel = try SupportVectorKernel(context)
    coefficients = try context.floats("coefficients") ?? []
    let count = try context.int("n_supports", default: 0)
    vectors = count > 0 ? try context.floats("support_vectors") ?? [] : []
    offset = try context.floats("rho")?.first ?? 0
    isOneClass = try context.bool("one_class", default: false)
    transform = try PostTransform(context)
    guard !coefficients.isEmpty,
      count <= 0 || (coefficients.count == count && !vectors.isEmpty && vectors.count % count == 0)
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(count) support vectors need as many coefficients, got \(coefficients.count)")
    }
    width = count > 0 ? vectors.count / count : coefficients.count
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let rows = try FeatureRows.count(inputs, width: width)
    return [TensorType(.fp32, [rows, 1])]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    let (rows, _) = FeatureRows.sizes(inputs.optional(0)?.shape)
    return Double(rows) * Double(vectors.count)
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    width * MemoryLayout<Float>.stride
  }

  func follows(input index: Int, _ inputs: KnownInputs) -> Bool { FeatureRows.follows(inputs) }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (rows, target) = (FeatureRows(try operands.input(0)), try operands.output().f32)
    let row = operands.scratch.assumingMemoryBound(to: Float.self)
    let model = self
    return {
      for index in 0..<rows.rowCount {
        rows.load(index, into: row)
        let score = model.score(row)
        target[index] = model.isOneClass ? (score > 0 ? 1 : -1) : score
        if !model.isOneClass { model.transform.apply(target + index, 1) }
      }
    }
  }

  private func score(_ row: UnsafeMutablePointer<Float>) -> Float {
    var sum = Double(offset)
    if vectors.isEmpty {
      for index in 0..<width { sum += Double(coefficients[index] * row[index]) }
      return Float(sum)
    }
    vectors.withUnsafeBufferPointer { vectors in
      for (number, coefficient) in coefficients.enumerated() {
        sum += Double(coefficient) * kernel(row, vectors.baseAddress! + number * width, width)
      }
    }
    return Float(sum)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("SVMRegressor", domain: "ai.onnx.ml") { context throws(GraphError) in
      try SupportVectors(context)
    }
  }
}
