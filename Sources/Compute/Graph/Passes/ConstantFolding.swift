/// Computes what is known at load: nodes over constants, and shapes of values whose sizes are
/// fixed. The results become initialisers.
enum ConstantFolding {
  /// What folding may take for a whole graph; larger results, and longer work, are left to the
  /// inference and its limits: a file of a few bytes must not fill the memory, nor take minutes to
  /// load.
  private struct Budget {
    var byteCount = 64 << 20
    var work = 1e9
  }

  static let pass = GraphPass(option: .constantFolding) {
    graph, registry, options throws(GraphError) in
    var budget = Budget()
    var types = GraphTypes(inputsOf: graph)
    var kept: [Node] = []
    for node in graph.nodes {
      let known = types.known(node, graph)
      let (op, outputs) = try types.add(node, known, graph, registry, options, packs: false)
      guard let tensors = try fold(node, op, known, outputs, options, &budget) else {
        kept.append(node)
        continue
      }
      for (name, tensor) in zip(node.outputs, tensors) where !name.isEmpty {
        graph.initializers[name] = tensor
        types.refine(name, tensor)
      }
    }
    graph.nodes = kept
  }

  private static func fold(
    _ node: Node, _ op: any Operator, _ known: KnownInputs, _ outputs: [TensorType],
    _ options: ModelOptions, _ budget: inout Budget
  ) throws(GraphError) -> [Tensor]? {
    let isKnown =
      op.readsShapesOnly
      ? known.types.allSatisfy { $0?.isConcrete ?? true }
      : node.inputs.indices.allSatisfy { known.types[$0] == nil || known.constants[$0] != nil }
    guard isKnown, op.isFoldable else { return nil }
    if let op = op as? any ValueOperator {
      return try fold(node, op, known, options, &budget)
    }
    guard outputs.allSatisfy(\.isConcrete) else { return nil }
    var size = 0
    for output in outputs {
      guard let bytes = output.minimumByteCount, bytes <= budget.byteCount - size else {
        return nil
      }
      size += bytes
    }
    do {
      let work = try op.work(known, outputs)
      guard work <= budget.work else { return nil }
      budget.byteCount -= size
      budget.work -= work
      return try Evaluator.run(op, known, types: outputs)
    } catch {
      throw error.at(node)
    }
  }

  private static func fold(
    _ node: Node, _ op: any ValueOperator, _ known: KnownInputs, _ options: ModelOptions,
    _ budget: inout Budget
  ) throws(GraphError) -> [Tensor]? {
    var limits = options
    limits.workMax = budget.work
    let interpreter = Interpreter(limits)
    defer { budget.work -= interpreter.work }
    let call = ValueCall(
      inputs: known.constants.map { $0.map { .tensor($0) } }, interpreter: interpreter)
    let values: [ModelValue?]
    do {
      values = try op.evaluate(call)
    } catch  where error.code == .resourceExhausted {
      return nil
    } catch {
      throw GraphError(code: .invalidGraph, message: error.message).at(node)
    }
    var tensors: [Tensor] = []
    for value in values {
      guard let tensor = value?.tensor, tensor.storage.byteCount <= budget.byteCount else {
        return nil
      }
      budget.byteCount -= tensor.storage.byteCount
      tensors.append(tensor)
    }
    return tensors
  }
}
