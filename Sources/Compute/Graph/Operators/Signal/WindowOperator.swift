internal import Glibc

/// HannWindow, HammingWindow and BlackmanWindow: sums of cosines over a window's length.
struct WindowOperator: Operator {
  /// a₀ - a₁ cos(2πn/N) + a₂ cos(4πn/N).
  let coefficients: (Double, Double, Double)
  let isPeriodic: Bool
  let type: DataType

  var shapeOperands: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    _ = try inputs.type(0, among: DataType.indices)
    guard let size = try inputs.integers(0) else { return [TensorType(type, [-1])] }
    guard size.count == 1, size[0] >= 0 else {
      throw GraphError(code: .shapeMismatch, message: "a window's size must be one number")
    }
    return [TensorType(type, size)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let element: any Element.Type = try type.numeric()
    return step(element, try operands.output())
  }

  private func step<T: Element>(_ type: T.Type, _ output: Operand) -> Step {
    let (target, count) = (output.pointer(T.self), output.count)
    let (a, length) = (coefficients, Double(max(1, isPeriodic ? count : count - 1)))
    return {
      for index in 0..<count {
        let angle = 2 * Double.pi * Double(index) / length
        target[index] = T(converting: a.0 - a.1 * cos(angle) + a.2 * cos(2 * angle))
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    let windows: [(String, (Double, Double, Double))] = [
      ("HannWindow", (0.5, 0.5, 0)), ("HammingWindow", (25.0 / 46, 21.0 / 46, 0)),
      ("BlackmanWindow", (0.42, 0.5, 0.08)),
    ]
    for (name, coefficients) in windows {
      registry.register(name) { context throws(GraphError) in
        WindowOperator(
          coefficients: coefficients, isPeriodic: try context.bool("periodic", default: true),
          type: try numberType(context, "output_datatype"))
      }
    }
  }
}

/// A type of numbers that an attribute names; FP32 if it doesn't.
func numberType(_ context: OperatorContext, _ name: String) throws(GraphError) -> DataType {
  let code = try context.int(name, default: 1)
  guard let type = DataType(onnxCode: code), type.elementType != nil else {
    throw context.unsupported(name, "\(code)", expected: "a type of numbers")
  }
  return type
}
