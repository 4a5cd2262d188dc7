/// A compiled graph: instructions over numbered values. Immutable, shared by all contexts.
struct Program: Sendable {
  struct Instruction: Sendable {
    var op: any Operator
    /// Value numbers; -1 is an optional operand left out.
    var inputs: [Int]
    var outputs: [Int]
    /// What inference says of the outputs.
    var outputTypes: [TensorType?]
    /// For error messages.
    var nodeName: String
    /// The domain, if it is not the standard's, and the operator's name.
    var operatorName: String
  }

  var valueCount = 0
  var instructions: [Instruction] = []
  /// Values known at load that some step or shape computation reads.
  var constants: [Int: Tensor] = [:]
  var inputs: [Int] = []
  var outputs: [Int] = []
  var inputSpecs: [TensorSpec] = []
  var outputSpecs: [TensorSpec] = []
  /// Positions of inputs whose values decide shapes: they are part of a plan's key.
  var keyedInputs: [Int] = []
  /// For interpretation: the constants, and after each instruction the values nobody reads any
  /// more.
  private(set) var initialValues: [ModelValue?] = []
  private(set) var lastReads: [[Int]] = []
  /// For interpretation: the instructions in their order, those that can be planned together.
  var items: [Item] = []
  /// Values that must be known when a plan is made.
  var shapeValues: Set<Int> = []
  /// What the inputs must be, for those that are no tensors too.
  var inputForms: [ValueForm] = []
  var outputForms: [ValueForm] = []
  /// Whether it runs an instruction at a time on values of their own, because sizes, or even
  /// which instructions run, depend on values (decision 60). Otherwise plans are made for it.
  var isInterpreted = false
  var options = ModelOptions()
  /// What an interpreted program was made of, if it has branches that inputs may decide.
  var source: Graph?

  /// Bytes of weights and constants held.
  var memoryByteCount: Int {
    constants.values.reduce(0) { $0 + $1.storage.byteCount }
      + instructions.reduce(0) { $0 + $1.op.weightByteCount }
  }

  /// Prepares what the interpreter needs.
  mutating func findLastReads() {
    initialValues = [ModelValue?](repeating: nil, count: valueCount)
    for (number, tensor) in constants { initialValues[number] = .tensor(tensor) }
    lastReads = [[Int]](repeating: [], count: instructions.count)
    var kept = Set(outputs)
    for index in instructions.indices.reversed() {
      for number in instructions[index].inputs + instructions[index].outputs
      where number >= 0 && constants[number] == nil && kept.insert(number).inserted {
        lastReads[index].append(number)
      }
    }
  }

  /// Finds which values have to be known before a plan can be made: walks from every shape
  /// operand back to the inputs it is computed from.
  mutating func findShapeValues() {
    for instruction in instructions.reversed() {
      if instruction.outputs.contains(where: shapeValues.contains),
        !instruction.op.readsShapesOnly
      {
        for input in instruction.inputs where input >= 0 && constants[input] == nil {
          shapeValues.insert(input)
        }
      }
      for index in instruction.op.shapeOperands where index < instruction.inputs.count {
        let input = instruction.inputs[index]
        if input >= 0 && constants[input] == nil { shapeValues.insert(input) }
      }
    }
    keyedInputs = inputs.indices.filter { shapeValues.contains(inputs[$0]) }
  }
}
