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

  /// Divides the instructions into parts that can be planned, and those that are interpreted.
  mutating func findParts(types: [Int: DataType]) {
    items = []
    var first = 0
    func close(_ end: Int) {
      guard options.passes.contains(.parts), end - first >= Self.partLengthMin,
        let part = ProgramPart(first..<end, of: self, types: types)
      else {
        items += (first..<end).map { .instruction($0) }
        return
      }
      items.append(.part(part))
    }
    for index in instructions.indices where instructions[index].op is any ValueOperator {
      close(index)
      items.append(.instruction(index))
      first = index + 1
    }
    close(instructions.count)
  }
}
