/// Exporters hand weights to a Loop as values that it carries from one iteration to the next, and its
/// body gives them back as they came. Such a value is captured instead: what is constant outside is
/// constant in the body then, and its weights are packed.
extension Node {
  /// A Loop (closed) without the values that it carries unchanged; Identity nodes give its former
  /// outputs.
  func capturingInvariants() -> [Node] {
    guard opType == "Loop", domain.isEmpty, case .graph(var body) = attributes["body"],
      formalInputCount >= 2, body.outputs.count >= formalInputCount - 1,
      body.inputs.count == inputs.count, bodyCount == 1
    else { return [self] }
    var node = self
    var copies: [Node] = []
    let origins = body.origins
    for index in (0..<formalInputCount - 2).reversed() {
      let (value, input) = (inputs[2 + index], body.inputs[2 + index])
      guard !value.isEmpty, origins[body.outputs[1 + index].name] == input.name else { continue }
      node.inputs.remove(at: 2 + index)
      node.inputs.append(value)
      body.inputs.remove(at: 2 + index)
      // Its type is that of what is captured.
      body.inputs.append(Graph.Value(name: input.name, dataType: nil, shape: nil))
      body.outputs.remove(at: 1 + index)
      node.countCapture()
      if index < node.outputs.count {
        let output = node.outputs.remove(at: index)
        if !output.isEmpty {
          copies.append(Node(opType: "Identity", inputs: [value], outputs: [output]))
        }
      }
    }
    node.attributes["body"] = .graph(body)
    return [node] + copies
  }
}

extension Graph {
  /// Inputs by the names they have, also behind Identity nodes.
  fileprivate var origins: [String: String] {
    var found = Dictionary(inputs.map { ($0.name, $0.name) }) { first, _ in first }
    for node in nodes where node.opType == "Identity" && node.domain.isEmpty {
      guard let input = node.inputs.first, let output = node.outputs.first else { continue }
      if let origin = found[input] { found[output] = origin }
    }
    return found
  }
}
