/// What one inference at a time needs: an arena and a plan per combination of input shapes.
///
/// Not for two threads at once; `Model.withContext` lends each caller its own. After the first
/// run with given shapes, further runs with them allocate nothing, or a few closures where a large
/// input that is read in place comes from elsewhere.
public final class ExecutionContext {
  private let program: Program
  private let plans: PlanCache
  private var current: Plan?
  /// Of an interpreted program: its stretches that can be planned.
  private let parts: PartPlans
  /// The answers of an interpreted program.
  private var results: [ModelValue] = []
  /// Of an interpreted program: what it becomes for inputs that decide its branches.
  private let variants: ModelVariants?
  private var variantKey = ModelVariants.Key(shapes: [], values: [])
  private var variant: ExecutionContext?
  private var variantsByKey: [ModelVariants.Key: ExecutionContext] = [:]
  private var variantContexts: [ObjectIdentifier: ExecutionContext] = [:]

  init(_ program: Program, _ variants: ModelVariants? = nil) {
    self.program = program
    self.variants = variants
    plans = PlanCache(program)
    parts = PartPlans(byteCountMax: program.options.arenaByteCountMax)
  }

  /// Bytes of activation memory held.
  public var arenaByteCount: Int {
    variantContexts.values.reduce(plans.byteCount + parts.byteCount) { $0 + $1.arenaByteCount }
  }

  /// Runs the model. Inputs are in the model's order, and must not change while it runs.
  public func run(_ inputs: [TensorView]) throws(ExecutionError) {
    try check(inputs)
    if program.isInterpreted {
      if let variant = variant(for: inputs) { return try variant.run(inputs) }
      results = try Interpreter(program.options, parts).run(
        program, inputs.map { .tensor(Tensor(copying: $0)) })
      return
    }
    try prepare(inputs).run()
  }

  /// Runs the model, and tells of each output as soon as it is complete, while the rest is computed:
  /// `output(_:)` of it then is what it will be at the end.
  /// - Parameter whenReady: gets an output's position, every one once, in the order in which they are complete.
  public func run(
    _ inputs: [TensorView], whenReady: (_ output: Int) -> Void
  ) throws(ExecutionError) {
    if program.isInterpreted {
      try run(inputs)
      for index in program.outputs.indices { whenReady(index) }
      return
    }
    try check(inputs)
    try prepare(inputs).run(whenReady: whenReady)
  }

  /// Runs the model `count` times, and tells what every step took by a clock of nanoseconds.
  /// Empty for a model that runs without a plan (decision 60).
  public func profile(
    _ inputs: [TensorView], count: Int, clock: () -> Int
  ) throws(ExecutionError) -> [StepTime] {
    try check(inputs)
    if program.isInterpreted {
      return try variant(for: inputs)?.profile(inputs, count: count, clock: clock) ?? []
    }
    let plan = try prepare(inputs)
    var times = [Int](repeating: 0, count: plan.steps.count)
    for _ in 0..<count { try prepare(inputs).run(clock: clock, into: &times) }
    return times.indices.map {
      StepTime(
        operatorName: plan.operatorNames[$0], nodeName: plan.nodeNames[$0], nanoseconds: times[$0])
    }
  }

  /// The plan for these inputs, which it knows where to read.
  private func prepare(_ inputs: [TensorView]) throws(ExecutionError) -> Plan {
    var plan = plans.known(inputs)
    if plan == nil {
      current = nil
      plan = try plans.make(inputs)
    }
    guard let plan else { preconditionFailure("a plan is found or made") }
    current = plan
    plans.fill(plan, inputs)
    return plan
  }

  /// The output at a position of `Model.outputs`; valid until the next run on this context.
  public func output(_ index: Int) -> TensorView {
    if let variant { return variant.output(index) }
    if index < results.count, let tensor = results[index].tensor {
      // The storage is alive as long as `results` holds it.
      return tensor.withView { $0 }
    }
    guard let current else { preconditionFailure("output() before a successful run()") }
    return current.outputs[index].view
  }

