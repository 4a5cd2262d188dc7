/// Einsum: sums of products of any number of operands, by the letters of their dimensions.
struct EinsumOperator: Operator {
  private let inputs: [[Character]]
  private let output: [Character]?

  /// Stands for the dimensions of an ellipsis, the last of which are "0", "1", …
  private static let ellipsis: Character = "."

  init(_ context: OperatorContext) throws(GraphError) {
    let equation = (try context.string("equation") ?? "").filter { !$0.isWhitespace }
    let halves = equation.split(separator: "->", omittingEmptySubsequences: false)
    guard halves.count <= 2, equation.count <= 1024 else {
      throw context.unsupported("equation", "another form", expected: "like 'ij,jk->ik'")
    }
    inputs = try halves[0].split(separator: ",", omittingEmptySubsequences: false)
      .map { term throws(GraphError) in try Self.letters(term) }
    output = halves.count == 2 ? try Self.letters(halves[1]) : nil
    guard inputs.count == context.node.inputs.count else {
      throw GraphError(
        code: .invalidAttribute,
        message: "the equation names \(inputs.count) operands, got \(context.node.inputs.count)")
    }
  }

  private static func letters(_ term: Substring) throws(GraphError) -> [Character] {
    var result: [Character] = []
    var rest = term
    while let letter = rest.first {
      if rest.hasPrefix("...") {
        rest = rest.dropFirst(3)
        result.append(ellipsis)
      } else if letter.isASCII && letter.isLetter {
        rest = rest.dropFirst()
        result.append(letter)
      } else {
        throw GraphError(
          code: .invalidAttribute,
          message: "Einsum's equation has letters, commas and ellipses, got '\(letter)'")
      }
    }
    guard result.count(where: { $0 == ellipsis }) <= 1 else {
      throw GraphError(code: .invalidAttribute, message: "a term may have one ellipsis")
    }
    return result
  }

  /// Sizes of all letters, and each operand's letters with the ellipses spelled out.
  func resolve(
    _ shapes: [[Int]]
  ) throws(GraphError) -> (sizes: [Character: Int], terms: [[Character]], result: [Character]) {
    let digits = Array("0123456789αβγδεζηθικλμνξοπρστυφχψω")
    var sizes: [Character: Int] = [:]
    var terms: [[Character]] = []
    var deepest = 0
    for (letters, shape) in zip(inputs, shapes) {
      let extra = shape.count - letters.count { $0 != Self.ellipsis }
      guard extra >= 0, extra == 0 || letters.contains(Self.ellipsis), extra <= digits.count
      else {
        throw GraphError(
          code: .shapeMismatch,
          message: "'\(String(letters))' does not fit \(Shape.describe(shape))")
      }
      if letters.contains(Self.ellipsis) { deepest = max(deepest, extra) }
      // Counted from the end, so that ellipses of different ranks broadcast.
      let term = letters.flatMap { $0 == Self.ellipsis ? digits[..<extra].reversed() : [$0] }
      for (letter, size) in zip(term, shape) {
        let known = sizes[letter] ?? 1
        guard known == 1 || size == 1 || known == size || size < 0 || known < 0 else {
          throw GraphError(
            code: .shapeMismatch,
            message: "'\(letter)' cannot be both \(known) and \(size)")
        }
        sizes[letter] = sizes[letter] == nil || known == 1 || known < 0 ? size : known
      }
      terms.append(term)
    }
    let spread = Array(digits[..<deepest].reversed())
    if let output {
      let result = output.flatMap { $0 == Self.ellipsis ? spread : [$0] }
      guard result.allSatisfy({ sizes[$0] != nil }), Set(result).count == result.count else {
        throw GraphError(
          code: .invalidAttribute, message: "Einsum's result must name each of its letters once")
      }
      return (sizes, terms, result)
    }
    // Without an arrow: the ellipsis, then letters used once, in alphabetic order.
    let all = inputs.joined().filter { $0 != Self.ellipsis }
    let once = Set(all).filter { letter in all.count { $0 == letter } == 1 }.sorted()
    return (sizes, terms, spread + once)
  }

