/// Makes a plan in two walks over the program: first types, sizes and lifetimes, then, with
/// the arena in place, addresses and steps.
struct PlanBuilder {
  private let program: Program
  private var types: [TensorType?]
  private var constants: [Int: Tensor]
  /// Instructions that run at inference, with what they know of their inputs.
  private var pending: [(index: Int, known: KnownInputs, types: [TensorType])] = []
  /// The buffer a value lives in, -1 if none.
  private var bufferOfValue: [Int]
  private var buffers: [ArenaLayout.Buffer] = []
  private var scratchBuffer: [Int] = []
  /// Values that are where the caller has an input; nothing may be written there.
  private var followed = FollowedInputs()
  /// See `ModelOptions.workMax`.
  private var work = 0.0

  /// Values computed while planning stay below this, so that a plan cannot grow unnoticed.
  private static let foldedByteCountMax = 1 << 20

  init(
    _ program: Program, shapes: [[Int]], values: [Int: Tensor]
  ) throws(ExecutionError) {
    self.program = program
    types = [TensorType?](repeating: nil, count: program.valueCount)
    bufferOfValue = [Int](repeating: -1, count: program.valueCount)
    constants = program.constants
    for (number, tensor) in constants {
      types[number] = TensorType(tensor.dataType, tensor.shape)
    }
    for (position, number) in program.inputs.enumerated() {
      types[number] = TensorType(program.inputSpecs[position].dataType, shapes[position])
      if let tensor = values[position] { constants[number] = tensor }
    }
    for index in program.instructions.indices {
      do {
        try inferInstruction(index)
      } catch {
        throw ExecutionError(planning: error, node: program.instructions[index].nodeName)
      }
    }
  }

  private mutating func inferInstruction(_ index: Int) throws(GraphError) {
    let instruction = program.instructions[index]
    let known = KnownInputs(
      types: instruction.inputs.map { $0 < 0 ? nil : types[$0] },
      constants: instruction.inputs.map { $0 < 0 ? nil : constants[$0] })
    let outputs = try instruction.op.infer(known)
    for (number, type) in zip(instruction.outputs, outputs) where number >= 0 {
      guard let shape = type.shape, type.isConcrete else {
        throw GraphError(
          code: .shapeMismatch,
          message: "the output's shape depends on values only known while running")
      }
      guard let byteCount = type.minimumByteCount else {
        throw GraphError(
          code: .shapeOverflow, message: "shape \(Shape.describe(shape)) overflows")
      }
      guard byteCount <= program.options.arenaByteCountMax else {
        throw GraphError(
          code: .resourceExhausted,
          message: "an output of \(Shape.describe(shape)) is larger than "
            + "\(program.options.arenaByteCountMax) bytes")
      }
      types[number] = type
    }
    work += try instruction.op.work(known, outputs)
    guard work <= program.options.workMax else {
      throw GraphError(
        code: .resourceExhausted,
        message: "one inference may take \(program.options.workMax) operations (workMax), inputs "
          + "of these shapes need \(work)")
    }
    if try fold(instruction, known, outputs) { return }
    pending.append((index, known, outputs))
  }

  /// Computes an instruction now if everything it reads is known.
  private mutating func fold(
    _ instruction: Program.Instruction, _ known: KnownInputs, _ outputs: [TensorType]
  ) throws(GraphError) -> Bool {
    let isKnown =
      instruction.op.readsShapesOnly
      || instruction.inputs.allSatisfy { $0 < 0 || constants[$0] != nil }
    guard isKnown, instruction.op.isFoldable else { return false }
    let needed = instruction.outputs.contains(where: program.shapeValues.contains)
    let size = outputs.reduce(0) { $0 &+ (Shape.byteCount($1.shape!, $1.dataType) ?? 0) }
    guard needed || size <= Self.foldedByteCountMax else { return false }
    guard size <= program.options.arenaByteCountMax else {
      throw GraphError(code: .resourceExhausted, message: "a shape's value is too large")
    }
    let tensors = try Evaluator.run(instruction.op, known, types: outputs)
    for (number, tensor) in zip(instruction.outputs, tensors) where number >= 0 {
      constants[number] = tensor
    }
    return true
  }

  // MARK: - Memory

  /// Decides which values share a buffer and how long each buffer lives.
  private mutating func findLifetimes() throws(ExecutionError) {
    var lastReads = [Int](repeating: -1, count: program.valueCount)
    for (step, item) in pending.enumerated() {
      for number in program.instructions[item.index].inputs where number >= 0 {
        lastReads[number] = step
      }
    }
    for number in program.outputs { lastReads[number] = Int.max }
    followed = FollowedInputs(
      program, types, known: Set(constants.keys), pending.map { ($0.index, $0.known) })
    for number in program.inputs where constants[number] == nil {
      addBuffer(number, first: -1, last: max(lastReads[number], -1))
    }
    for (step, item) in pending.enumerated() {
      let instruction = program.instructions[item.index]
      for (position, number) in instruction.outputs.enumerated() where number >= 0 {
        let last = max(lastReads[number], step)
        if position == 0, let shared = sharedBuffer(instruction, number, step) {
          bufferOfValue[number] = shared
          buffers[shared].last = max(buffers[shared].last, last)
        } else {
          addBuffer(number, first: step, last: last)
        }
      }
      scratchBuffer.append(-1)
      let scratch: Int
      do {
        scratch = try instruction.op.scratchByteCount(item.known)
      } catch {
        throw ExecutionError(planning: error, node: instruction.nodeName)
      }
      if scratch != 0 {
        scratchBuffer[step] = buffers.count
        buffers.append(ArenaLayout.Buffer(byteCount: scratch, first: step, last: step))
      }
    }
  }

