/// Quantised operators in NHWC.
extension LayoutPass {
  /// Appends a node that suits, and says whether it did.
  mutating func quantized(_ node: Node) -> Bool {
    let twin = twins[node.inputs.first ?? ""]
    switch (node.domain, node.opType) {
    case ("", "QLinearConv"):
      guard let type = types[node.inputs[0]], type.shape?.count == 4,
        QuantizedConvKernel.constants(
          node, inputType: type.dataType, { graph.initializers[node.inputs[$0]] }) != nil
      else { return false }
      var kernel = node
      kernel.opType = QuantizedConvKernel.opType
      kernel.domain = FusedAttribute.domain
      emit(kernel, reading: [self.twin(of: node.inputs[0])] + node.inputs.dropFirst())
    case (FusedAttribute.domain, QuantizedAddOperator.opType):
      guard let twin, let other = twins[node.inputs[3]], isByteImage(node.inputs[0]),
        isByteImage(node.inputs[3])
      else { return false }
      emit(node, reading: [twin] + node.inputs[1...2] + [other] + node.inputs[4...])
    case (FusedAttribute.domain, ByteTableOperator.opType):
      guard let twin else { return false }
      emit(node, reading: [twin])
    case (FusedAttribute.domain, QuantizedMeanOperator.opType):
      guard let twin else { return false }
      var mean = node
      mean.attributes["channels_last"] = .int(1)
      emit(mean, reading: [twin] + node.inputs.dropFirst())
    case ("", "QuantizeLinear"), ("", "DequantizeLinear"):
      // One scale for all elements, in whatever order.
      guard let twin, let scale = graph.initializers[node.inputs[1]], scale.elementCount == 1,
        scale.shape.count <= 1
      else { return false }
      emit(node, reading: [twin] + node.inputs.dropFirst())
    default: return false
    }
    return true
  }

  private func isByteImage(_ name: String) -> Bool {
    types[name]?.shape?.count == 4
  }
}
