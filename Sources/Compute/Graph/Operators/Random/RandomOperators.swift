internal import Glibc

/// RandomNormal, RandomUniform, their relatives that take a shape from a tensor, Bernoulli and
/// Multinomial. With a seed a context draws the same numbers again from its first run on.
struct RandomOperator: Operator {
  enum Distribution: Sendable {
    case normal(mean: Double, scale: Double)
    case uniform(low: Double, high: Double)
    /// One with the probability that the input holds.
    case bernoulli
    /// Classes by logarithms of their weights.
    case multinomial(samples: Int)
  }

  let distribution: Distribution
  let type: DataType?
  let shape: [Int]?
  let seed: Float?

  var isFoldable: Bool { false }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    if let shape { return [TensorType(type ?? .fp32, shape)] }
    let input = try inputs.type(0)
    if case .multinomial(let samples) = distribution {
      guard input.shape.map({ $0.count == 2 }) ?? true, input.dataType.isFloatingPoint else {
        throw GraphError(
          code: .shapeMismatch, message: "needs [N×C], got \(Shape.describe(input.shape))")
      }
      return [TensorType(type ?? .int32, [input.shape?[0] ?? -1, samples])]
    }
    return [TensorType(type ?? input.dataType, input.shape)]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard case .multinomial(let samples) = distribution,
      let count = inputs.optional(0)?.shape.flatMap(Shape.elementCount)
    else { return 0 }
    return Double(count) * Double(samples)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    let element: any Element.Type =
      output.dataType == .bool ? UInt8.self : try output.dataType.numeric()
    return try step(element, output, operands)
  }

  private func step<T: Element>(
    _ type: T.Type, _ output: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let (target, count) = (output.pointer(T.self), output.count)
    let random = RandomSource(seed: seed)
    switch distribution {
    case .normal(let mean, let scale):
      return {
        for index in 0..<count {
          target[index] = T(converting: mean + scale * random.normal())
        }
      }
    case .uniform(let low, let high):
      return {
        for index in 0..<count {
          target[index] = T(converting: low + (high - low) * random.uniform())
        }
      }
    case .bernoulli:
      let probability = try NumberReader(try operands.input(0))
      let (zero, one) = (T.zero, T(converting: 1))
      return {
        for index in 0..<count {
          target[index] = random.uniform() < probability[index] ? one : zero
        }
      }
    case .multinomial(let samples):
      let input = try operands.input(0)
      let (weights, classes) = (try NumberReader(input), input.shape[1])
      return {
        for index in 0..<count {
          let row = index / samples * classes
          // The largest of the logarithms plus Gumbel noise is a draw by the weights.
          var (best, bestScore) = (0, -Double.infinity)
          for place in 0..<classes {
            let score = weights[row + place] - log(-log(random.uniform()))
            if score > bestScore { (best, bestScore) = (place, score) }
          }
          target[index] = T(converting: Double(best))
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for name in ["RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"] {
      registry.register(name) { context throws(GraphError) in
        let isNormal = name.contains("Normal")
        let distribution: Distribution =
          isNormal
          ? .normal(
            mean: Double(try context.float("mean", default: 0)),
            scale: Double(try context.float("scale", default: 1)))
          : .uniform(
            low: Double(try context.float("low", default: 0)),
            high: Double(try context.float("high", default: 1)))
        let shape = name.hasSuffix("Like") ? nil : try context.ints("shape") ?? []
        if let shape, Shape.elementCount(shape) == nil {
          throw GraphError(code: .invalidAttribute, message: "the shape must not be negative")
        }
        return RandomOperator(
          distribution: distribution, type: try typeAttribute(context), shape: shape,
          seed: try context.float("seed"))
      }
    }
    registry.register("Bernoulli") { context throws(GraphError) in
      RandomOperator(
        distribution: .bernoulli, type: try typeAttribute(context), shape: nil,
        seed: try context.float("seed"))
    }
    registry.register("Multinomial") { context throws(GraphError) in
      let samples = try context.int("sample_size", default: 1)
      guard (1...1 << 30).contains(samples) else {
        throw GraphError(code: .invalidAttribute, message: "sample_size must be at least 1")
      }
      return RandomOperator(
        distribution: .multinomial(samples: samples), type: try typeAttribute(context),
        shape: nil, seed: try context.float("seed"))
    }
  }

  private static func typeAttribute(
    _ context: OperatorContext
  ) throws(GraphError) -> DataType? {
    guard let code = try context.int("dtype") else { return nil }
    guard let type = DataType(onnxCode: code), type != .string else {
      throw context.unsupported("dtype", "\(code)", expected: "a type of numbers")
    }
    return type
  }
}
