/// TfIdfVectorizer: counts the n-grams of a vocabulary in rows of words or numbers, with up to so
/// many words skipped between those of an n-gram.
struct TfIdfVectorizerOperator: Operator {
  private enum Mode: String { case counts = "TF", presence = "IDF", weighted = "TFIDF" }

  private let mode: Mode
  private let lengths: ClosedRange<Int>
  private let skipsMax: Int
  private let columns: Int
  private let isText: Bool
  /// The n-grams by their words; the number tells which index and weight belong to it.
  private let texts: [[[UInt8]]: Int]
  private let numbers: [[Int64]: Int]
  private let indices: [Int]
  private let weights: [Float]

  init(_ context: OperatorContext) throws(GraphError) {
    let name = try context.string("mode") ?? "TF"
    guard let mode = Mode(rawValue: name) else {
      throw context.unsupported("mode", name, expected: "TF, IDF or TFIDF")
    }
    self.mode = mode
    let shortest = try context.int("min_gram_length", default: 1)
    let longest = try context.int("max_gram_length", default: 1)
    skipsMax = try context.int("max_skip_count", default: 0)
    let starts = try context.ints("ngram_counts") ?? []
    indices = try context.ints("ngram_indexes") ?? []
    let given = try context.floats("weights")
    let (strings, integers) = (
      try context.strings("pool_strings") ?? [], try context.ints("pool_int64s") ?? []
    )
    isText = !strings.isEmpty
    weights = given ?? [Float](repeating: 1, count: indices.count)
    let size = isText ? strings.count : integers.count
    guard shortest >= 1, longest >= shortest, longest <= 64, (0...1 << 20).contains(skipsMax),
      weights.count == indices.count, indices.allSatisfy((0..<1 << 30).contains),
      starts == starts.sorted(), starts.first ?? 0 >= 0, starts.last ?? 0 <= size
    else {
      throw GraphError(
        code: .invalidAttribute, message: "TfIdfVectorizer's attributes do not fit each other")
    }
    lengths = shortest...longest
    columns = (indices.max() ?? -1) + 1
    var texts: [[[UInt8]]: Int] = [:]
    var numbers: [[Int64]: Int] = [:]
    var gram = 0
    for (level, start) in starts.enumerated() {
      let end = level + 1 < starts.count ? starts[level + 1] : size
      for first in stride(from: start, to: end - level, by: level + 1) {
        guard gram < indices.count else { break }
        if isText {
          texts[Array(strings[first...first + level])] = gram
        } else {
          numbers[integers[first...first + level].map { Int64($0) }] = gram
        }
        gram += 1
      }
    }
    (self.texts, self.numbers) = (texts, numbers)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: isText ? [.string] : DataType.indices)
    guard let shape = type.shape else { return [TensorType(.fp32, nil)] }
    guard (1...2).contains(shape.count) else {
      throw GraphError(
        code: .shapeMismatch, message: "needs rows of words, got \(Shape.describe(shape))")
    }
    return [TensorType(.fp32, shape.dropLast() + [columns])]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape, let width = shape.last,
      let count = Shape.elementCount(shape)
    else { return 0 }
    let skips = Double(min(skipsMax, width) + 1)
    return lengths.reduce(0.0) { $0 + Double(count) * Double($1) * ($1 == 1 ? 1 : skips) }
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let width = input.shape[input.shape.count - 1]
    let rows = input.shape.count == 2 ? input.shape[0] : 1
    let target = output.f32
    let (texts, numbers, columns) = (texts, numbers, columns)
    if let strings = input.strings {
      return {
        let words = StringFraming.elements(strings.bytes) ?? []
        for row in 0..<rows {
          count(words[row * width..<(row + 1) * width], texts, target + row * columns)
        }
      }
    }
    let values = Indices(input)
    return {
      for row in 0..<rows {
        let words = (row * width..<(row + 1) * width).map { Int64(values[$0]) }
        count(words[...], numbers, target + row * columns)
      }
    }
  }

  private func count<Word: Hashable>(
    _ words: ArraySlice<Word>, _ vocabulary: [[Word]: Int],
    _ row: UnsafeMutablePointer<Float>
  ) {
    for column in 0..<columns { row[column] = 0 }
    for length in lengths {
      // Single words have nothing between them to skip.
      for skip in 0...(length == 1 ? 0 : skipsMax) {
        let reach = (length - 1) * (skip + 1)
        guard reach < words.count else { break }
        for start in words.startIndex..<words.endIndex - reach {
          let gram = (0..<length).map { words[start + $0 * (skip + 1)] }
          guard let number = vocabulary[gram] else { continue }
          let column = indices[number]
          switch mode {
          case .counts: row[column] += 1
          case .presence: row[column] = weights[number]
          case .weighted: row[column] += weights[number]
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("TfIdfVectorizer") { context throws(GraphError) in
      try TfIdfVectorizerOperator(context)
    }
  }
}
