internal import Glibc

/// ScatterElements and ScatterND: the data with some elements, or slices, replaced by updates, or
/// joined with them.
struct ScatterOperator: Operator {
  enum Reduction: String, Sendable { case none, add, mul, max, min }

  let reduction: Reduction
  /// nil for ScatterND.
  let axis: Int?

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    let indices = try inputs.type(1, among: axis == nil ? [.int64] : DataType.indices)
    let updates = try inputs.type(2, among: [type.dataType])
    if reduction != .none, type.dataType.elementType == nil {
      throw GraphError(
        code: .unsupportedType, message: "\(type.dataType) cannot be reduced by \(reduction)")
    }
    guard let shape = type.shape, let picked = indices.shape, let given = updates.shape else {
      return [type]
    }
    if let axis {
      try GatherElementsOperator.check(shape, picked, axis: axis, "indices")
      guard given.count == picked.count,
        zip(given, picked).allSatisfy({ $0 == $1 || $0 < 0 || $1 < 0 })
      else { throw mismatch(picked, given) }
    } else {
      guard let depth = picked.last, depth < 0 || depth <= shape.count else {
        throw mismatch(picked, given)
      }
      let expected = depth < 0 ? given : Array(picked.dropLast() + shape[depth...])
      guard given.count == expected.count,
        zip(given, expected).allSatisfy({ $0 == $1 || $0 < 0 || $1 < 0 })
      else { throw mismatch(picked, given) }
    }
    return [type]
  }

  private func mismatch(_ indices: [Int], _ updates: [Int]) -> GraphError {
    GraphError(
      code: .shapeMismatch,
      message: "updates \(Shape.describe(updates)) do not fit indices \(Shape.describe(indices))")
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (data, indices) = (try operands.input(0), try operands.input(1))
    let (updates, output) = (try operands.input(2), try operands.output())
    let place: (Int) throws(ExecutionError) -> Int
    var elements: ElementPlace?
    if let axis {
      let element = ElementPlace(
        data: data.shape, indices: indices.shape,
        axis: try normalizedAxis(axis, rank: data.shape.count), Indices(indices))
      elements = element
      place = { index throws(ExecutionError) in try element(index) }
    } else {
      let slice = SlicePlace(
        data: data.shape, indices: indices.shape, batchCount: 0, Indices(indices))
      if reduction == .none, let size = data.dataType.elementByteCount {
        return Self.slices(data, updates, output, slice, byteCount: slice.count * size)
      }
      let count = max(1, slice.count)
      place = { index throws(ExecutionError) in
        try slice.start(index / count) + index % count
      }
    }
    if let from = data.strings, let added = updates.strings, let to = output.strings {
      return { () throws(ExecutionError) in
        var elements = StringFraming.elements(from.bytes) ?? []
        for (index, element) in (StringFraming.elements(added.bytes) ?? []).enumerated() {
          elements[try place(index)] = element
        }
        to.removeAll()
        for element in elements { to.append(element: element) }
      }
    }
    if reduction == .none, let elements {
      switch data.dataType.elementByteCount {
      case 1: return Self.step(UInt8.self, data, updates, output, elements)
      case 2: return Self.step(UInt16.self, data, updates, output, elements)
      case 4: return Self.step(UInt32.self, data, updates, output, elements)
      default: return Self.step(UInt64.self, data, updates, output, elements)
      }
    }
    if data.dataType == .bool { return step(UInt8.self, data, updates, output, place) }
    if data.dataType == .fp32 { return step(Float.self, data, updates, output, place) }
    return step(try data.dataType.numeric(), data, updates, output, place)
  }

  /// Whole slices that replace others.
  private static func slices(
    _ data: Operand, _ updates: Operand, _ output: Operand, _ slice: SlicePlace, byteCount: Int
  ) -> Step {
    let (source, target, added) = (data.bytes, output.bytes, updates.bytes)
    let (whole, count) = (output.byteCount, slice.count == 0 ? 0 : updates.count / slice.count)
    let elementByteCount = slice.count == 0 ? 0 : byteCount / slice.count
    return { () throws(ExecutionError) in
      if source != target { memcpy(target, source, whole) }
      try slice.forEachStart(count) { row, start in
        memcpy(target + start * elementByteCount, added + row * byteCount, byteCount)
      }
    }
  }

  /// Elements of any type that replace others.
  @_specialize(where T == UInt8)
  @_specialize(where T == UInt16)
  @_specialize(where T == UInt32)
  @_specialize(where T == UInt64)
  private static func step<T: FixedWidthInteger>(
    _ type: T.Type, _ data: Operand, _ updates: Operand, _ output: Operand, _ place: ElementPlace
  ) -> Step {
    let (source, target) = (data.bytes, output.pointer(T.self))
    let (added, byteCount) = (updates.pointer(T.self), output.byteCount)
    return { () throws(ExecutionError) in
      if source != UnsafeMutableRawPointer(target) { memcpy(target, source, byteCount) }
      try place.forEach { index, position in target[position] = added[index] }
    }
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ data: Operand, _ updates: Operand, _ output: Operand,
    _ place: @escaping (Int) throws(ExecutionError) -> Int
  ) -> Step {
    let (source, target) = (data.bytes, output.pointer(T.self))
    let (added, count, byteCount) = (updates.pointer(T.self), updates.count, output.byteCount)
    let reduction = reduction
    return { () throws(ExecutionError) in
      if source != UnsafeMutableRawPointer(target) { memcpy(target, source, byteCount) }
      for index in 0..<count {
        let position = try place(index)
        let (old, new) = (target[position], added[index])
        target[position] =
          switch reduction {
          case .none: new
          case .add: T.add(old, new)
          case .mul: T.multiply(old, new)
          case .max: T.maximum(old, new)
          case .min: T.minimum(old, new)
          }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for name in ["ScatterElements", "Scatter", "ScatterND"] {
      registry.register(name) { context throws(GraphError) in
        let name = try context.string("reduction") ?? "none"
        guard let reduction = Reduction(rawValue: name) else {
          throw context.unsupported("reduction", name, expected: "none, add, mul, max or min")
        }
        let isND = context.node.opType == "ScatterND"
        return ScatterOperator(
          reduction: reduction, axis: isND ? nil : try context.int("axis", default: 0))
      }
    }
  }
}