  /// Runs the model on values of any form, and gives its own ones.
  func evaluate(_ inputs: [ModelValue]) throws(ExecutionError) -> [ModelValue] {
    guard inputs.count == program.inputSpecs.count else { throw countMismatch(inputs.count) }
    for (index, value) in inputs.enumerated() where !program.inputForms[index].accepts(value) {
      throw ExecutionError(
        code: .invalidInput,
        message: "input '\(program.inputSpecs[index].name)' must be a "
          + program.inputForms[index].rawValue)
    }
    if program.isInterpreted {
      for (index, value) in inputs.enumerated() {
        guard let tensor = value.tensor else { continue }
        try check(tensor.withView { $0 }, at: index)
      }
      return try Interpreter(program.options, parts).run(program, inputs)
    }
    // The views are valid because `inputs` holds their storage.
    let tensors = inputs.compactMap(\.tensor)
    guard tensors.count == inputs.count else { throw countMismatch(tensors.count) }
    try withExtendedLifetime(tensors) { () throws(ExecutionError) in
      try run(tensors.map { $0.withView { $0 } })
    }
    return program.outputs.indices.map { .tensor(Tensor(copying: output($0))) }
  }

  // MARK: - Branches

  /// The context of the program that these inputs lead to; nil when they are interpreted.
  private func variant(for inputs: [TensorView]) -> ExecutionContext? {
    guard let variants else { return nil }
    if isSame(inputs, variants) { return variant }
    var key = ModelVariants.Key(shapes: inputs.map(\.shape), values: [])
    for index in variants.decidingInputs { key.values += inputs[index].bytes }
    variantKey = key
    variant = variantsByKey[key]
    if variant == nil, let found = variants.variant(key, inputs) {
      let context = variantContexts[ObjectIdentifier(found)] ?? ExecutionContext(found.program)
      variantContexts[ObjectIdentifier(found)] = context
      if variantsByKey.count >= program.options.planCountMax { variantsByKey = [:] }
      variantsByKey[key] = context
      variant = context
    }
    return variant
  }

  /// Whether the inputs are like the last ones.
  private func isSame(_ inputs: [TensorView], _ variants: ModelVariants) -> Bool {
    guard variantKey.shapes.count == inputs.count, !inputs.isEmpty else { return false }
    for index in inputs.indices where inputs[index].shape != variantKey.shapes[index] {
      return false
    }
    var offset = 0
    for index in variants.decidingInputs {
      for byte in inputs[index].bytes {
        if variantKey.values[offset] != byte { return false }
        offset += 1
      }
    }
    return true
  }

  // MARK: - Inputs

  private func check(_ inputs: [TensorView]) throws(ExecutionError) {
    guard inputs.count == program.inputSpecs.count else { throw countMismatch(inputs.count) }
    for index in 0..<inputs.count { try check(inputs[index], at: index) }
  }

  private func check(_ view: TensorView, at index: Int) throws(ExecutionError) {
    guard Self.fits(view, program.inputSpecs[index]) else {
      throw Self.mismatch(view, program.inputSpecs[index])
    }
  }

  private func countMismatch(_ count: Int) -> ExecutionError {
    ExecutionError(
      code: .invalidInput, message: "expected \(program.inputSpecs.count) inputs, got \(count)")
  }

  private static func fits(_ view: TensorView, _ spec: TensorSpec) -> Bool {
    guard view.dataType == spec.dataType, spec.accepts(shape: view.shape) else { return false }
    if view.dataType == .string {
      return StringFraming.elementCount(view.bytes) == Shape.elementCount(view.shape)
    }
    return Shape.byteCount(view.shape, view.dataType) == view.bytes.count
  }

  private static func mismatch(_ view: TensorView, _ spec: TensorSpec) -> ExecutionError {
    let expected = "\(spec.dataType) \(Shape.describe(spec.shape))"
    let got = "\(view.dataType) \(Shape.describe(view.shape)) in \(view.bytes.count) bytes"
    return ExecutionError(
      code: .invalidInput, message: "input '\(spec.name)' must be \(expected), got \(got)")
  }
}
