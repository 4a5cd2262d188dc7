/// Making sequences of tensors, looking into them, and joining them again.
enum SequenceOperators {
  static func register(in registry: inout OperatorRegistry) {
    registerMaking(in: &registry)
    registerReading(in: &registry)
    registry.register("SplitToSequence") { context throws(GraphError) in
      let split = SequenceSplit(
        axis: try context.int("axis", default: 0),
        keepsDimension: try context.bool("keepdims", default: true))
      return ValueFunction(
        types: { inputs throws(GraphError) in
          [TensorType(try inputs.type(0).dataType, nil, .sequence)]
        }, function: { call throws(ExecutionError) in [.sequence(try split.run(call))] })
    }
    registry.register("ConcatFromSequence") { context throws(GraphError) in
      guard let axis = try context.int("axis") else {
        throw GraphError(
          code: .invalidAttribute, message: "ConcatFromSequence needs the attribute axis")
      }
      let stacks = try context.bool("new_axis", default: false)
      return ValueFunction(
        types: { inputs throws(GraphError) in
          [TensorType(try inputs.sequence(0).dataType, nil)]
        },
        function: { call throws(ExecutionError) in
          let parts = try call.sequence(0)
          return try evaluating { () throws(GraphError) in
            let rank = parts.first?.shape.count ?? 0
            let axis = try normalizedAxis(axis, rank: stacks ? rank + 1 : rank)
            guard stacks || rank > 0 else {
              throw GraphError(code: .shapeMismatch, message: "scalars cannot be joined")
            }
            return [
              .tensor(
                stacks
                  ? try Tensor.stack(parts, axis: axis)
                  : try Tensor.concatenate(parts, axis: axis))
            ]
          }
        })
    }
  }

  private static func registerMaking(in registry: inout OperatorRegistry) {
    registry.register("SequenceConstruct") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in
          let type = try inputs.type(0)
          for index in 1..<max(1, inputs.count) {
            _ = try inputs.type(index, among: [type.dataType])
          }
          return [TensorType(type.dataType, nil, .sequence)]
        },
        function: { call throws(ExecutionError) in
          var elements: [Tensor] = []
          for index in call.inputs.indices { elements.append(try call.tensor(index)) }
          return [.sequence(elements)]
        })
    }
    registry.register("SequenceEmpty") { context throws(GraphError) in
      guard let type = DataType(onnxCode: try context.int("dtype", default: 1)) else {
        throw context.unsupported("dtype", "another one", expected: "a type of tensors")
      }
      return ValueFunction(
        types: { _ in [TensorType(type, nil, .sequence)] }, function: { _ in [.sequence([])] })
    }
    registry.register("SequenceInsert") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in
          let (sequence, element) = (try inputs.sequence(0), try inputs.type(1))
          guard sequence.dataType == element.dataType else {
            throw GraphError(
              code: .typeMismatch,
              message: "a sequence of \(sequence.dataType) cannot take \(element.dataType)")
          }
          return [sequence]
        },
        function: { call throws(ExecutionError) in
          var elements = try call.sequence(0)
          let position = try call.integer(2) ?? elements.count
          elements.insert(
            try call.tensor(1), at: try index(position, in: 0..<elements.count + 1, elements.count))
          return [.sequence(elements)]
        })
    }
    registry.register("SequenceErase") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in [try inputs.sequence(0)] },
        function: { call throws(ExecutionError) in
          var elements = try call.sequence(0)
          let position = try call.integer(1) ?? -1
          elements.remove(at: try index(position, in: 0..<elements.count, elements.count))
          return [.sequence(elements)]
        })
    }
  }

  private static func registerReading(in registry: inout OperatorRegistry) {
    registry.register("SequenceAt") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in
          [TensorType(try inputs.sequence(0).dataType, nil)]
        },
        function: { call throws(ExecutionError) in
          let elements = try call.sequence(0)
          let position = try call.integer(1) ?? 0
          return [
            .tensor(elements[try index(position, in: 0..<elements.count, elements.count)])
          ]
        })
    }
    registry.register("SequenceLength") { _ in
      ValueFunction(
        types: { inputs throws(GraphError) in
          _ = try inputs.sequence(0)
          return [TensorType(.int64, [])]
        },
        function: { call throws(ExecutionError) in
          [.tensor(Tensor(int64: [Int64(try call.sequence(0).count)], shape: []))]
        })
    }
  }

  /// A position, counted from the end if negative.
  private static func index(
    _ position: Int, in range: Range<Int>, _ count: Int
  ) throws(ExecutionError) -> Int {
    let index = position < 0 ? position &+ count : position
    guard range.contains(index) else {
      throw ExecutionError(
        code: .invalidValue,
        message: "position \(position) is not in a sequence of \(count) elements")
    }
    return index
  }
}

/// SplitToSequence: cuts a tensor along one dimension.
private struct SequenceSplit {
  let axis: Int
  let keepsDimension: Bool

  func run(_ call: ValueCall) throws(ExecutionError) -> [Tensor] {
    let tensor = try call.tensor(0)
    guard !tensor.shape.isEmpty else {
      throw ExecutionError(code: .shapeMismatch, message: "a scalar cannot be split")
    }
    let axis = try evaluating { () throws(GraphError) in
      try normalizedAxis(self.axis, rank: tensor.shape.count)
    }
    let size = tensor.shape[axis]
    guard call.optional(1) != nil else {
      try call.interpreter.prepareCutting(tensor, into: size)
      return (0..<size).map {
        tensor.slice(axis: axis, $0..<$0 + 1, drops: !keepsDimension)
      }
    }
    guard let lengths = try call.tensor(1).integerElements else {
      throw ExecutionError(code: .invalidValue, message: "lengths must be integers")
    }
    var pieces: [Tensor] = []
    var start = 0
    if try call.tensor(1).shape.isEmpty {
      guard let length = lengths.first, length > 0 else {
        throw ExecutionError(code: .invalidValue, message: "a piece must have a size above 0")
      }
      try call.interpreter.prepareCutting(tensor, into: size / length + 1)
      while start < size {
        let end = min(size, start + min(length, size))
        pieces.append(tensor.slice(axis: axis, start..<end))
        start = end
      }
      return pieces
    }
    try call.interpreter.prepareCutting(tensor, into: lengths.count)
    for length in lengths {
      guard length >= 0, length <= size - start else {
        throw ExecutionError(
          code: .shapeMismatch, message: "the pieces must add up to \(size), got \(lengths)")
      }
      pieces.append(tensor.slice(axis: axis, start..<start + length))
      start += length
    }
    return pieces
  }
}
