/// Products and convolutions that ONNX Runtime's optimiser joined with what stood around them.
enum FusedLinear {
  static func register(in registry: inout OperatorRegistry) {
    for name in ["FusedMatMul", "TransposeMatMul"] {
      registry.register(name, domain: contributed, expansion: matMul)
    }
    registry.register("FusedGemm", domain: contributed) { e throws(GraphError) in
      let attributes = e.attributes("alpha", "beta", "transA", "transB")
      let product = e.value(
        "Gemm", [try e.input(0), try e.input(1), e.optional(2)], attributes)
      let values = ["activation_alpha", "activation_beta", "activation_gamma"]
      var parameters: [Float] = []
      for name in values { if let value = try e.context.float(name) { parameters.append(value) } }
      e.give(try activation(&e, product, parameters))
    }
    registry.register("FusedConv", domain: contributed) { e throws(GraphError) in
      let attributes = e.attributes(
        "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
      var result = e.value(
        "Conv", [try e.input(0), try e.input(1), e.optional(2)], attributes)
      if let residual = e.optional(3) { result = e.value("Add", [result, residual]) }
      let parameters = try e.context.floats("activation_params") ?? []
      e.give(try activation(&e, result, parameters))
    }
  }

  /// alpha · A' · B', where ' may exchange the last two axes, and before that bring the first one
  /// behind those of the batch.
  private static func matMul(_ e: inout Expansion) throws(GraphError) {
    var factors: [String] = []
    for (index, letter) in ["A", "B"].enumerated() {
      let turns = try e.context.bool("trans\(letter)", default: false)
      let turnsBatch = try e.context.bool("transBatch\(letter)", default: false)
      var factor = try e.input(index)
      // A vector stays as it is.
      let rank = turns || turnsBatch ? try e.shape(index).count : 1
      if rank > 1 {
        var axes = Array(0..<rank)
        if turnsBatch { axes.insert(axes.removeFirst(), at: rank - 2) }
        if turns { axes.swapAt(rank - 2, rank - 1) }
        factor = e.value("Transpose", [factor], ["perm": .ints(axes.map { Int64($0) })])
      }
      factors.append(factor)
    }
    let product = e.value("MatMul", [factors[0], factors[1]])
    let alpha = try e.context.float("alpha", default: 1)
    let scale = try e.number(Double(alpha), e.type(0).dataType)
    e.give(alpha == 1 ? product : e.value("Mul", [product, scale]))
  }

  /// The activation that the node's attributes name.
  private static func activation(
    _ e: inout Expansion, _ value: String, _ parameters: [Float]
  ) throws(GraphError) -> String {
    let name = try e.context.string("activation") ?? ""
    let known: [String: [String]] = [
      "Relu": [], "Sigmoid": [], "Tanh": [], "Softplus": [], "Softsign": [], "HardSwish": [],
      "LeakyRelu": ["alpha"], "Elu": ["alpha"], "ThresholdedRelu": ["alpha"],
      "HardSigmoid": ["alpha", "beta"], "Selu": ["alpha", "gamma"], "Clip": ["min", "max"],
    ]
    if name.isEmpty { return value }
    guard let names = known[name], parameters.count <= 3 else {
      throw e.context.unsupported(
        "activation", name, expected: known.keys.sorted().joined(separator: ", "))
    }
    if name == "Clip" {
      let type = try e.type(0).dataType
      var bounds: [String] = []
      for bound in parameters.prefix(2) { bounds.append(try e.number(Double(bound), type)) }
      return e.value("Clip", [value] + bounds)
    }
    let attributes = zip(names, parameters).map { ($0, Attribute.float($1)) }
    return e.value(name, [value], Dictionary(uniqueKeysWithValues: attributes))
  }
}

/// The domain of ONNX Runtime's own operators.
let contributed = "com.microsoft"
