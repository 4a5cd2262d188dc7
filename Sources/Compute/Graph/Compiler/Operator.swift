/// A node compiled for its constants: knows its outputs' types, and makes the step that
/// computes them once all shapes and addresses are known. Immutable and shared by contexts.
protocol Operator: Sendable {
  /// The outputs' types. Called at load with what is known then (symbolic dimensions are -1)
  /// and again for every plan, when all dimensions are known and must lead to known outputs.
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType]

  /// Inputs whose *values* decide the outputs' shapes (Reshape's target). They have to be
  /// known when a plan is made.
  var shapeOperands: [Int] { get }

  /// Whether outputs depend on the inputs' shapes only (Shape, Size), never on their values.
  var readsShapesOnly: Bool { get }

  /// Whether equal inputs always give equal outputs, so that it may be computed before it is
  /// asked for.
  var isFoldable: Bool { get }

  /// Whether a step reads input `index`; false for weights packed inside the operator.
  func reads(input index: Int) -> Bool

  /// The input whose bytes output 0 repeats unchanged (Reshape, Identity), if any.
  var aliasedInput: Int? { get }

  /// Inputs output 0 may overwrite while it is computed, if they have the same byte count.
  var inPlaceInputs: [Int] { get }

  /// Whether a step finds input `index` by `Operand.address` whenever it runs: an input of the model
  /// then stays where the caller has it, however small. Steps of other operators are made again for a
  /// large input that is somewhere else; no step may write to an input but where `inPlaceInputs` says so.
  func follows(input index: Int, _ inputs: KnownInputs) -> Bool

  /// Bytes of scratch memory a step needs for inputs of these (concrete) types.
  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int

  /// Multiplications, or something as long, that a step takes for inputs of these (concrete) types,
  /// where they are not a few per byte that it reads and writes: a file of a few bytes can ask for
  /// more than ever ends. A Double, because it cannot overflow.
  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double

  /// Bytes of packed weights held.
  var weightByteCount: Int { get }

  /// The step for concrete shapes and addresses. nil if there is nothing to do.
  func makeStep(_ operands: Operands) throws(GraphError) -> Step?
}

/// One unit of execution: everything it needs is captured as raw pointers and sizes.
typealias Step = () throws(ExecutionError) -> Void

/// Several steps as one. Called where they lie: as the variable of a loop each would be a closure made anew, and a
/// warm plan allocates nothing.
func inOrder(_ steps: [Step]) -> Step {
  { () throws(ExecutionError) in
    for index in steps.indices { try steps[index]() }
  }
}

extension Operator {
  var shapeOperands: [Int] { [] }
  var readsShapesOnly: Bool { false }
  var isFoldable: Bool { true }
  func reads(input index: Int) -> Bool { true }
  var aliasedInput: Int? { nil }
  var inPlaceInputs: [Int] { [] }
  func follows(input index: Int, _ inputs: KnownInputs) -> Bool { false }
  func scratchByteCount(_ inputs: KnownInputs) -> Int { 0 }
  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double { 0 }
  var weightByteCount: Int { 0 }
}
