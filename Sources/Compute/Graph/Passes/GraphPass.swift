/// One rewrite of a graph. Each lives in its own file and can be switched off by its option.
struct GraphPass {
  let option: ModelOptions.Passes
  let run: (inout Graph, OperatorRegistry, ModelOptions) throws(GraphError) -> Void

  /// The rewrites in the order in which they run.
  static var standard: [GraphPass] { [] }
}
