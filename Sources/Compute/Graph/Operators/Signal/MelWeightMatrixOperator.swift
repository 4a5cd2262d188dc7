internal import Glibc

/// MelWeightMatrix: triangles over the bins of a spectrum, evenly spaced on the mel scale.
struct MelWeightMatrixOperator: Operator {
  let type: DataType

  var shapeOperands: [Int] { [0, 1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    for index in 0...2 { _ = try inputs.type(index, among: DataType.indices) }
    for index in 3...4 { _ = try inputs.type(index, among: DataType.floats) }
    for index in 0...4 { try inputs.checkScalar(index) }
    guard let bins = try inputs.integers(0)?.first, let length = try inputs.integers(1)?.first
    else { return [TensorType(type, [-1, -1])] }
    guard (0...1 << 30).contains(bins), (0...1 << 30).contains(length) else {
      throw GraphError(code: .shapeMismatch, message: "sizes must be at least 0")
    }
    return [TensorType(type, [length / 2 + 1, bins])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    guard let length = try operands.known.integers(1)?.first else { return nil }
    let element: any Element.Type = try type.numeric()
    return try step(element, output, length, operands)
  }

  private func step<T: Element>(
    _ type: T.Type, _ output: Operand, _ length: Int, _ operands: Operands
  ) throws(GraphError) -> Step {
    let rate = Indices(try operands.input(2))
    let (low, high) = (
      try NumberReader(operands.input(3)), try NumberReader(operands.input(4))
    )
    let (target, rows, columns) = (output.pointer(T.self), output.shape[0], output.shape[1])
    func mel(_ hertz: Double) -> Double { 2595 * log10(1 + hertz / 700) }
    return {
      let (from, to) = (mel(low[0]), mel(high[0]))
      let step = (to - from) / Double(columns + 2)
      /// The bin of the spectrum where a triangle begins, peaks or ends.
      func bin(_ index: Int) -> Int {
        let hertz = 700 * (pow(10, (from + Double(index) * step) / 2595) - 1)
        let place = (Double(length + 1) * hertz / Double(max(rate[0], 1))).rounded(.down)
        return Int(place, within: -1...rows)
      }
      for index in 0..<output.count { target[index] = T.zero }
      for column in 0..<columns {
        let (left, center, right) = (bin(column), bin(column + 1), bin(column + 2))
        func set(_ row: Int, _ value: Double) {
          if row >= 0 && row < rows { target[row * columns + column] = T(converting: value) }
        }
        if center <= left { set(center, 1) }
        for row in stride(from: left, through: center, by: 1) where center > left {
          set(row, Double(row - left) / Double(center - left))
        }
        for row in stride(from: center, to: right, by: 1) {
          set(row, Double(right - row) / Double(right - center))
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MelWeightMatrix") { context throws(GraphError) in
      MelWeightMatrixOperator(type: try numberType(context, "output_datatype"))
    }
  }
}
