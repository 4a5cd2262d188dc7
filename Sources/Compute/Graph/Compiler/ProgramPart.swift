/// A stretch of an interpreted program without value operators: a program of its own, for which plans
/// are made (decision 113). Numbers its values itself.
final class ProgramPart: Sendable {
  /// Its instructions in the program around it.
  let range: Range<Int>
  let program: Program
  /// The values it reads and gives, by their numbers in the program around it.
  let inputs: [Int], outputs: [Int]

  /// nil if it reads a value of unknown type or gives nothing that anybody reads.
  init?(_ range: Range<Int>, of whole: Program, types: [Int: DataType]) {
    var (numbers, inputs, written) = ([Int: Int](), [Int](), Set<Int>())
    var program = Program()
    program.options = whole.options
    func number(_ outer: Int) -> Int {
      if outer < 0 { return -1 }
      if let known = numbers[outer] { return known }
      numbers[outer] = numbers.count
      return numbers.count - 1
    }
    for instruction in whole.instructions[range] {
      for input in instruction.inputs where input >= 0 && numbers[input] == nil {
        if let tensor = whole.constants[input] {
          program.constants[number(input)] = tensor
        } else {
          guard let type = types[input] else { return nil }
          inputs.append(input)
          program.inputs.append(number(input))
          program.inputSpecs.append(TensorSpec(name: "", dataType: type, shape: []))
        }
      }
      var copy = instruction
      copy.inputs = instruction.inputs.map(number)
      copy.outputs = instruction.outputs.map(number)
      program.instructions.append(copy)
      written.formUnion(instruction.outputs.filter { $0 >= 0 })
    }
    var outputs: [Int] = []
    let rest = whole.instructions[range.upperBound...].flatMap(\.inputs) + whole.outputs
    for outer in rest where written.remove(outer) != nil { outputs.append(outer) }
    guard !outputs.isEmpty else { return nil }
    program.outputs = outputs.map(number)
    program.valueCount = numbers.count
    program.findShapeValues()
    (self.range, self.program, self.inputs, self.outputs) = (range, program, inputs, outputs)
  }
}

extension Program {
  /// What the interpreter takes at a time.
  enum Item: Sendable {
    case instruction(Int)
    case part(ProgramPart)
  }

  /// A single operator is evaluated as fast as planned.
  private static let partLengthMin = 2

  /// Divides the instructions into parts that can be planned, and those that are interpreted. May
  /// change their order.
  mutating func findParts(types: [Int: DataType]) {
    items = []
    var first = 0
    for index in instructions.indices where instructions[index].op is any ValueOperator {
      divide(first..<index, types)
      items.append(.instruction(index))
      first = index + 1
    }
    divide(first..<instructions.count, types)
  }

  /// Numbers that decide sizes, such as a loop's counter, lead to a plan each: what depends on them is
  /// a part of its own, behind the others.
  private mutating func divide(_ range: Range<Int>, _ types: [Int: DataType]) {
    guard let part = part(range, types), !part.program.keyedInputs.isEmpty else {
      return append(range, types)
    }
    var tainted = Set(part.program.keyedInputs.map { part.inputs[$0] })
    var (free, bound) = ([Instruction](), [Instruction]())
    for instruction in instructions[range] {
      if instruction.inputs.contains(where: tainted.contains) {
        tainted.formUnion(instruction.outputs.filter { $0 >= 0 })
        bound.append(instruction)
      } else {
        free.append(instruction)
      }
    }
    instructions.replaceSubrange(range, with: free + bound)
    let middle = range.lowerBound + free.count
    append(range.lowerBound..<middle, types)
    append(middle..<range.upperBound, types)
  }

  private mutating func append(_ range: Range<Int>, _ types: [Int: DataType]) {
    if let part = part(range, types) {
      items.append(.part(part))
    } else {
      items += range.map { .instruction($0) }
    }
  }

  private func part(_ range: Range<Int>, _ types: [Int: DataType]) -> ProgramPart? {
    guard options.passes.contains(.parts), range.count >= Self.partLengthMin else { return nil }
    return ProgramPart(range, of: self, types: types)
  }
}
