/// The product of one-hot rows, Cast(Equal(number, [0, 1, …])), and a constant matrix picks rows of
/// the matrix: a lookup instead of a product that is nearly all zeros. A constant row added to it
/// goes into the matrix, behind which stands what a number outside it picks: zeros and that row.
enum OneHotProduct {
  static let pass = GraphPass(option: .composition) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.opType == "Equal" }) else { return }
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    let pattern = GraphPattern(graph)
    // Nodes that share a matrix each get one of their own.
    var byteCount = 0
    for (index, node) in graph.nodes.enumerated()
    where node.domain.isEmpty && node.opType == "MatMul" {
      guard let matrix = graph.initializers[node.inputs[1]], isTable(matrix),
        let numbers = numbers(node.inputs[0], matrix.shape[0], pattern, types),
        byteCount + matrix.storage.byteCount <= options.weightByteCountMax
      else { continue }
      byteCount += matrix.storage.byteCount
      var (last, bias) = (index, [Float](repeating: 0, count: matrix.shape[1]))
      if let reader = pattern.onlyReader(node.outputs[0]),
        let row = addedRow(
          graph.nodes[reader], to: node.outputs[0], pattern, bias.count, rank: numbers.rank)
      {
        (last, bias) = (reader, row)
      }
      let values = matrix.elements(as: Float.self)
      let table = (values + [Float](repeating: 0, count: bias.count)).enumerated().map {
        $1 + bias[$0 % bias.count]
      }
      // NUL cannot be part of a name that was read from a file.
      let name = node.outputs[0] + "\0rows"
      graph.initializers[name] = Tensor(
        fp32: table, shape: [matrix.shape[0] + 1, matrix.shape[1]])
      let output = graph.nodes[last].outputs
      graph.nodes[last] = Node(
        name: node.name, opType: FusedAttribute.rowLookup, domain: FusedAttribute.domain,
        inputs: [numbers.name, name], outputs: output)
    }
  }

  /// Zero times infinity is not zero, so every element must be finite.
  private static func isTable(_ matrix: Tensor) -> Bool {
    matrix.dataType == .fp32 && matrix.shape.count == 2 && matrix.elementCount > 0
      && matrix.elements(as: Float.self).allSatisfy(\.isFinite)
  }

  /// The numbers, [..., 1], whose one-hot rows of this length a value holds, and how many axes they
  /// have.
  private static func numbers(
    _ name: String, _ count: Int, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> (name: String, rank: Int)? {
    guard let cast = pattern.node("Cast", writing: name), types[name]?.dataType == .fp32,
      let equal = pattern.node("Equal", writing: cast.inputs[0])
    else { return nil }
    for (numbers, counted) in pattern.orders(equal) {
      guard let type = types[numbers], type.dataType == .int32 || type.dataType == .int64,
        type.form == .tensor, pattern.graph.initializers[numbers] == nil,
        let rank = columnRank(numbers, pattern, types), rank >= 2,
        let row = pattern.graph.initializers[counted], row.elementCount == count,
        row.shape.last == count, row.shape.count <= rank,
        row.integerElements == Array(0..<count)
      else { continue }
      return (numbers, rank)
    }
    return nil
  }

  /// The rank of a value whose last axis has size 1, also of one that was stretched to a shape of
  /// which only rank and end are known.
  private static func columnRank(
    _ name: String, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> Int? {
    if let shape = types[name]?.shape, shape.last != -1 {
      return shape.last == 1 ? shape.count : nil
    }
    guard let expand = pattern.node("Expand", writing: name),
      let source = types[expand.inputs[0]]?.shape, source.last == 1,
      let sizes = types[expand.inputs[1]]?.shape, sizes.count == 1, sizes[0] >= 1,
      lastElement(expand.inputs[1], pattern) == 1
    else { return nil }
    return max(source.count, sizes[0])
  }

  /// The last of the whole numbers that a value holds, if it is known.
  private static func lastElement(_ name: String, _ pattern: GraphPattern) -> Int? {
    if let tensor = pattern.graph.initializers[name] { return tensor.integerElements?.last }
    if let cast = pattern.node("Cast", writing: name) {
      return pattern.graph.initializers[cast.inputs[0]].map { $0.integerElements?.last }
        ?? lastOfConcat(cast.inputs[0], pattern)
    }
    return lastOfConcat(name, pattern)
  }

  private static func lastOfConcat(_ name: String, _ pattern: GraphPattern) -> Int? {
    guard let concat = pattern.node("Concat", writing: name), let last = concat.inputs.last,
      let tensor = pattern.graph.initializers[last], tensor.shape.count == 1
    else { return nil }
    return tensor.integerElements?.last
  }

  /// The constant row that a node adds to each row of a value, if that is all it does.
  private static func addedRow(
    _ node: Node, to name: String, _ pattern: GraphPattern, _ count: Int,
    rank: Int
  ) -> [Float]? {
    guard node.opType == "Add", node.domain.isEmpty,
      let other = node.inputs.first(where: { $0 != name }),
      let row = pattern.graph.initializers[other], row.dataType == .fp32,
      row.elementCount == count, row.shape.last == count,
      row.shape.count <= rank
    else { return nil }
    return row.elements(as: Float.self)
  }
}
