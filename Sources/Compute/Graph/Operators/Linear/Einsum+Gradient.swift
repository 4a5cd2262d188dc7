extension EinsumOperator {
  /// The gradient by an operand sums what arrives times all other operands, over the letters that the
  /// operand does not have.
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Einsum") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      var shapes: [[Int]] = []
      for index in nodes.node.inputs.indices { shapes.append(try nodes.shape(index)) }
      let (sizes, terms, result) = try EinsumOperator(nodes.attributes).resolve(shapes)
      for index in shapes.indices where nodes.wants(index) {
        try give(
          &nodes, dy, to: index, EinsumTerms(sizes: sizes, terms: terms, result: result), shapes)
      }
    }
  }

  private static func give(
    _ nodes: inout GradientNodes, _ dy: String, to index: Int, _ whole: EinsumTerms,
    _ shapes: [[Int]]
  ) throws(GraphError) {
    var names = try EinsumLetters(whole)
    var operands = [dy]
    var terms = [whole.result]
    // Sizes that letters have without the operand.
    var there = Dictionary(uniqueKeysWithValues: whole.result.map { ($0, whole.sizes[$0] ?? 1) })
    for (other, term) in whole.terms.enumerated() where other != index {
      operands.append(try nodes.input(other))
      terms.append(term)
      for (letter, size) in zip(term, shapes[other]) {
        there[letter] = max(there[letter] ?? 1, size)
      }
    }
    let type = try nodes.dataType(index)
    // A letter that the operand has twice names its diagonal: an identity ties a new letter to it.
    var own: [Character] = []
    for letter in whole.terms[index] {
      guard own.contains(letter) else {
        own.append(letter)
        continue
      }
      let twin = try names.another()
      operands.append(try identity(&nodes, whole.sizes[letter] ?? 1, type))
      terms.append([letter, twin])
      own.append(twin)
      there[letter] = whole.sizes[letter]
      there[twin] = whole.sizes[letter]
    }
    let shape = shapes[index]
    // Where the operand was stretched, its gradient is summed; where nobody else has the letter, stretched.
    let kept = own.indices.filter { there[own[$0]] == shape[$0] }
    let equation = names.equation(terms, kept.map { own[$0] })
    var gradient = nodes.value("Einsum", operands, ["equation": equation])
    if kept.count < own.count {
      gradient = nodes.reshaped(gradient, shape.indices.map { kept.contains($0) ? shape[$0] : 1 })
      gradient = nodes.value("Expand", [gradient, nodes.integers(shape)])
    }
    nodes.give(gradient, to: index)
  }

  private static func identity(
    _ nodes: inout GradientNodes, _ size: Int, _ type: DataType
  ) throws(GraphError) -> String {
    func matrix<T: Element>(_ element: T.Type) -> Tensor {
      let cells = (0..<(size * size)).map { T(converting: $0 % (size + 1) == 0 ? 1 : 0) }
      return Tensor(cells, shape: [size, size], dataType: type)
    }
    return nodes.constant(matrix(try type.numeric()))
  }
}

/// An equation with everything spelled out.
struct EinsumTerms {
  var sizes: [Character: Int]
  var terms: [[Character]]
  var result: [Character]
}

/// Letters that may be written, for those of an equation whose ellipses are spelled out.
private struct EinsumLetters {
  private var free: ArraySlice<Character>
  private var written: [Character: Character] = [:]

  private static let all = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

  init(_ terms: EinsumTerms) throws(GraphError) {
    free = Self.all[...]
    for letter in terms.sizes.keys.sorted() { written[letter] = try next() }
  }

  private mutating func next() throws(GraphError) -> Character {
    guard let letter = free.popFirst() else {
      throw GraphError(
        code: .unsupportedOperator,
        message: "the gradient of Einsum needs more than \(Self.all.count) letters")
    }
    return letter
  }

  /// A new letter.
  mutating func another() throws(GraphError) -> Character {
    let written = try next()
    // Nobody has it: the equation's own are letters, digits and Greek ones.
    let twin = Character(UnicodeScalar(UInt8(free.startIndex + 128)))
    self.written[twin] = written
    return twin
  }

  func equation(_ terms: [[Character]], _ result: [Character]) -> Attribute {
    func text(_ letters: [Character]) -> String { String(letters.map { written[$0] ?? $0 }) }
    let left = terms.map(text).joined(separator: ",")
    return .string(Array("\(left)->\(text(result))".utf8))
  }
}
