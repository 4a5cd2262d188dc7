/// TopK: the largest or smallest elements along an axis, and where they were; sorted always.
struct TopKOperator: Operator {
  let axis: Int
  let isLargest: Bool
  /// Before opset 10.
  let count: Int?

  var shapeOperands: [Int] { count == nil ? [1] : [] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.numbers)
    guard var shape = type.shape else { return [type, TensorType(.int64, nil)] }
    let axis = try normalizedAxis(axis, rank: shape.count)
    guard !shape.isEmpty else {
      throw GraphError(code: .shapeMismatch, message: "TopK needs rank 1 or more, got []")
    }
    let k = count != nil ? count : try inputs.integers(1)?.first
    if let k, k < 0 || shape[axis] >= 0 && k > shape[axis] {
      throw GraphError(
        code: .shapeMismatch, message: "k must be in 0...\(shape[axis]), got \(k)")
    }
    shape[axis] = k ?? -1
    return [TensorType(type.dataType, shape), TensorType(.int64, shape)]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let shape = inputs.optional(0)?.shape else { return 0 }
    return shape[try normalizedAxis(axis, rank: shape.count)] * MemoryLayout<Int>.stride
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if input.dataType == .fp32 { return try step(of: input, operands) }
    return try step(try input.dataType.numeric(), input, operands)
  }

  /// Elements of a line, what lies between two of them, how many lines there are, and how many elements are wanted of
  /// each; nil if nobody wants any.
  private func extent(
    _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> (size: Int, inner: Int, lines: Int, k: Int)? {
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    guard let k = (operands.optionalOutput(0) ?? operands.optionalOutput(1))?.shape[axis]
    else { return nil }
    let size = input.shape[axis]
    return (size, Shape.product(input.shape[(axis + 1)...]), size == 0 ? 0 : input.count / size, k)
  }

  /// Of FP32, by words that hold number and place.
  private func step(of input: Operand, _ operands: Operands) throws(GraphError) -> Step? {
    guard let (size, inner, lines, k) = try extent(input, operands) else { return nil }
    let source = input.pointer(Float.self)
    let values = operands.optionalOutput(0)?.pointer(Float.self)
    let indices = operands.optionalOutput(1)?.pointer(Int64.self)
    let words = operands.scratch.assumingMemoryBound(to: UInt64.self)
    let isLargest = isLargest
    return {
      for line in 0..<lines {
        let (block, column) = (line / inner, line % inner)
        let from = source + block * size * inner + column
        var ranked = RankedIndices(words)
        for index in 0..<size { ranked.add(from[index * inner], index, isLargest: isLargest) }
        ranked.rank()
        for place in 0..<k {
          guard let found = ranked.popBest() else { break }
          let to = block * k * inner + place * inner + column
          values?[to] = from[found * inner]
          indices?[to] = Int64(found)
        }
      }
    }
  }

  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> Step? {
    guard let (size, inner, lines, k) = try extent(input, operands) else { return nil }
    let source = input.pointer(T.self)
    let values = operands.optionalOutput(0)?.pointer(T.self)
    let indices = operands.optionalOutput(1)?.pointer(Int64.self)
    let order = operands.scratch.assumingMemoryBound(to: Int.self)
    let isLargest = isLargest
    return {
      for line in 0..<lines {
        let (block, column) = (line / inner, line % inner)
        let from = source + block * size * inner + column
        // Equal elements in the order of their places.
        let heap = IndexHeap(order, count: size) { a, b in
          let (x, y) = (from[a * inner], from[b * inner])
          return x == y ? a < b : isLargest ? y < x : x < y
        }
        for place in 0..<k {
          let found = heap.remove(size - place)
          let to = block * k * inner + place * inner + column
          values?[to] = from[found * inner]
          indices?[to] = Int64(found)
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("TopK") { context throws(GraphError) in
      TopKOperator(
        axis: try context.int("axis", default: -1),
        isLargest: try context.bool("largest", default: true), count: try context.int("k"))
    }
  }
}

/// A binary heap of indices in memory that is given; its first is before all others.
private struct IndexHeap {
  private let items: UnsafeMutablePointer<Int>
  private let isBefore: (Int, Int) -> Bool

  init(
    _ items: UnsafeMutablePointer<Int>, count: Int, isBefore: @escaping (Int, Int) -> Bool
  ) {
    self.items = items
    self.isBefore = isBefore
    for index in 0..<count { items[index] = index }
    for index in stride(from: count / 2 - 1, through: 0, by: -1) { sink(index, count) }
  }

  /// Takes the first of `count` items.
  func remove(_ count: Int) -> Int {
    let first = items[0]
    items[0] = items[count - 1]
    sink(0, count - 1)
    return first
  }

  private func sink(_ start: Int, _ count: Int) {
    var parent = start
    while 2 * parent + 1 < count {
      var child = 2 * parent + 1
      if child + 1 < count && isBefore(items[child + 1], items[child]) { child += 1 }
      guard isBefore(items[child], items[parent]) else { return }
      (items[child], items[parent]) = (items[parent], items[child])
      parent = child
    }
  }
}
