internal import Glibc

/// Gather: picks slices along one axis by index; negative indices count from the end.
struct GatherOperator: Operator {
  let axis: Int

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    let indices = try inputs.type(1, among: [.int64, .int32])
    guard let shape = type.shape, let picked = indices.shape else {
      return [TensorType(type.dataType, nil)]
    }
    let axis = try normalizedAxis(axis, rank: shape.count)
    guard !shape.isEmpty else {
      throw GraphError(code: .shapeMismatch, message: "Gather needs rank 1 or more, got []")
    }
    return [TensorType(type.dataType, Array(shape[..<axis] + picked + shape[(axis + 1)...]))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, indices) = (try operands.input(0), try operands.input(1))
    let output = try operands.output()
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    let outer = Shape.product(input.shape[..<axis])
    let inner = Shape.product(input.shape[(axis + 1)...])
    let gather = Picker(
      outer: outer, axis: input.shape[axis], inner: inner, indices: indices)
    if let source = input.strings, let target = output.strings {
      return { () throws(ExecutionError) in
        let elements = StringFraming.elements(source.bytes) ?? []
        target.removeAll()
        try gather.forEach { _, from in
          for element in elements[from..<(from + inner)] {
            element.withUnsafeBytes { target.append(element: $0) }
          }
        }
      }
    }
    let size = input.dataType.elementByteCount!
    let (source, target, chunk) = (input.bytes, output.bytes, inner * size)
    return { () throws(ExecutionError) in
      try gather.forEach { index, from in
        memcpy(target + index * chunk, source + from * size, chunk)
      }
    }
  }

  /// Visits the picked slices in output order with the element each starts at.
  struct Picker {
    let outer: Int
    let axis: Int
    let inner: Int
    let indices: Operand

    func forEach(_ body: (Int, Int) -> Void) throws(ExecutionError) {
      let count = indices.count
      let wide = indices.dataType == .int64
      var position = 0
      for block in 0..<outer {
        for index in 0..<count {
          var picked =
            wide
            ? Int(indices.pointer(Int64.self)[index])
            : Int(indices.pointer(Int32.self)[index])
          if picked < 0 { picked &+= axis }
          guard picked >= 0 && picked < axis else {
            throw ExecutionError(
              code: .invalidValue,
              message: "indices must be in \(-axis)...\(axis - 1) for an axis of size \(axis)")
          }
          body(position, (block * axis + picked) * inner)
          position += 1
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Gather") { context throws(GraphError) in
      GatherOperator(axis: try context.int("axis", default: 0))
    }
    // Picks columns, which is Gather on the last axis, of a flat list of indices.
    registry.register("ArrayFeatureExtractor", domain: "ai.onnx.ml") { _ in
      ArrayFeatureExtractor()
    }
  }
}

/// ai.onnx.ml.ArrayFeatureExtractor: columns of the last axis by index; at least two
/// dimensions come out.
struct ArrayFeatureExtractor: Operator {
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    let indices = try inputs.type(1, among: [.int64])
    guard let shape = type.shape, let picked = indices.shape else {
      return [TensorType(type.dataType, nil)]
    }
    guard !shape.isEmpty else {
      throw GraphError(code: .shapeMismatch, message: "the data needs rank 1 or more, got []")
    }
    let count = picked.contains(-1) ? -1 : Shape.elementCount(picked) ?? -1
    return [TensorType(type.dataType, shape.count == 1 ? [1, count] : shape.dropLast() + [count])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, indices) = (try operands.input(0), try operands.input(1))
    let flat = Operand(
      dataType: indices.dataType, shape: [indices.count], count: indices.count,
      bytes: indices.bytes, strings: nil)
    return try GatherOperator(axis: -1).makeStep(
      Operands(
        inputs: [input, flat], outputs: operands.outputs, scratch: operands.scratch,
        known: operands.known, threadPool: operands.threadPool))
  }
}
