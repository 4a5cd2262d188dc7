/// NonZero, Compress and Unique: how many elements there will be, only values tell.
enum SelectionOperators {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("NonZero") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in
          let shape = try inputs.type(0, among: DataType.numbers + [.bool]).shape
          return [TensorType(.int64, [shape?.count ?? -1, -1])]
        },
        function: { call throws(ExecutionError) in
          let tensor = try call.tensor(0)
          // The numbers read, and a place in every dimension for each, at most.
          let width = (tensor.shape.count + 2) * MemoryLayout<Int64>.stride
          try call.interpreter.hold(tensor.elementCount * width)
          return try evaluating { () throws(GraphError) in [.tensor(try nonZero(tensor))] }
        })
    }
    registry.register("Compress") { context throws(GraphError) in
      let axis = try context.int("axis")
      return ValueFunction(
        types: { inputs throws(GraphError) in
          _ = try inputs.type(1, among: [.bool])
          let type = try inputs.type(0)
          return [TensorType(type.dataType, axis == nil ? [-1] : nil)]
        },
        function: { call throws(ExecutionError) in
          let (tensor, condition) = (try call.tensor(0), try call.tensor(1))
          return try evaluating { () throws(GraphError) in
            [.tensor(try compress(tensor, condition, axis: axis))]
          }
        })
    }
    registry.register("Unique") { context throws(GraphError) in
      let unique = UniqueElements(
        axis: try context.int("axis"), isSorted: try context.bool("sorted", default: true))
      return ValueFunction(
        types: { inputs throws(GraphError) in
          let type = try inputs.type(0)
          let places = TensorType(.int64, [-1])
          return [
            TensorType(type.dataType, unique.axis == nil ? [-1] : nil), places, places, places,
          ]
        },
        function: { call throws(ExecutionError) in
          let tensor = try call.tensor(0)
          try call.interpreter.prepareCutting(tensor, into: try unique.count(tensor))
          return try evaluating { () throws(GraphError) in
            try unique.run(tensor).map { .tensor($0) }
          }
        })
    }
  }

  private static func nonZero(_ tensor: Tensor) throws(GraphError) -> Tensor {
    let places = try tensor.numbers().enumerated().filter { $0.element != 0 }.map(\.offset)
    let strides = Shape.strides(tensor.shape)
    var indices: [Int64] = []
    for (stride, size) in zip(strides, tensor.shape) {
      indices += places.map { Int64($0 / stride % size) }
    }
    return Tensor(int64: indices, shape: [tensor.shape.count, places.count])
  }

  private static func compress(
    _ tensor: Tensor, _ condition: Tensor, axis: Int?
  ) throws(GraphError) -> Tensor {
    let source = axis == nil ? tensor.reshaped([tensor.elementCount]) : tensor
    let axis = try normalizedAxis(axis ?? 0, rank: source.shape.count)
    let picked = condition.elements(as: UInt8.self).enumerated().filter { $0.element != 0 }
      .map(\.offset)
    return try source.picking(picked, axis: axis)
  }
}

extension Tensor {
  /// The slices of one dimension that indices name.
  func picking(_ indices: [Int], axis: Int) throws(GraphError) -> Tensor {
    let list = Tensor(int64: indices.map { Int64($0) }, shape: [indices.count])
    let known = KnownInputs(
      types: [TensorType(dataType, shape), TensorType(.int64, list.shape)],
      constants: [self, list])
    let gather = GatherOperator(axis: axis)
    return try Evaluator.run(gather, known, types: try gather.infer(known))[0]
  }
}

/// Unique: the different elements, or slices along an axis.
private struct UniqueElements {
  let axis: Int?
  let isSorted: Bool

  /// Slices that are compared.
  func count(_ tensor: Tensor) throws(ExecutionError) -> Int {
    guard let axis else { return tensor.elementCount }
    return try evaluating { () throws(GraphError) in
      tensor.shape[try normalizedAxis(axis, rank: tensor.shape.count)]
    }
  }

  func run(_ tensor: Tensor) throws(GraphError) -> [Tensor] {
    let source = axis == nil ? tensor.reshaped([tensor.elementCount]) : tensor
    let axis = try normalizedAxis(axis ?? 0, rank: source.shape.count)
    let groups: Groups
    // Single elements are compared where they are.
    let isFlat = source.shape.count == 1 && source.dataType != .string
    var slices: [Tensor] = []
    for index in 0..<(isFlat ? 0 : source.shape[axis]) {
      slices.append(source.slice(axis: axis, index..<index + 1, drops: true))
    }
    if source.dataType == .string {
      groups = group(slices.map { $0.stringElements.map { String(decoding: $0, as: UTF8.self) } })
    } else if isFlat {
      groups =
        source.dataType == .bool
        ? groupElements(UInt8.self, source)
        : groupElements(try source.dataType.numeric(), source)
    } else if source.dataType == .bool {
      groups = group(UInt8.self, slices)
    } else {
      groups = group(try source.dataType.numeric(), slices)
    }
    func list(_ values: [Int]) -> Tensor {
      Tensor(int64: values.map { Int64($0) }, shape: [values.count])
    }
    return [
      try source.picking(groups.first, axis: axis), list(groups.first), list(groups.inverse),
      list(groups.counts),
    ]
  }

  private struct Groups {
    var first: [Int] = []
    var inverse: [Int] = []
    var counts: [Int] = []
  }

  private func group<T: Element>(_ type: T.Type, _ slices: [Tensor]) -> Groups {
    group(slices.map { $0.storage.withBytes { Array($0.bindMemory(to: T.self)) } })
  }

  private func group<T: Comparable>(_ slices: [[T]]) -> Groups {
    let order = slices.indices.sorted {
      if slices[$0].lexicographicallyPrecedes(slices[$1]) { return true }
      return $0 < $1 && !slices[$1].lexicographicallyPrecedes(slices[$0])
    }
    return groups(order) { slices[$0] == slices[$1] }
  }

  @_specialize(where T == Float)
  @_specialize(where T == Double)
  @_specialize(where T == Int32)
  @_specialize(where T == Int64)
  private func groupElements<T: Element>(_ type: T.Type, _ tensor: Tensor) -> Groups {
    tensor.storage.withBytes { bytes in
      let values = bytes.bindMemory(to: T.self)
      let order = values.indices.sorted {
        if values[$0] < values[$1] { return true }
        return $0 < $1 && !(values[$1] < values[$0])
      }
      return groups(order) { values[$0] == values[$1] }
    }
  }

  /// The runs of equal ones in an order; each run's first index is its smallest.
  private func groups(_ order: [Int], _ areEqual: (Int, Int) -> Bool) -> Groups {
    var groups = Groups(inverse: [Int](repeating: 0, count: order.count))
    for index in order {
      if let last = groups.first.last, areEqual(last, index) {
        groups.counts[groups.counts.count - 1] += 1
      } else {
        groups.first.append(index)
        groups.counts.append(1)
      }
      groups.inverse[index] = groups.first.count - 1
    }
    if isSorted { return groups }
    // By where they first appear.
    let runs = groups.first.indices.sorted { groups.first[$0] < groups.first[$1] }
    var numbers = [Int](repeating: 0, count: runs.count)
    for (number, run) in runs.enumerated() { numbers[run] = number }
    return Groups(
      first: runs.map { groups.first[$0] }, inverse: groups.inverse.map { numbers[$0] },
      counts: runs.map { groups.counts[$0] })
  }
}
