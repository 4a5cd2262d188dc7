internal import Glibc

/// OneHot: a new dimension in which the indexed place is on and the others are off.
struct OneHotOperator: Operator {
  let axis: Int

  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let indices = try inputs.type(0, among: DataType.numbers)
    _ = try inputs.type(1, among: DataType.numbers)
    let values = try inputs.type(2)
    guard var shape = indices.shape else { return [TensorType(values.dataType, nil)] }
    let axis = try normalizedAxis(axis, rank: shape.count + 1)
    let depth = try Self.depth(inputs)
    shape.insert(depth ?? -1, at: axis)
    return [TensorType(values.dataType, shape)]
  }

  private static func depth(_ inputs: KnownInputs) throws(GraphError) -> Int? {
    guard let tensor = inputs.constant(1) else { return nil }
    guard tensor.elementCount == 1, let depth = try tensor.numbers().first, depth >= 0,
      depth <= Double(Shape.elementCountMax)
    else {
      throw GraphError(code: .shapeMismatch, message: "OneHot's depth must be one number above 0")
    }
    return Int(depth)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (indices, values) = (try operands.input(0), try operands.input(2))
    let output = try operands.output()
    let axis = try normalizedAxis(axis, rank: output.shape.count)
    guard values.count == 2 else {
      throw GraphError(code: .shapeMismatch, message: "OneHot needs an off and an on value")
    }
    return step(
      try indices.dataType.numeric(), indices, values, output, depth: output.shape[axis],
      inner: Shape.product(output.shape[(axis + 1)...]))
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ indices: Operand, _ values: Operand, _ output: Operand, depth: Int,
    inner: Int
  ) -> Step {
    let read = indices.pointer(T.self)
    if let size = output.dataType.elementByteCount, output.count > 0 {
      let (target, off, count) = (output.bytes, values.bytes, indices.count)
      let byteCount = output.byteCount
      return {
        Self.repeatElement(off, size, into: target, byteCount: byteCount)
        for index in 0..<count {
          let given = read[index].asDouble
          let place = given < 0 ? given + Double(depth) : given
          guard place >= 0, place < Double(depth), place == place.rounded() else { continue }
          let position = (index / inner * depth + Int(place)) * inner + index % inner
          memcpy(target + position * size, off + size, size)
        }
      }
    }
    return ElementMove.step(values, output) { index in
      let place = index / inner % depth
      var wanted = read[index / (inner * depth) * inner + index % inner].asDouble
      if wanted < 0 { wanted += Double(depth) }
      return wanted == Double(place) ? 1 : 0
    }
  }

  /// Fills memory with copies of one element, twice as many each time.
  private static func repeatElement(
    _ element: UnsafeRawPointer, _ size: Int, into target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    memcpy(target, element, size)
    var filled = size
    while filled < byteCount {
      let count = min(filled, byteCount - filled)
      memcpy(target + filled, target, count)
      filled += count
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("OneHot") { context throws(GraphError) in
      OneHotOperator(axis: try context.int("axis", default: -1))
    }
  }
}

extension Tensor {
  /// The elements as numbers in double precision.
  func numbers() throws(GraphError) -> [Double] {
    func read<T: Element>(_ type: T.Type) -> [Double] {
      storage.withBytes { $0.bindMemory(to: T.self).map(\.asDouble) }
    }
    return dataType == .bool ? read(UInt8.self) : read(try dataType.numeric())
  }
}
