/// Det: determinants of the matrices of the last two dimensions, by elimination with pivots.
struct DetOperator: Operator {
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard let shape = type.shape else { return [type] }
    guard shape.count >= 2, shape[shape.count - 1] == shape[shape.count - 2] || shape.contains(-1)
    else {
      throw GraphError(
        code: .shapeMismatch, message: "Det needs square matrices, got \(Shape.describe(shape))")
    }
    return [TensorType(type.dataType, shape.dropLast(2))]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    let (count, overflow) = size(inputs).multipliedReportingOverflow(by: size(inputs))
    guard !overflow, count <= Shape.elementCountMax else {
      throw GraphError(
        code: .shapeOverflow, message: "a matrix of \(size(inputs)) rows is too large")
    }
    return count * MemoryLayout<Double>.stride
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    let count = Double(outputs[0].shape.flatMap(Shape.elementCount) ?? 0)
    let size = Double(size(inputs))
    return count * size * size * size
  }

  private func size(_ inputs: KnownInputs) -> Int { inputs.optional(0)?.shape?.last ?? 0 }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    return step(
      try input.dataType.numeric(), input, try operands.output(),
      operands.scratch.assumingMemoryBound(to: Double.self))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ matrix: UnsafeMutablePointer<Double>
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let size = input.shape.last ?? 0
    return {
      for index in 0..<output.count {
        for place in 0..<size * size {
          matrix[place] = source[index * size * size + place].asDouble
        }
        target[index] = T(converting: Self.eliminate(matrix, size))
      }
    }
  }

  private static func eliminate(_ matrix: UnsafeMutablePointer<Double>, _ size: Int) -> Double {
    var result = 1.0
    for column in 0..<size {
      var pivot = column
      for row in column..<size
      where abs(matrix[row * size + column]) > abs(matrix[pivot * size + column]) {
        pivot = row
      }
      if matrix[pivot * size + column] == 0 { return 0 }
      if pivot != column {
        for place in 0..<size {
          let held = matrix[pivot * size + place]
          matrix[pivot * size + place] = matrix[column * size + place]
          matrix[column * size + place] = held
        }
        result = -result
      }
      result *= matrix[column * size + column]
      for row in column + 1..<max(size, column + 1) {
        let factor = matrix[row * size + column] / matrix[column * size + column]
        for place in column..<size {
          matrix[row * size + place] -= factor * matrix[column * size + place]
        }
      }
    }
    return result
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Det") { _ in DetOperator() }
  }
}
