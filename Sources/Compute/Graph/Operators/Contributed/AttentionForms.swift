/// Attention and QAttention, whose projections come in one matrix, and MultiHeadAttention, which
/// gets queries, keys and values.
enum AttentionForms {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("Attention", domain: contributed) { e throws(GraphError) in
      try e.refuse("past_present_share_buffer", "do_rotary")
      var rows = e.value("MatMul", [try e.input(0), try e.input(1)])
      if let bias = e.optional(2) { rows = e.value("Add", [rows, bias]) }
      let sizes = try e.context.ints("qkv_hidden_sizes")
      try attend(&e, rows, sizes, type: try e.type(0).dataType, mask: 3, past: 4, term: 5)
    }
    registry.register("QAttention", domain: contributed) { e throws(GraphError) in
      try e.refuse("past_present_share_buffer", "do_rotary")
      let rows = e.value(
        "MatMulIntegerToFloat",
        [
          try e.input(0), try e.input(1), try e.input(3), try e.input(4), e.optional(6),
          e.optional(7), try e.input(2),
        ], domain: contributed)
      try attend(&e, rows, nil, type: try e.type(2).dataType, mask: 5, past: 8, term: nil)
    }
    registry.register("MultiHeadAttention", domain: contributed, expansion: multiHead)
  }

  /// Attention over rows that hold a query, a key and a value each; the numbers say which inputs
  /// are what.
  private static func attend(
    _ e: inout Expansion, _ rows: String, _ given: [Int]?, type: DataType, mask: Int, past: Int,
    term: Int?
  ) throws(GraphError) {
    let (heads, width) = (try headCount(e), try e.shape(1, ranks: 2...2)[1])
    let sizes = given ?? [width / 3, width / 3, width / 3]
    guard sizes.count == 3, sizes[0] == sizes[1],
      sizes.allSatisfy({ $0 > 0 && $0 <= width && $0 % heads == 0 }), sizes.reduce(0, +) == width
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(width) columns of weights must be queries, keys and values of \(heads) heads, "
          + "got the sizes \(sizes)")
    }
    let parts = e.values(3, "Split", [rows, e.integers(sizes)], ["axis": .int(-1)])
    var product = ScaledDotProduct(
      query: e.heads(parts[0], heads), key: e.heads(parts[1], heads),
      value: e.heads(parts[2], heads), type: type)
    product.headSize = sizes[0] / heads
    if let past = e.optional(past) {
      for (index, path) in [\ScaledDotProduct.key, \.value].enumerated() {
        let place = e.constant(Tensor(int64: [Int64(index)], shape: []))
        let before = e.value("Gather", [past, place], ["axis": .int(0)])
        product[keyPath: path] = e.value(
          "Concat", [before, product[keyPath: path]], ["axis": .int(2)])
      }
    }
    if e.wants(1) {
      let front = e.integers([0])
      let states = [product.key, product.value].map { e.value("Unsqueeze", [$0, front]) }
      e.give(e.value("Concat", states, ["axis": .int(0)]), as: 1)
    }
    try finish(&e, &product, mask: mask, term: term)
  }

  private static func multiHead(_ e: inout Expansion) throws(GraphError) {
    let heads = try headCount(e)
    guard e.optional(8) == nil, e.optional(9) == nil, !e.wants(3) else {
      throw GraphError(
        code: .unsupportedAttribute,
        message: "MultiHeadAttention supports neither shared buffers nor the output qk")
    }
    _ = try e.shape(0, ranks: 3...3)
    var rows = [try e.input(0), try e.input(1), try e.input(2)]
    // Keys and values of another sequence are in heads already, and without a bias.
    let areHeads = try e.shape(1, ranks: 3...4).count == 4
    if let bias = e.optional(3) {
      for (index, part) in try biases(&e, bias).enumerated() where index == 0 || !areHeads {
        rows[index] = e.value("Add", [rows[index], part])
      }
    }
    var product = ScaledDotProduct(
      query: e.heads(rows[0], heads), key: areHeads ? rows[1] : e.heads(rows[1], heads),
      value: areHeads ? rows[2] : e.heads(rows[2], heads), type: try e.type(0).dataType)
    if let width = try e.type(0).shape?.last, width > 0 { product.headSize = width / heads }
    for (index, path) in [(6, \ScaledDotProduct.key), (7, \.value)] {
      if let past = e.optional(index) {
        product[keyPath: path] = e.value(
          "Concat", [past, product[keyPath: path]], ["axis": .int(2)])
      }
      e.give(product[keyPath: path], as: index - 5)
    }
    try finish(&e, &product, mask: 4, term: 5)
  }

  /// The biases of queries, keys and values, which are one vector; only values may have another
  /// width than queries.
  private static func biases(_ e: inout Expansion, _ bias: String) throws(GraphError) -> [String] {
    let width = e.value("Shape", [try e.input(0)], ["start": .int(2), "end": .int(3)])
    let twice = e.value("Add", [width, width])
    let (first, last) = (e.integers([0]), e.integers([Int(Int32.max)]))
    return [(first, width), (width, twice), (twice, last)].map {
      e.value("Slice", [bias, $0, $1])
    }
  }

  private static func finish(
    _ e: inout Expansion, _ product: inout ScaledDotProduct, mask: Int, term: Int?
  ) throws(GraphError) {
    product.scale = try e.context.float("scale")
    product.isCausal = try e.context.bool("unidirectional", default: false)
    if e.optional(mask) != nil {
      let filter = try e.context.float("mask_filter_value", default: -10_000)
      product.terms.append(
        try e.maskTerm(mask, keys: product.key, filter: filter, product.type))
    }
    if let term, let bias = e.optional(term) { product.terms.append(bias) }
    e.give(try product.write(&e))
  }

  private static func headCount(_ e: Expansion) throws(GraphError) -> Int {
    guard let heads = try e.context.int("num_heads"), heads > 0 else {
      throw GraphError(code: .invalidAttribute, message: "num_heads must be above 0")
    }
    return heads
  }
}
