/// A step that reads inputs of the plan where the caller has them, and what it takes to make it again
/// for other addresses.
struct StepBinding {
  /// An operand of the step that is an input of the plan.
  struct Source {
    /// Its position among the step's operands.
    let operand: Int
    /// Its position among the plan's inputs.
    let input: Int
  }

  /// The step's position in the plan.
  let step: Int
  let instruction: Program.Instruction
  let sources: [Source]
  private var operands: Operands

  init(step: Int, _ instruction: Program.Instruction, _ operands: Operands, _ sources: [Source]) {
    self.step = step
    self.instruction = instruction
    self.operands = operands
    self.sources = sources
  }

  /// The step for inputs at these places.
  mutating func make(
    _ places: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) throws(ExecutionError) -> Step {
    for source in sources {
      operands.inputs[source.operand]?.bytes = places[source.input]
    }
    do {
      guard let made = try instruction.op.makeStep(operands) else { return {} }
      return operands.checked(made)
    } catch {
      throw ExecutionError(planning: error, node: instruction.nodeName)
    }
  }
}