  private mutating func addBuffer(_ number: Int, first: Int, last: Int) {
    let type = types[number]!
    if type.dataType == .string { return }
    bufferOfValue[number] = buffers.count
    buffers.append(
      ArenaLayout.Buffer(
        byteCount: Shape.byteCount(type.shape!, type.dataType)!, first: first, last: last))
  }

  /// The input buffer that output 0 can live in: repeated bytes always, otherwise only a
  /// buffer nobody reads after this step.
  private func sharedBuffer(
    _ instruction: Program.Instruction, _ number: Int, _ step: Int
  ) -> Int? {
    func buffer(_ index: Int) -> Int? {
      guard index < instruction.inputs.count, instruction.inputs[index] >= 0 else { return nil }
      let buffer = bufferOfValue[instruction.inputs[index]]
      return buffer < 0 ? nil : buffer
    }
    let type = types[number]!
    guard let size = Shape.byteCount(type.shape!, type.dataType) else { return nil }
    if let index = instruction.op.aliasedInput, let found = buffer(index) {
      return buffers[found].byteCount == size ? found : nil
    }
    for index in instruction.op.inPlaceInputs {
      guard let found = buffer(index), buffers[found].byteCount == size,
        buffers[found].last <= step, followed.position(of: instruction.inputs[index]) == nil
      else { continue }
      // Another operand in the same buffer would be overwritten while it is read.
      let readers = instruction.inputs.filter { $0 >= 0 && bufferOfValue[$0] == found }
      if readers.count == 1 { return found }
    }
    return nil
  }

  // MARK: - Steps

  /// Where every buffer lies in the arena.
  private mutating func layOut() throws(ExecutionError) -> ArenaLayout {
    try findLifetimes()
    guard let layout = ArenaLayout(buffers),
      layout.byteCount <= program.options.arenaByteCountMax
    else {
      throw ExecutionError(
        code: .resourceExhausted,
        message: "activations must fit \(program.options.arenaByteCountMax) bytes, "
          + "but inputs of these shapes need more")
    }
    return layout
  }

  /// Bytes of the arena that `build` would ask for.
  mutating func arenaByteCount() throws(ExecutionError) -> Int { try layOut().byteCount }

  /// Lays out memory, asks `arena` for it, and makes the steps.
  mutating func build(
    arena: (Int) throws(ExecutionError) -> UnsafeMutableRawPointer
  ) throws(ExecutionError) -> Plan {
    let layout = try layOut()
    let base = try arena(layout.byteCount)
    let written = pending.reduce(0.0) { sum, item in
      program.instructions[item.index].outputs.reduce(sum) {
        $0 + ($1 < 0 ? 0 : Double(types[$1]?.minimumByteCount ?? 0))
      }
    }
    let plan = Plan(
      program: program, work: work + written,
      threads: ThreadPool.shared(
        threadCount: program.options.threadCount, isBackground: program.options.allowsTraining))
    var operands = [Operand?](repeating: nil, count: program.valueCount)
    for number in 0..<program.valueCount {
      guard let type = types[number] else { continue }
      if let tensor = constants[number] {
        operands[number] = Evaluator.operand(of: tensor)
        plan.constants.append(tensor)
        continue
      }
      let buffer = bufferOfValue[number]
      operands[number] = Operand(
        dataType: type.dataType, shape: type.shape!, count: Shape.product(type.shape![...]),
        bytes: buffer < 0 ? base : base + layout.buffers[buffer].offset,
        strings: type.dataType == .string
          ? StringBuffer(byteCountMax: program.options.arenaByteCountMax) : nil)
    }
    for number in 0..<program.valueCount {
      guard let position = followed.position(of: number) else { continue }
      operands[number]?.place = UnsafePointer(plan.places + position)
    }
    // Steps that must have run before a value has its elements.
    var completions = [Int](repeating: 0, count: program.valueCount)
    for (step, item) in pending.enumerated() {
      let instruction = program.instructions[item.index]
      let scratch = scratchBuffer[step]
      let binding = Operands(
        inputs: instruction.inputs.map { $0 < 0 ? nil : operands[$0] },
        outputs: instruction.outputs.map { $0 < 0 ? nil : operands[$0] },
        scratch: scratch < 0 ? base : base + layout.buffers[scratch].offset,
        known: item.known, threadPool: plan.threads)
      do {
        if let run = try instruction.op.makeStep(binding) {
          plan.append(binding.checked(run), of: instruction)
          let sources = followed.sources(of: instruction, item.known)
          if !sources.isEmpty { plan.bind(instruction, binding, to: sources) }
        }
      } catch {
        throw ExecutionError(planning: error, node: instruction.nodeName)
      }
      for number in instruction.outputs where number >= 0 {
        completions[number] = plan.steps.count
      }
    }
    plan.complete(program.outputs.map { completions[$0] })
    plan.inputs = program.inputs.map { operands[$0]! }
    plan.outputs = program.outputs.map { operands[$0]! }
    return plan
  }
}

extension ExecutionError {
  /// An operator refused concrete shapes that its symbolic shapes allowed.
  init(planning error: GraphError, node: String? = nil) {
    let code: Code =
      switch error.code {
      case .resourceExhausted, .shapeOverflow: .resourceExhausted
      case .shapeMismatch: .shapeMismatch
      default: .invalidValue
      }
    self.init(code: code, message: error.message, node: error.node ?? node)
  }
}
