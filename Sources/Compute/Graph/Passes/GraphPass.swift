/// One rewrite of a graph. Each lives in its own file and can be switched off by its option.
/// A pass gets a validated, sorted graph, whose nodes have what their operators need, and leaves one.
struct GraphPass: Sendable {
  let option: ModelOptions.Passes
  let run: @Sendable (inout Graph, OperatorRegistry, ModelOptions) throws(GraphError) -> Void

  /// The rewrites in the order in which they run.
  static let standard: [GraphPass] = [
    // Before weights that are only read as bytes become floats.
    IdentityRemoval.pass, QuantizedChains.pass, HalfPrecision.pass, ConstantFolding.pass,
    LayerNormComposition.pass, ActivationComposition.pass, OneHotProduct.pass,
    AttentionFusion.pass,
    // What the passes above replaced must not be seen as a reader by those below.
    DeadCodeElimination.pass, DynamicProducts.pass, ConvolutionFolding.pass, GemmFusion.pass,
    ActivationFusion.pass,
    PoolGradientFusion.pass, LayoutPass.pass, TranspositionMerge.pass, ConvolutionTailFusion.pass,
    DeadCodeElimination.pass,
  ]

  /// Runs those that the options allow.
  static func run(
    on graph: inout Graph, _ registry: OperatorRegistry, _ options: ModelOptions
  ) throws(GraphError) {
    if !options.passes.contains(.constantFolding) {
      // Which would have looked at every node.
      _ = try GraphTypes(graph, registry: registry, options: options, packs: false)
    }
    for pass in standard where options.passes.contains(pass.option) {
      try pass.run(&graph, registry, options)
    }
  }
}

/// Who reads and who writes each value of a graph.
struct GraphUses {
  private(set) var readers: [String: [Int]] = [:]
  private(set) var producer: [String: Int] = [:]
  private let outputs: Set<String>

  init(_ graph: Graph) {
    outputs = Set(graph.outputs.map(\.name))
    for (index, node) in graph.nodes.enumerated() {
      for input in node.inputs where !input.isEmpty { readers[input, default: []].append(index) }
      for output in node.outputs where !output.isEmpty { producer[output] = index }
    }
  }

  func isOutput(_ name: String) -> Bool { outputs.contains(name) }

  /// The only node that reads a value, if there is exactly one and no caller sees the value.
  func onlyReader(_ name: String) -> Int? {
    guard !isOutput(name), let found = readers[name], found.count == 1 else { return nil }
    return found[0]
  }
}
