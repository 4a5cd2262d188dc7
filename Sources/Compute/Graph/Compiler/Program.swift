/// A compiled graph: instructions over numbered values. Immutable, shared by all contexts.
struct Program: Sendable {
  struct Instruction: Sendable {
    var op: any Operator
    /// Value numbers; -1 is an optional operand left out.
    var inputs: [Int]
    var outputs: [Int]
    /// For error messages.
    var nodeName: String
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
  /// Values that must be known when a plan is made.
  var shapeValues: Set<Int> = []
  var options = ModelOptions()

  /// Bytes of weights and constants held.
  var memoryByteCount: Int {
    constants.values.reduce(0) { $0 + $1.storage.byteCount }
      + instructions.reduce(0) { $0 + $1.op.weightByteCount }
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
