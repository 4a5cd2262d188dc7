/// Operators that give the same bytes another shape.
enum ShapeAliases {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("Flatten") { context throws(GraphError) in
      let axis = try context.int("axis", default: 1)
      return AliasOperator(shape: { inputs throws(GraphError) in
        try flatten(inputs.type(0).shape, axis: axis)
      })
    }
    registry.register("Reshape") { context throws(GraphError) in
      let allowZero = try context.bool("allowzero", default: false)
      return AliasOperator(
        shape: { inputs throws(GraphError) in
          try reshape(inputs, allowZero: allowZero)
        }, shapeOperands: [1])
    }
    for (name, isSqueeze) in [("Squeeze", true), ("Unsqueeze", false)] {
      registry.register(name) { context throws(GraphError) in
        let attribute = try context.ints("axes")
        return AliasOperator(
          shape: { inputs throws(GraphError) in
            var axes = attribute
            if axes == nil, inputs.optional(1) != nil {
              guard let values = try inputs.integers(1) else { return nil }
              axes = values
            }
            guard let shape = try inputs.type(0).shape else { return nil }
            return isSqueeze ? try squeeze(shape, axes) : try unsqueeze(shape, axes)
          }, shapeOperands: [1])
      }
    }
    registry.register("ZipMap", domain: "ai.onnx.ml") { _ in
      // A map per row cannot cross the Open Inference Protocol: the scores stay one tensor,
      // and the labels are in the model's metadata.
      AliasOperator(shape: { inputs throws(GraphError) in try inputs.type(0).shape })
    }
  }

  static func flatten(_ shape: [Int]?, axis: Int) throws(GraphError) -> [Int]? {
    guard let shape else { return nil }
    guard axis >= -shape.count && axis <= shape.count else {
      throw GraphError(
        code: .invalidAttribute,
        message: "axis must be in \(-shape.count)...\(shape.count), got \(axis)")
    }
    let axis = axis < 0 ? axis + shape.count : axis
    return [try product(shape[..<axis]), try product(shape[axis...])]
  }

  /// The product, or -1 if a factor is unknown.
  private static func product(_ dimensions: ArraySlice<Int>) throws(GraphError) -> Int {
    if dimensions.contains(where: { $0 < 0 }) { return -1 }
    guard let product = Shape.elementCount(Array(dimensions)) else {
      throw GraphError(
        code: .shapeOverflow, message: "\(Shape.describe(Array(dimensions))) overflows")
    }
    return product
  }

  private static func reshape(
    _ inputs: KnownInputs, allowZero: Bool
  ) throws(GraphError) -> [Int]? {
    let type = try inputs.type(0)
    let targetType = try inputs.type(1, among: [.int64])
    guard var target = try inputs.integers(1) else {
      // At least the rank is known from the length of the target.
      guard let length = targetType.shape, length.count == 1, length[0] >= 0, length[0] <= 64
      else { return nil }
      return [Int](repeating: -1, count: length[0])
    }
    var wildcard: Int?
    var copied = Set<Int>()
    for index in target.indices {
      if target[index] == -1 {
        guard wildcard == nil else {
          throw GraphError(
            code: .shapeMismatch, message: "Reshape may leave one size open, got two")
        }
        wildcard = index
      } else if target[index] == 0 && !allowZero {
        guard let shape = type.shape else { return [Int](repeating: -1, count: target.count) }
        guard index < shape.count else {
          throw GraphError(
            code: .shapeMismatch,
            message: "Reshape copies dimension \(index) of \(Shape.describe(shape))")
        }
        target[index] = shape[index]
        copied.insert(index)
      } else if target[index] < -1 {
        throw GraphError(
          code: .shapeMismatch, message: "sizes must be at least -1, got \(target[index])")
      }
    }
    return try complete(target, wildcard, copied, from: type.shape)
  }

  private static func complete(
    _ target: [Int], _ wildcard: Int?, _ copied: Set<Int>, from shape: [Int]?
  ) throws(GraphError) -> [Int] {
    var target = target
    guard let shape, shape.allSatisfy({ $0 >= 0 }), let count = Shape.elementCount(shape) else {
      // Unknown dimensions copied one to one cancel out, so that [N, 4, 4] reshaped to
      // [0, -1] still says [N, 16].
      if let wildcard, let shape {
        let rest = shape.indices.filter { !copied.contains($0) }.map { shape[$0] }
        let others = target.indices.filter { $0 != wildcard && !copied.contains($0) }
          .map { target[$0] }
        if let total = Shape.elementCount(rest), let part = Shape.elementCount(others), part > 0,
          total % part == 0
        {
          target[wildcard] = total / part
        }
      }
      return target
    }
    let known = target.indices.filter { $0 != wildcard }.map { target[$0] }
    guard let part = Shape.elementCount(known) else {
      throw GraphError(
        code: .shapeOverflow, message: "the target shape \(Shape.describe(target)) overflows")
    }
    if let wildcard, part > 0, count % part == 0 { target[wildcard] = count / part }
    if let wildcard, part == 0, count == 0 { target[wildcard] = 0 }
    guard Shape.elementCount(target) == count else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Reshape needs equal element counts: \(Shape.describe(shape)) does not fit "
          + Shape.describe(target))
    }
    return target
  }

  private static func squeeze(_ shape: [Int], _ axes: [Int]?) throws(GraphError) -> [Int]? {
    guard let axes else {
      return shape.contains(-1) ? nil : shape.filter { $0 != 1 }
    }
    var removed = Set<Int>()
    for axis in axes {
      let axis = try normalizedAxis(axis, rank: shape.count)
      guard shape[axis] == 1 || shape[axis] < 0 else {
        throw GraphError(
          code: .shapeMismatch,
          message: "Squeeze needs size 1 at axis \(axis), got \(Shape.describe(shape))")
      }
      removed.insert(axis)
    }
    return shape.indices.filter { !removed.contains($0) }.map { shape[$0] }
  }

  private static func unsqueeze(_ shape: [Int], _ axes: [Int]?) throws(GraphError) -> [Int]? {
    guard let axes else {
      throw GraphError(code: .missingInput, message: "Unsqueeze needs axes")
    }
    let rank = shape.count + axes.count
    guard rank <= 64 else {
      throw GraphError(code: .shapeOverflow, message: "rank \(rank) is over 64")
    }
    var added = Set<Int>()
    for axis in axes {
      guard added.insert(try normalizedAxis(axis, rank: rank)).inserted else {
        throw GraphError(code: .invalidAttribute, message: "axis \(axis) is given twice")
      }
    }
    var rest = shape.makeIterator()
    return (0..<rank).map { added.contains($0) ? 1 : rest.next()! }
  }
}