  func infer(_ known: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try known.type(0, among: DataType.numbers)
    var shapes: [[Int]] = []
    for index in inputs.indices {
      guard let shape = try known.type(index, among: [type.dataType]).shape else {
        return [TensorType(type.dataType, nil)]
      }
      shapes.append(shape)
    }
    let (sizes, _, result) = try resolve(shapes)
    return [TensorType(type.dataType, result.map { sizes[$0] ?? 1 })]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    var shapes: [[Int]] = []
    for index in self.inputs.indices { shapes.append(try inputs.type(index).shape ?? []) }
    let sizes = try resolve(shapes).sizes.values
    let work = sizes.reduce(Double(shapes.count * max(sizes.count, 1))) { $0 * Double($1) }
    // The kernels do some 32 multiplications in the time of a plain one.
    return try product(inputs) == nil ? work : work / 32
  }

  /// The matrix product that it is, for FP32 operands of known shapes.
  private func product(_ inputs: KnownInputs) throws(GraphError) -> EinsumProduct? {
    var shapes: [[Int]] = []
    for index in self.inputs.indices {
      let type = try inputs.type(index)
      guard type.dataType == .fp32, let shape = type.shape, !shape.contains(-1) else { return nil }
      shapes.append(shape)
    }
    let (sizes, terms, result) = try resolve(shapes)
    return EinsumProduct(sizes, terms, result, shapes)
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    try product(inputs)?.scratchByteCount ?? 0
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    var given: [Operand] = []
    for index in inputs.indices { given.append(try operands.input(index)) }
    let output = try operands.output()
    if let product = try product(operands.known) {
      return product.step(given, output, operands.scratch)
    }
    if output.dataType == .fp32 { return try step(Float.self, given, output) }
    return try step(try output.dataType.numeric(), given, output)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ operands: [Operand], _ output: Operand
  ) throws(GraphError) -> Step {
    let (sizes, terms, result) = try resolve(operands.map(\.shape))
    let summed = sizes.keys.filter { !result.contains($0) }.sorted()
    let letters = result + summed
    /// Per letter, how far each operand moves.
    let strides = letters.map { letter in
      zip(terms, operands).map { term, operand in
        zip(term, zip(operand.shape, Shape.strides(operand.shape)))
          .reduce(0) { $0 + ($1.0 == letter && $1.1.0 != 1 ? $1.1.1 : 0) }
      }
    }
    let (outer, inner) = (result.count, letters.count)
    let extents = letters.map { sizes[$0] ?? 1 }
    guard let termCount = Shape.elementCount(Array(extents[outer...])) else {
      throw GraphError(
        code: .shapeOverflow,
        message: "sums of \(Shape.describe(Array(extents[outer...]))) products overflow")
    }
    let pointers = operands.map { $0.pointer(T.self) }
    let (target, count, isInteger) = (
      output.pointer(T.self), output.count, output.dataType.isInteger
    )
    return {
      for index in 0..<count {
        var (exact, sum) = (T.zero, 0.0)
        for term in 0..<termCount {
          var (product, wide) = (T(converting: 1), 1.0)
          for (number, pointer) in pointers.enumerated() {
            var offset = 0
            var (rest, below) = (index, term)
            for place in stride(from: inner - 1, through: outer, by: -1) {
              offset += below % extents[place] * strides[place][number]
              below /= extents[place]
            }
            for place in stride(from: outer - 1, through: 0, by: -1) {
              offset += rest % extents[place] * strides[place][number]
              rest /= extents[place]
            }
            if isInteger {
              product = T.multiply(product, pointer[offset])
            } else {
              wide *= pointer[offset].asDouble
            }
          }
          exact = T.add(exact, product)
          sum += wide
        }
        target[index] = isInteger ? exact : T(converting: sum)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Einsum") { context throws(GraphError) in try EinsumOperator(context) }
  }
}
