/// The inputs of a plan that stay where the caller has them instead of being copied into the plan's
/// memory, and the values that are the same bytes under another shape (Reshape of an input).
///
/// Nothing may be written to them: no output shares their memory, none of them is an output.
struct FollowedInputs {
  /// Per value the position of the input that it is.
  private var positions: [Int: Int] = [:]

  /// No input at all.
  init() {}

  /// Those of a program with these types, without the values that are `known` now. `pending` are the
  /// instructions that run, in their order.
  init(
    _ program: Program, _ types: [TensorType?], known: Set<Int>,
    _ pending: [(index: Int, known: KnownInputs)]
  ) {
    var readerCounts = [Int](repeating: 0, count: program.inputs.count)
    var refused: Set<Int> = []
    for (position, number) in program.inputs.enumerated()
    where !known.contains(number) && types[number]?.dataType != .string {
      positions[number] = position
    }
    for item in pending {
      let instruction = program.instructions[item.index]
      for (index, number) in instruction.inputs.enumerated() {
        guard number >= 0, let position = positions[number] else { continue }
        if let alias = Self.alias(instruction, of: index, types) {
          positions[alias] = position
        } else if !instruction.op.isFoldable {
          // It may keep something from run to run (random numbers), so it is made once.
          refused.insert(position)
        } else if !instruction.op.follows(input: index, item.known) {
          readerCounts[position] += 1
        }
      }
    }
    for number in program.outputs {
      // An output is valid until the next run, longer than the caller's bytes.
      if let position = positions[number] { refused.insert(position) }
    }
    for (position, number) in program.inputs.enumerated() {
      let (readers, byteCount) = (readerCounts[position], types[number]?.minimumByteCount ?? 0)
      if readers > 0, byteCount / readers < program.options.followedByteCountPerReader {
        refused.insert(position)
      }
    }
    positions = positions.filter { !refused.contains($0.value) }
  }

  /// The output that is input `index` of an instruction under another shape.
  private static func alias(
    _ instruction: Program.Instruction, of index: Int, _ types: [TensorType?]
  ) -> Int? {
    guard instruction.op.aliasedInput == index, let output = instruction.outputs.first,
      output >= 0, let size = types[output]?.minimumByteCount,
      size == types[instruction.inputs[index]]?.minimumByteCount
    else { return nil }
    return output
  }

  /// The position of the input whose bytes a value is.
  func position(of number: Int) -> Int? { positions[number] }

  /// Inputs of an instruction whose step is to be made again when the caller's bytes are elsewhere:
  /// their positions among its own inputs, and among the plan's.
  func sources(
    of instruction: Program.Instruction, _ known: KnownInputs
  ) -> [StepBinding.Source] {
    var found: [StepBinding.Source] = []
    for (index, number) in instruction.inputs.enumerated() where number >= 0 {
      guard let position = positions[number], !instruction.op.follows(input: index, known) else {
        continue
      }
      found.append(.init(operand: index, input: position))
    }
    return found
  }
}
