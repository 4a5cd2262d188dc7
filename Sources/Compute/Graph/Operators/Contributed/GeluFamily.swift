/// Gelu and its kin, with the bias in front of it.
enum GeluFamily {
  static func register(in registry: inout OperatorRegistry) {
    for (name, approximation) in [
      ("Gelu", "none"), ("BiasGelu", "none"), ("FastGelu", "tanh"),
    ] {
      registry.register(name, domain: contributed) { e throws(GraphError) in
        var x = try e.input(0)
        if let bias = e.optional(1) { x = e.value("Add", [x, bias]) }
        e.give(e.value("Gelu", [x], ["approximate": .string(Array(approximation.utf8))]))
      }
    }
    registry.register("QuickGelu", domain: contributed) { e throws(GraphError) in
      let (x, alpha) = (try e.input(0), try e.context.float("alpha", default: 1.702))
      let scaled = e.value("Mul", [x, try e.number(Double(alpha), e.type(0).dataType)])
      e.give(e.value("Mul", [x, e.value("Sigmoid", [scaled])]))
    }
  }
}
