/// Runs programs an instruction at a time, each result a value of its own that is freed after its
/// last reader. For what cannot be planned: see `ValueOperator`.
struct Interpreter {
  private let budget: Budget
  private let parts: PartPlans

  /// What one inference may use, over all bodies and iterations.
  private final class Budget {
    var stepCount: Int
    var byteCount = 0
    let byteCountMax: Int
    var work = 0.0
    let workMax: Double

    init(_ options: ModelOptions) {
      stepCount = options.interpretedStepCountMax
      byteCountMax = options.arenaByteCountMax
      workMax = options.workMax
    }
  }

  /// `parts` are those of former inferences.
  init(_ options: ModelOptions, _ parts: PartPlans? = nil) {
    budget = Budget(options)
    self.parts = parts ?? PartPlans(byteCountMax: options.arenaByteCountMax)
  }

  func run(_ program: Program, _ inputs: [ModelValue]) throws(ExecutionError) -> [ModelValue] {
    var values = program.initialValues
    let before = budget.byteCount
    defer { budget.byteCount = before }
    for (number, value) in zip(program.inputs, inputs) {
      try hold(value.byteCount)
      values[number] = value
    }
    for item in program.items {
      switch item {
      case .instruction(let index): try run(index, of: program, &values)
      case .part(let part):
        if try run(part, of: program, &values) { continue }
        for index in part.range { try run(index, of: program, &values) }
      }
    }
    var outputs: [ModelValue] = []
    for number in program.outputs {
      guard let value = values[number] else {
        throw ExecutionError(code: .invalidValue, message: "an output was not computed")
      }
      outputs.append(value)
    }
    return outputs
  }

  private func run(
    _ index: Int, of program: Program, _ values: inout [ModelValue?]
  ) throws(ExecutionError) {
    let instruction = program.instructions[index]
    do {
      try takeSteps(1, program.options)
      let outputs = try evaluate(instruction, values)
      for (position, output) in outputs.enumerated() where position < instruction.outputs.count {
        let number = instruction.outputs[position]
        guard let output, number >= 0 else { continue }
        try Self.check(output, instruction.outputTypes[position])
        try hold(output.byteCount)
        values[number] = output
      }
    } catch {
      throw error.at(instruction.nodeName)
    }
    release(program.lastReads[index], &values)
  }

  /// Runs a part by its plan; false if it has to be interpreted.
  private func run(
    _ part: ProgramPart, of program: Program, _ values: inout [ModelValue?]
  ) throws(ExecutionError) -> Bool {
    var inputs: [Tensor] = []
    for (number, spec) in zip(part.inputs, part.program.inputSpecs) {
      guard let tensor = values[number]?.tensor, tensor.dataType == spec.dataType else {
        return false
      }
      inputs.append(tensor)
    }
    // The views are valid because `inputs` holds their storage.
    let plan = parts.plan(part, inputs.map { $0.withView { $0 } })
    guard let plan else { return false }
    try takeSteps(part.range.count, program.options)
    try spend(plan.work)
    try withExtendedLifetime(inputs) { () throws(ExecutionError) in try plan.run() }
    for (number, output) in zip(part.outputs, plan.outputs) {
      let value = ModelValue.tensor(Tensor(copying: output.view))
      try hold(value.byteCount)
      values[number] = value
    }
    for index in part.range { release(program.lastReads[index], &values) }
    return true
  }

  private func release(_ numbers: [Int], _ values: inout [ModelValue?]) {
    for number in numbers {
      budget.byteCount -= values[number]?.byteCount ?? 0
      values[number] = nil
    }
  }

  private func takeSteps(_ count: Int, _ options: ModelOptions) throws(ExecutionError) {
    guard budget.stepCount >= count else {
      throw ExecutionError(
        code: .resourceExhausted,
        message: "one inference may take \(options.interpretedStepCountMax) steps of "
          + "loops and branches (interpretedStepCountMax)")
    }
    budget.stepCount -= count
  }

  /// Who reads a value relies on what was inferred of it; a body, or an optional with a type of its
  /// own, may give something else.
  private static func check(
    _ value: ModelValue, _ type: TensorType?
  ) throws(ExecutionError) {
    guard let type, !type.accepts(value) else { return }
    throw ExecutionError(
      code: .invalidValue,
      message: "expected a \(type.form.rawValue) of \(type.dataType), got a "
        + "\(TensorType(value).form.rawValue) of \(TensorType(value).dataType)")
  }

  /// Counts bytes that a value, or a part of one to come, holds.
  func hold(_ byteCount: Int) throws(ExecutionError) {
    let (sum, overflow) = budget.byteCount.addingReportingOverflow(byteCount)
    guard !overflow, sum <= budget.byteCountMax else {
      throw ExecutionError(
        code: .resourceExhausted,
        message: "the values of one inference may take \(budget.byteCountMax) bytes, got "
          + "\(budget.byteCount) and \(byteCount) more")
    }
    budget.byteCount = sum
  }

  /// What was counted so far.
  var work: Double { budget.work }

  /// Counts work before it is done: see `ModelOptions.workMax`.
  func spend(_ work: Double) throws(ExecutionError) {
    budget.work += work
    guard budget.work <= budget.workMax else {
      throw ExecutionError(
        code: .resourceExhausted,
        message: "one inference may take \(budget.workMax) operations (workMax), got "
          + "\(budget.work) and is not done")
    }
  }

  /// Counts what cutting a tensor into so many tensors takes.
  func prepareCutting(_ tensor: Tensor, into count: Int) throws(ExecutionError) {
    try hold(count * Tensor.overheadByteCount)
    // Where a text begins, only those before it tell.
    let perPiece = tensor.dataType == .string ? tensor.elementCount : 1
    try spend(Double(count) * Double(perPiece))
  }

  private func evaluate(
    _ instruction: Program.Instruction, _ values: [ModelValue?]
  ) throws(ExecutionError) -> [ModelValue?] {
    let inputs = instruction.inputs.map { $0 < 0 ? nil : values[$0] }
    if let op = instruction.op as? any ValueOperator {
      let outputs = try op.evaluate(ValueCall(inputs: inputs, interpreter: self))
      try spend(outputs.reduce(0) { $0 + Double($1?.byteCount ?? 0) })
      return outputs
    }
    let known = KnownInputs(
      types: inputs.map { $0.map { TensorType($0) } }, constants: inputs.map { $0?.tensor })
    let op = instruction.op
    let types = try evaluating { () throws(GraphError) in try op.infer(known) }
    if let index = op.aliasedInput, let tensor = inputs[index]?.tensor,
      let shape = types[0].shape, instruction.outputs.dropFirst().allSatisfy({ $0 < 0 }),
      Shape.elementCount(shape) == tensor.elementCount
    {
      return [.tensor(tensor.reshaped(shape))]
    }
    var size = 0
    for type in types where type.isConcrete {
      guard let bytes = type.minimumByteCount, bytes <= budget.byteCountMax - size else {
        throw ExecutionError(
          code: .resourceExhausted,
          message: "an output of \(Shape.describe(type.shape)) is larger than the "
            + "\(budget.byteCountMax) bytes that there may be")
      }
      size += bytes
    }
    let work = try evaluating { () throws(GraphError) in try op.work(known, types) }
    try spend(Double(size) + work)
    return try evaluating { () throws(GraphError) in
      try Evaluator.run(op, known, types: types).map { .tensor($0) }
    }
  }
}
