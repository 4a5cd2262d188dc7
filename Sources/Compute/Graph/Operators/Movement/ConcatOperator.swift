internal import Glibc

/// Concat: joins tensors along one dimension.
struct ConcatOperator: Operator {
  let axis: Int

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    var result = try inputs.type(0)
    guard var shape = result.shape else { return [result] }
    let axis = try normalizedAxis(axis, rank: shape.count)
    for index in 1..<max(1, inputs.count) {
      let next = try inputs.type(index)
      guard next.dataType == result.dataType else {
        throw GraphError(
          code: .typeMismatch,
          message: "all inputs must be \(result.dataType), input \(index) is \(next.dataType)")
      }
      guard let other = next.shape else { return [TensorType(result.dataType, nil)] }
      let fits =
        other.count == shape.count
        && shape.indices.allSatisfy {
          $0 == axis || shape[$0] == other[$0] || shape[$0] < 0 || other[$0] < 0
        }
      guard fits else {
        throw GraphError(
          code: .shapeMismatch,
          message: "all sizes but axis \(axis) must agree: input 0 is "
            + "\(Shape.describe(result.shape)), input \(index) is \(Shape.describe(other))")
      }
      for position in shape.indices where position != axis {
        shape[position] = max(shape[position], other[position])
      }
      if shape[axis] < 0 || other[axis] < 0 {
        shape[axis] = -1
      } else {
        let (sum, overflow) = shape[axis].addingReportingOverflow(other[axis])
        guard !overflow else {
          throw GraphError(code: .shapeOverflow, message: "the joined size overflows")
        }
        shape[axis] = sum
      }
    }
    result.shape = shape
    return [result]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    let axis = try normalizedAxis(axis, rank: output.shape.count)
    let outer = Shape.product(output.shape[..<axis])
    var chunks: [Int] = []
    var inputs: [Operand] = []
    for index in operands.inputs.indices {
      let input = try operands.input(index)
      inputs.append(input)
      chunks.append(Shape.product(input.shape[axis...]))
    }
    if let target = output.strings {
      let sources = inputs.compactMap(\.strings)
      return { Self.strings(sources, chunks, outer, target) }
    }
    let size = output.dataType.elementByteCount!
    let pitch = Shape.product(output.shape[axis...]) * size
    var steps: [(UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int)] = []
    var offset = 0
    for (input, chunk) in zip(inputs, chunks) where chunk > 0 {
      steps.append((output.bytes + offset, input.bytes, chunk * size))
      offset += chunk * size
    }
    return { [steps] in
      // By index: an iterator may allocate.
      for index in steps.indices {
        let (target, source, chunk) = steps[index]
        for row in 0..<outer { memcpy(target + row * pitch, source + row * chunk, chunk) }
      }
    }
  }

  private static func strings(
    _ sources: [StringBuffer], _ chunks: [Int], _ outer: Int, _ target: StringBuffer
  ) {
    target.removeAll()
    let elements = sources.map { StringFraming.elements($0.bytes) ?? [] }
    for row in 0..<outer {
      for (source, chunk) in zip(elements, chunks) {
        for element in source[(row * chunk)..<((row + 1) * chunk)] {
          element.withUnsafeBytes { target.append(element: $0) }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Concat") { context throws(GraphError) in
      guard let axis = try context.int("axis") else {
        throw GraphError(code: .invalidAttribute, message: "Concat needs the attribute axis")
      }
      return ConcatOperator(axis: axis)
    }
    registry.register("FeatureVectorizer", domain: "ai.onnx.ml") { _ in ConcatOperator(axis: 1) }
  }
}
