internal import Synchronization

/// A compiled graph that any number of threads may run. Weights are packed once and shared;
/// each running inference borrows a context of its own.
public final class Model: Sendable {
  /// What a caller must give, in order.
  public var inputs: [TensorSpec] { program.inputSpecs }
  /// What a run gives, in order.
  public var outputs: [TensorSpec] { program.outputSpecs }
  /// What the model's file says about itself.
  public let metadata: ModelMetadata

  private let program: Program
  private let pool: ContextPool
  private let variants: ModelVariants?

  /// Checks and compiles a graph. Everything that could be wrong with it is found here:
  /// unsupported operators, cycles, types and shapes that don't fit.
  /// What passes replace of the graph is freed on the way, if the caller does not keep it.
  public init(
    _ graph: consuming Graph, options: ModelOptions = ModelOptions()
  ) throws(GraphError) {
    metadata = graph.metadata
    program = try Compiler.compile(consume graph, options: options)
    variants = ModelVariants(program)
    pool = ContextPool(program, variants)
  }

  /// Bytes of weights, of those that variants of the model may take, and of activation memory in
  /// contexts not running now.
  public var memoryByteCount: Int {
    program.memoryByteCount + (variants?.memoryByteCount ?? 0) + pool.idleByteCount
  }

  /// Bytes of activation memory that a run takes, nothing of which is taken yet; nil where only the inputs
  /// tell: their shapes or values decide, or there is no plan.
  public func plannedByteCount() throws(ExecutionError) -> Int? {
    let shapes = inputs.map(\.shape)
    guard !program.isInterpreted, program.keyedInputs.isEmpty,
      shapes.allSatisfy({ $0.allSatisfy { $0 >= 0 } })
    else { return nil }
    var builder = try PlanBuilder(program, shapes: shapes, values: [:])
    return try builder.arenaByteCount()
  }

  /// What the inputs are: tensors, unless the options allow more.
  public var inputForms: [ValueForm] { program.inputForms }
  /// What the outputs are.
  public var outputForms: [ValueForm] { program.outputForms }

  /// Runs the model on values, which may be sequences and optionals where the options allow them.
  public func evaluate(_ inputs: [ModelValue]) throws(ExecutionError) -> [ModelValue] {
    let context = pool.take()
    defer { pool.give(context) }
    return try context.evaluate(inputs)
  }

  /// Lends a context to `body`. The context and its outputs are invalid afterwards.
  public func withContext<R>(_ body: (ExecutionContext) throws -> R) rethrows -> R {
    let context = pool.take()
    defer { pool.give(context) }
    return try body(context)
  }
}

/// Contexts not in use, last used first, so that warm caches are used again.
private final class ContextPool: @unchecked Sendable {
  // Sendable although contexts are not: a context is either in `idle`, touched only under the
  // lock, or lent to exactly one caller.
  private let idle = Mutex<Int>(0)
  private var contexts: [ExecutionContext] = []
  private let program: Program
  private let variants: ModelVariants?

  init(_ program: Program, _ variants: ModelVariants?) {
    self.program = program
    self.variants = variants
  }

  var idleByteCount: Int {
    idle.withLock { _ in contexts.reduce(0) { $0 + $1.arenaByteCount } }
  }

  func take() -> ExecutionContext {
    idle.withLock { _ in contexts.popLast() } ?? ExecutionContext(program, variants)
  }

  func give(_ context: ExecutionContext) {
    idle.withLock { _ in contexts.append(context) }
  }
}
