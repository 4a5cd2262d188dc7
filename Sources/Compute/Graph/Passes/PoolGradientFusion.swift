/// The gradient of max pooling behind ReLU: what ReLU cut off is what pooling answered with 0 for, so one look
/// at the pooled values serves both; and the sums over all pixels, the gradient of a bias, are counted on
/// the way.
enum PoolGradientFusion {
  static let pass = GraphPass(option: .fusion) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.domain == TrainingOperators.domain }) else { return }
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    var uses = GraphUses(graph)
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard node.opType == ImagePoolingGradient.opType, node.domain == TrainingOperators.domain,
        case .int(1)? = node.attributes["max"], node.attributes["relu"] == nil,
        types[node.inputs[1]]?.dataType == .fp32,
        let reader = uses.onlyReader(node.outputs[0]), isReLU(graph.nodes[reader], of: node)
      else { continue }
      graph.nodes[index].attributes["relu"] = .int(1)
      graph.nodes[index].outputs[0] = graph.nodes[reader].outputs[0]
      // Dead code that reads and writes nothing anybody knows.
      graph.nodes[reader] = Node(
        opType: "Identity", inputs: [node.inputs[0]],
        outputs: [graph.nodes[reader].outputs[0] + "\0"])
      uses = GraphUses(graph)
    }
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard node.opType == ImagePoolingGradient.opType, node.domain == TrainingOperators.domain,
        case .int(1)? = node.attributes["relu"], node.outputs.count == 1
      else { continue }
      let sums = uses.readers[node.outputs[0], default: []].first {
        sumsPixels(graph.nodes[$0], graph)
      }
      guard let sums else { continue }
      let kept = graph.nodes[sums].outputs[0]
      graph.nodes[index].outputs.append(kept)
      graph.nodes[sums] = Node(
        opType: "Identity", inputs: [node.inputs[0]], outputs: [kept + "\0"])
    }
  }

  /// Whether a node is ReLU's gradient, of the values that were pooled.
  private static func isReLU(_ node: Node, of pool: Node) -> Bool {
    guard node.opType == UnaryGradient.opType, node.domain == TrainingOperators.domain,
      case .string(let name)? = node.attributes[UnaryGradient.function]
    else { return false }
    return name == Array("Relu".utf8) && node.inputs == [pool.outputs[0], pool.inputs[1]]
  }

  private static func sumsPixels(_ node: Node, _ graph: Graph) -> Bool {
    guard node.opType == "ReduceSum", node.domain.isEmpty, node.inputs.count == 2,
      case .int(0)? = node.attributes["keepdims"],
      let axes = graph.initializers[node.inputs[1]], axes.dataType == .int64
    else { return false }
    return axes.elements(as: Int64.self) == [0, 1, 2]
  }
}
