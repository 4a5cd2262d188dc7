/// Turns pairs of numbers by angles that depend on their position; sines and cosines come in
/// tables, a row a position.
enum RotaryEmbedding {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("RotaryEmbedding", domain: contributed) { e throws(GraphError) in
      try e.refuse("is_packed_batching")
      let half = try e.shape(2, ranks: 2...2)[1]
      let (heads, turned) = (
        try e.context.int("num_heads", default: 0),
        try e.context.int("rotary_embedding_dim", default: 0)
      )
      guard half > 0, heads >= 0, turned == 0 || (turned == 2 * half && heads > 0) else {
        throw GraphError(
          code: .invalidAttribute,
          message: "rotary_embedding_dim must be twice the tables' width \(half), with num_heads, "
            + "or 0; got \(turned)")
      }
      let x = try e.input(0)
      let rank = try e.shape(0, ranks: 3...4).count
      // [batch, length, heads, size], or [batch, heads, length, size] as it came.
      let sizes = e.integers(heads > 0 ? [0, 0, heads, -1] : [0, 0, -1, 2 * half])
      let rows = rank == 3 ? e.value("Reshape", [x, sizes]) : x
      let angles = try [3, 2].map { index throws(GraphError) in
        try table(&e, index, lengthAxis: rank == 3 ? 1 : 2)
      }
      let isPartial = turned > 0
      var (front, rest) = (rows, [String]())
      if isPartial {
        front = slice(&e, rows, 0, 2 * half)
        rest = [slice(&e, rows, 2 * half, Int(Int32.max))]
      }
      let isInterleaved = try e.context.bool("interleaved", default: false)
      var result = rotate(&e, front, sine: angles[0], cosine: angles[1], half, isInterleaved)
      if isPartial { result = e.value("Concat", [result] + rest, ["axis": .int(-1)]) }
      e.give(rank == 3 ? e.value("Reshape", [result, e.value("Shape", [x])]) : result)
    }
  }

  /// Rows of a table for every position, with an axis for the heads.
  private static func table(
    _ e: inout Expansion, _ index: Int, lengthAxis: Int
  ) throws(GraphError) -> String {
    var positions = try e.input(1)
    if try e.shape(1, ranks: 1...2).count == 1 {
      // Where the first row stands.
      let length = e.length(try e.input(0), axis: lengthAxis)
      positions = e.value("Add", [e.count(to: length), positions])
      let rows = e.value("Gather", [try e.input(index), positions])
      return lengthAxis == 1 ? e.value("Unsqueeze", [rows, e.integers([1])]) : rows
    }
    let rows = e.value("Gather", [try e.input(index), positions])
    return e.value("Unsqueeze", [rows, e.integers([lengthAxis == 1 ? 2 : 1])])
  }

  private static func slice(
    _ e: inout Expansion, _ value: String, _ from: Int, _ to: Int
  ) -> String {
    e.value("Slice", [value, e.integers([from]), e.integers([to]), e.integers([-1])])
  }

  /// Pairs are neighbours, or lie half a row apart.
  private static func rotate(
    _ e: inout Expansion, _ rows: String, sine: String, cosine: String, _ half: Int,
    _ isInterleaved: Bool
  ) -> String {
    var (a, b): (String, String)
    let last = e.integers([-1])
    if isInterleaved {
      let pairs = e.value("Reshape", [rows, e.integers([0, 0, 0, half, 2])])
      let parts = e.values(2, "Split", [pairs, e.integers([1, 1])], ["axis": .int(-1)])
      (a, b) = (e.value("Squeeze", [parts[0], last]), e.value("Squeeze", [parts[1], last]))
    } else {
      (a, b) = (slice(&e, rows, 0, half), slice(&e, rows, half, 2 * half))
    }
    let x = e.value("Sub", [e.value("Mul", [a, cosine]), e.value("Mul", [b, sine])])
    let y = e.value("Add", [e.value("Mul", [a, sine]), e.value("Mul", [b, cosine])])
    if !isInterleaved { return e.value("Concat", [x, y], ["axis": .int(-1)]) }
    let pairs = [e.value("Unsqueeze", [x, last]), e.value("Unsqueeze", [y, last])]
    let joined = e.value("Concat", pairs, ["axis": .int(-1)])
    return e.value("Reshape", [joined, e.integers([0, 0, 0, -1])])
  }
}
