/// softmax(scale · Q · Kᵀ + bias) · V over heads: what Attention, QAttention and
/// MultiHeadAttention share. Queries, keys and values are [batch, heads, length, size].
struct ScaledDotProduct {
  var query: String
  var key: String
  var value: String
  /// The number type of all of them.
  let type: DataType
  /// Terms that are added to the scaled products, which are [batch, heads, queries, keys].
  var terms: [String] = []
  /// nil: 1 / √size.
  var scale: Float?
  /// Whether a query sees only the keys up to its own, counted from the end.
  var isCausal = false
  /// The size of a head if it is known.
  var headSize: Int?

  /// The result as [batch, queries, heads · size].
  func write(_ e: inout Expansion) throws(GraphError) -> String {
    let turned = e.value("Transpose", [key], ["perm": .ints([0, 1, 3, 2])])
    var scores = e.value("MatMul", [query, turned])
    scores = e.value("Mul", [scores, try factor(&e)])
    for term in terms { scores = e.value("Add", [scores, term]) }
    if isCausal {
      let allowed = try causal(&e)
      let lowest = try e.number(type == .fp16 ? -65_504 : -0x1.fffffep127, type)
      scores = e.value("Where", [allowed, scores, lowest])
    }
    let weights = e.value("Softmax", [scores], ["axis": .int(-1)])
    let heads = e.value("MatMul", [weights, value])
    let rows = e.value("Transpose", [heads], ["perm": .ints([0, 2, 1, 3])])
    return e.value("Reshape", [rows, e.integers([0, 0, -1])])
  }

  private func factor(_ e: inout Expansion) throws(GraphError) -> String {
    if let scale, scale != 0 { return try e.number(Double(scale), type) }
    if let headSize { return try e.number(1 / Double(headSize).squareRoot(), type) }
    let size = e.value("Shape", [query], ["start": .int(3), "end": .int(4)])
    let root = e.value("Sqrt", [e.value("Cast", [size], ["to": .int(1)])])
    return e.value("CastLike", [e.value("Reciprocal", [root]), query])
  }

  /// [queries, keys]: whether a query sees a key.
  private func causal(_ e: inout Expansion) throws(GraphError) -> String {
    let (queries, keys) = (e.length(query, axis: 2), e.length(key, axis: 2))
    let rows = e.value("Unsqueeze", [e.count(to: queries), e.integers([1])])
    let last = e.value("Add", [rows, e.value("Sub", [keys, queries])])
    return e.value("LessOrEqual", [e.count(to: keys), last])
  }
}

extension Expansion {
  /// [batch, length, heads · size] as [batch, heads, length, size].
  mutating func heads(_ value: String, _ count: Int) -> String {
    let apart = self.value("Reshape", [value, integers([0, 0, count, -1])])
    return self.value("Transpose", [apart], ["perm": .ints([0, 2, 1, 3])])
  }

  /// The size of an axis, as a scalar.
  mutating func length(_ value: String, axis: Int) -> String {
    let size = self.value(
      "Shape", [value], ["start": .int(Int64(axis)), "end": .int(Int64(axis) + 1)])
    return self.value("Squeeze", [size])
  }

  /// 0, 1, … up to a scalar.
  mutating func count(to end: String) -> String {
    let zero = constant(Tensor(int64: [0], shape: []))
    let one = constant(Tensor(int64: [1], shape: []))
    return value("Range", [zero, end, one])
  }

  /// What a mask of keys adds to products: 0, or `filter` where a key is hidden. The mask says for
  /// each key, or each query and key, whether it is seen, or how many keys are seen in each row; or,
  /// with two numbers a row, where they end and where they begin.
  mutating func maskTerm(
    _ index: Int, keys: String, filter: Float, _ type: DataType
  ) throws(GraphError) -> String {
    let mask = try input(index)
    let seen: String
    switch try shape(index, ranks: 1...3).count {
    case 1:
      let places = value("Cast", [count(to: length(keys, axis: 2))], ["to": .int(6)])
      let batch = value("Shape", [keys], ["start": .int(0), "end": .int(1)])
      let wide = value("Concat", [integers([-1]), batch], ["axis": .int(0)])
      let bounds = value("Reshape", [mask, wide])
      // A row that only has an end begins at 0.
      let origin = value(
        "ConstantOfShape", [value("Concat", [integers([1]), batch], ["axis": .int(0)])],
        ["value": .tensor(Tensor([Int32(0)], shape: [1], dataType: .int32))])
      let ends = value("Concat", [bounds, origin], ["axis": .int(0)])
      let (end, begin) = (row(0, of: ends), row(1, of: ends))
      let inside = value(
        "And", [value("Less", [places, end]), value("GreaterOrEqual", [places, begin])])
      seen = value("Unsqueeze", [inside, integers([1, 2])])
    case 2:
      seen = value("Unsqueeze", [value("Cast", [mask], ["to": .int(9)]), integers([1, 2])])
    default:
      seen = value("Unsqueeze", [value("Cast", [mask], ["to": .int(9)]), integers([1])])
    }
    return value("Where", [seen, try number(0, type), try number(Double(filter), type)])
  }

  /// A row of a matrix as a column.
  private mutating func row(_ index: Int, of matrix: String) -> String {
    let row = value("Gather", [matrix, integers([index])], ["axis": .int(0)])
    return value("Transpose", [row], ["perm": .ints([1, 0])])
  }
}
