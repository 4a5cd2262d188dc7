/// Activations, sums with a number or another image, and products with a number, behind a
/// convolution in NHWC: done to each block of its output while that is in the cache.
enum ConvolutionTailFusion {
  static let pass = GraphPass(option: .fusion) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: isConvolution) else { return }
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    let uses = GraphUses(graph)
    var removed = Set<Int>()
    for (index, node) in graph.nodes.enumerated() where isConvolution(node) {
      var (chain, tail, residual) = ([index], ConvTail(), String?.none)
      while tail.operators.count < stepCountMax, let name = graph.nodes[chain.last!].outputs.first,
        let reader = uses.onlyReader(name), !removed.contains(reader)
      {
        let next = graph.nodes[reader]
        guard next.outputs.count == 1 else { break }
        if isFunction(next) {
          tail.append(next.opType)
        } else if let other = otherOperand(next, of: name) {
          if let number = number(other, graph) {
            tail.append(next.opType, number: number)
          } else if next.opType == "Add", residual == nil, isSameImage(types[other], types[name]) {
            tail.append(next.opType)
            residual = other
          } else {
            break
          }
        } else {
          break
        }
        chain.append(reader)
      }
      let place = chain.removeLast()
      guard !chain.isEmpty else { continue }
      var fused = node
      fused.outputs = graph.nodes[place].outputs
      fused.attributes.merge(tail.attributes) { $1 }
      if let residual {
        while fused.inputs.count < ConvTail.residualInput { fused.inputs.append("") }
        fused.inputs.append(residual)
      }
      graph.nodes[place] = fused
      removed.formUnion(chain)
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }

  /// Steps behind one convolution; exporters write four at most.
  private static let stepCountMax = 8

  private static func isConvolution(_ node: Node) -> Bool {
    node.opType == "ConvNHWC" && node.domain == FusedAttribute.domain
      && node.attributes[FusedAttribute.pools] == nil && node.attributes[FusedAttribute.tail] == nil
  }

  private static func isFunction(_ node: Node) -> Bool {
    let domain = node.opType == FusedAttribute.silu ? FusedAttribute.domain : ""
    return node.inputs.count == 1 && node.domain == domain
      && ConvTail.functions[node.opType] != nil
  }

  private static func otherOperand(_ node: Node, of name: String) -> String? {
    guard node.domain.isEmpty, ConvTail.operations[node.opType] != nil, node.inputs.count == 2
    else { return nil }
    return node.inputs[0] == name ? node.inputs[1] : node.inputs[0]
  }

  /// The value of a constant that does not stretch an image.
  private static func number(_ name: String, _ graph: Graph) -> Float? {
    guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
      tensor.elementCount == 1, tensor.shape.count <= 4
    else { return nil }
    let value = tensor.elements(as: Float.self)[0]
    return value.isNaN ? nil : value
  }

  /// Whether two images have the same size as far as is known; where it turns out otherwise, the
  /// convolution's step stretches them.
  private static func isSameImage(_ left: TensorType?, _ right: TensorType?) -> Bool {
    guard let a = left?.shape, let b = right?.shape, a.count == 4, b.count == 4,
      left?.dataType == .fp32
    else { return false }
    return zip(a, b).allSatisfy { $0 == $1 || $0 < 0 || $1 < 0 }
  }
}
