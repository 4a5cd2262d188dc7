/// Operators on images besides convolution and pooling, in NHWC.
extension LayoutPass {
  /// Whether a ConvTranspose has a kernel in NHWC.
  func isSideBySide(_ node: Node) -> Bool {
    guard node.domain.isEmpty || node.domain == FusedAttribute.domain, isImage(node.inputs[0]),
      let weight = graph.initializers[node.inputs[1]], weight.dataType == .fp32
    else { return false }
    return ConvTransposeKernel.suits(node, weight.shape)
      && node.inputs.dropFirst(2).allSatisfy { $0.isEmpty || graph.initializers[$0] != nil }
  }

  mutating func transposedConvolution(_ node: Node) {
    var kernel = node
    kernel.opType = "ConvTransposeNHWC"
    kernel.domain = FusedAttribute.domain
    emit(kernel, reading: [twin(of: node.inputs[0])] + node.inputs.dropFirst())
  }

  /// The inputs of a Resize by constant scales, which does not read a region of interest.
  mutating func turnedScales(_ node: Node) -> [String]? {
    if case .string(let mode) = node.attributes["coordinate_transformation_mode"],
      mode == Array("tf_crop_and_resize".utf8)
    {
      return nil
    }
    guard node.attributes["axes"] == nil, let twin = twins[node.inputs[0]],
      let scales = graph.initializers[node.inputs[2]], scales.dataType == .fp32,
      scales.shape == [4]
    else { return nil }
    let values = scales.elements(as: Float.self)
    let name = node.inputs[2] + twinSuffix
    initializers[name] = Tensor(fp32: [0, 2, 3, 1].map { values[$0] }, shape: [4])
    return [twin, "", name]
  }

  mutating func split(_ node: Node) {
    var pieces = node
    pieces.attributes["axis"] = .int(3)
    emit(pieces, reading: [twins[node.inputs[0]]!] + node.inputs.dropFirst())
  }
}
