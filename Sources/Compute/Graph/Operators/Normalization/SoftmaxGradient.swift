internal import Glibc

extension SoftmaxOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Softmax", "LogSoftmax") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let flattens = nodes.opset < 13
      let axis = try nodes.attributes.int("axis", default: flattens ? 1 : -1)
      nodes.give(
        nodes.special(
          SoftmaxGradient.opType, [dy, nodes.output()],
          [
            "axis": .int(Int64(axis)), "flattens": .int(flattens ? 1 : 0),
            "log": .int(nodes.node.opType == "LogSoftmax" ? 1 : 0),
          ]), to: 0)
    }
  }
}

/// The gradient of Softmax, y · (dy - Σ dy·y), and of LogSoftmax, dy - exp(y) · Σ dy.
struct SoftmaxGradient: Operator {
  static let opType = "SoftmaxGradient"
  let axis: Int
  let flattens: Bool
  let isLogarithmic: Bool

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    guard try inputs.type(1, among: [type.dataType]).shape == type.shape else {
      throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (given, output) = (try operands.input(0), try operands.output())
    let rank = output.shape.count
    let isLast = rank > 0 && (axis == -1 || axis == rank - 1)
    guard given.dataType == .fp32, isLast, !isLogarithmic, output.count > 0 else {
      return try given.dataType.gradientStep { type throws(GraphError) in
        try step(type, operands)
      }
    }
    let (dy, y, dx) = (given.f32, try operands.input(1).f32, output.f32)
    let (length, threads) = (output.shape[rank - 1], operands.threadPool)
    let cost = Parallel.Cost.elements(output.count, nanosecondsEach: 0.5)
    return {
      Parallel.rows(output.count / length, cost: cost, on: threads) { part in
        let at = part.lowerBound * length
        GradientKernels.softmax(
          into: dx + at, dy + at, value: y + at, lines: part.count, length: length)
      }
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step?
  {
    let (given, output) = (try operands.input(0), try operands.output())
    if output.count == 0 { return nil }
    let axis = try normalizedAxis(axis, rank: output.shape.count)
    let outer = Shape.product(output.shape[..<axis])
    let size =
      output.shape.isEmpty
      ? 1 : flattens ? Shape.product(output.shape[axis...]) : output.shape[axis]
    let inner = output.count / (outer * size)
    let (dy, y) = (given.pointer(T.self), try operands.input(1).pointer(T.self))
    let (dx, isLogarithmic, threads) = (output.pointer(T.self), isLogarithmic, operands.threadPool)
    let cost = Parallel.Cost.elements(output.count, nanosecondsEach: isLogarithmic ? 5 : 1)
    return {
      Parallel.rows(outer * inner, cost: cost, on: threads) { part in
        for line in part {
          let start = line / inner * size * inner + line % inner
          var sum: T = 0
          for index in 0..<size {
            let at = start + index * inner
            sum += isLogarithmic ? dy[at] : dy[at] * y[at]
          }
          for index in 0..<size {
            let at = start + index * inner
            dx[at] =
              isLogarithmic
              ? dy[at] - T(exp(y[at].asDouble)) * sum : y[at] * (dy[at] - sum)
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      SoftmaxGradient(
        axis: try context.int("axis", default: -1),
        flattens: try context.bool("flattens", default: false),
        isLogarithmic: try context.bool("log", default: false))
    }
  }
}
