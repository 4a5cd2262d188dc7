/// BatchNormalization, and products and sums with one constant per channel, behind a convolution
/// with known weights become part of its weights and bias.
enum ConvolutionFolding {
  static let pass = GraphPass(option: .fusion) { graph, _, options throws(GraphError) in
    let uses = GraphUses(graph)
    var removed = Set<Int>()
    // Convolutions that share their weights get their own each.
    var byteCount = 0
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard node.domain.isEmpty, node.outputs.count == 1,
        let axis = outputAxis(node), let weight = graph.initializers[node.inputs[1]],
        weight.dataType == .fp32, weight.shape.count >= 3, weight.elementCount > 0,
        byteCount + weight.storage.byteCount <= options.weightByteCountMax
      else { continue }
      let channels = weight.shape[axis]
      guard let bias = bias(node, channels, graph) else { continue }
      // All that follows is one step in the end: the weights are copied once, however many follow.
      var (chain, whole) = ([index], Affine.identity(channels))
      while let name = graph.nodes[chain.last ?? index].outputs.first,
        let reader = uses.onlyReader(name),
        let next = affine(
          graph.nodes[reader], of: name, channels, spatial: weight.shape.count - 2, graph)
      {
        whole.append(next)
        chain.append(reader)
      }
      let place = chain.removeLast()
      guard !chain.isEmpty, let folded = whole.folded(weight, axis, bias)
      else { continue }
      var merged = node
      merged.outputs = graph.nodes[place].outputs
      let name = "\(merged.outputs[0])\0"
      merged.inputs = [node.inputs[0], name + "weight", name + "bias"]
      graph.initializers[merged.inputs[1]] = folded.weight
      graph.initializers[merged.inputs[2]] = folded.bias
      graph.nodes[place] = merged
      removed.formUnion(chain)
      byteCount += weight.storage.byteCount
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }

  /// The axis of a convolution's weights that counts the output's channels; nil if it is none.
  private static func outputAxis(_ node: Node) -> Int? {
    if node.opType == "Conv" { return 0 }
    guard node.opType == "ConvTranspose" else { return nil }
    // With groups, each has output channels of its own, all on axis 1.
    if case .int(let groups) = node.attributes["group"], groups != 1 { return nil }
    return 1
  }

  /// A convolution's bias, zeros if it has none; nil if it is not known.
  private static func bias(_ node: Node, _ channels: Int, _ graph: Graph) -> [Float]? {
    guard node.inputs.count > 2, !node.inputs[2].isEmpty else {
      return [Float](repeating: 0, count: channels)
    }
    guard let tensor = graph.initializers[node.inputs[2]], tensor.dataType == .fp32,
      tensor.shape == [channels]
    else { return nil }
    return tensor.elements(as: Float.self)
  }

  /// What is done to each channel: x · factor + term.
  private struct Affine {
    var factors: [Float]
    var terms: [Float]

    static func identity(_ channels: Int) -> Affine {
      Affine(
        factors: [Float](repeating: 1, count: channels),
        terms: [Float](repeating: 0, count: channels))
    }

    /// Has `next` done after this.
    mutating func append(_ next: Affine) {
      for index in factors.indices {
        factors[index] *= next.factors[index]
        terms[index] = terms[index] * next.factors[index] + next.terms[index]
      }
    }

    /// Weights and bias of a convolution with this behind it. nil if some would not be numbers,
    /// where what follows a sum may still give one: a variance without ε may be zero.
    func folded(
      _ weight: Tensor, _ axis: Int, _ bias: [Float]
    ) -> (weight: Tensor, bias: Tensor)? {
      let offsets = bias.indices.map { bias[$0] * factors[$0] + terms[$0] }
      guard offsets.allSatisfy(\.isFinite), let scaled = scaled(weight, axis) else { return nil }
      return (scaled, Tensor(fp32: offsets, shape: [bias.count]))
    }

    /// Weights with each channel by its factor; nil if some would not be numbers. One pass over what
    /// may be most of a model.
    private func scaled(_ weight: Tensor, _ axis: Int) -> Tensor? {
      let from = weight.storage.base.assumingMemoryBound(to: Float.self)
      let size = Shape.product(weight.shape[(axis + 1)...])
      // Without their signs, infinity and what is no number are the largest bit patterns.
      var largest: UInt32 = 0
      let storage = TensorStorage(byteCount: weight.storage.byteCount) { bytes in
        guard let to = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
        for row in 0..<weight.elementCount / size {
          let factor = factors[row % factors.count]
          for index in row * size..<(row + 1) * size {
            let value = from[index] * factor
            to[index] = value
            largest = max(largest, value.bitPattern & 0x7FFF_FFFF)
          }
        }
      }
      guard largest < Float.infinity.bitPattern else { return nil }
      return Tensor(dataType: .fp32, shape: weight.shape, storage: storage)
    }
  }

  private static func affine(
    _ node: Node, of input: String, _ channels: Int, spatial: Int, _ graph: Graph
  ) -> Affine? {
    guard node.domain.isEmpty, node.outputs.count == 1 else { return nil }
    switch node.opType {
    case "BatchNormalization": return normalization(node, of: input, channels, graph)
    case "Mul", "Add":
      guard node.inputs.count == 2, let other = node.inputs.first(where: { $0 != input }),
        let values = perChannel(other, channels, spatial, graph)
      else { return nil }
      return node.opType == "Mul"
        ? Affine(factors: values, terms: values.map { _ in 0 })
        : Affine(factors: values.map { _ in 1 }, terms: values)
    default: return nil
    }
  }

  private static func normalization(
    _ node: Node, of input: String, _ channels: Int, _ graph: Graph
  ) -> Affine? {
    guard node.inputs.count == 5, node.inputs[0] == input else { return nil }
    if case .int(let trains) = node.attributes["training_mode"], trains != 0 { return nil }
    let rows = node.inputs.dropFirst().compactMap { name -> [Float]? in
      guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
        tensor.shape == [channels]
      else { return nil }
      return tensor.elements(as: Float.self)
    }
    guard rows.count == 4 else { return nil }
    var epsilon: Float = 1e-5
    if case .float(let value) = node.attributes["epsilon"] { epsilon = value }
    let factors = (0..<channels).map { rows[0][$0] / (rows[3][$0] + epsilon).squareRoot() }
    return Affine(
      factors: factors, terms: (0..<channels).map { rows[1][$0] - rows[2][$0] * factors[$0] })
  }

  /// The values of a constant that is the same all over a channel.
  private static func perChannel(
    _ name: String, _ channels: Int, _ spatial: Int, _ graph: Graph
  ) -> [Float]? {
    guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
      tensor.shape.count <= spatial + 2, tensor.elementCount == 1 || tensor.elementCount == channels
    else { return nil }
    let values = tensor.elements(as: Float.self)
    if values.count == 1 { return [Float](repeating: values[0], count: channels) }
    guard tensor.shape.count > spatial,
      tensor.shape[tensor.shape.count - spatial - 1] == channels
    else { return nil }
    return values
  }
}
