/// Layer normalisation of a sum, as transformers have it behind attention and in front of the
/// first layer.
enum SkipNormalization {
  static func register(in registry: inout OperatorRegistry) {
    for (name, isSimplified) in [
      ("SkipLayerNormalization", false), ("SkipSimplifiedLayerNormalization", true),
    ] {
      registry.register(name, domain: contributed) { e throws(GraphError) in
        var sum = e.value("Add", [try e.input(0), try e.input(1)])
        if let bias = e.optional(isSimplified ? 3 : 4) { sum = e.value("Add", [sum, bias]) }
        let offset = isSimplified ? nil : e.optional(3)
        try normalize(&e, sum, [try e.input(2), offset], isSimplified, outputCount: 3)
        e.give(sum, as: 3)
      }
    }
    registry.register("EmbedLayerNormalization", domain: contributed, expansion: embed)
    registry.register("QEmbedLayerNormalization", domain: contributed) { e throws(GraphError) in
      // The five tables are inputs 2 to 6; then come a mask, their scales and their zero points.
      let places = 2...6
      var tables: [String?] = []
      for index in places {
        guard let table = e.optional(index) else {
          tables.append(nil)
          continue
        }
        let (scale, zero) = (try e.input(index + 6), try e.input(index + 11))
        tables.append(e.dequantized(table, scale, zero))
      }
      let ids: [String?] = [try e.input(0), e.optional(1)]
      let outputs = e.values(
        2, "EmbedLayerNormalization", ids + tables + [e.optional(7)],
        e.attributes("epsilon"), domain: contributed)
      e.give(outputs[0])
      e.give(outputs[1], as: 1)
    }
  }

  /// Normalises `sum` over its last axis; outputs beside the first are mean and inverse deviation.
  private static func normalize(
    _ e: inout Expansion, _ sum: String, _ parameters: [String?], _ isSimplified: Bool,
    outputCount: Int
  ) throws(GraphError) {
    let epsilon = try e.context.float("epsilon", default: 1e-12)
    let name = isSimplified ? "SimplifiedLayerNormalization" : "LayerNormalization"
    let count = isSimplified ? 2 : 3
    let outputs = e.values(
      count, name, [sum] + parameters, ["epsilon": .float(epsilon), "axis": .int(-1)])
    let places = isSimplified ? [0, 2] : [0, 1, 2]
    for (output, place) in zip(outputs, places) where place < outputCount {
      e.give(output, as: place)
    }
  }

  /// The sum of a word's, its position's and its segment's vectors, normalised; and how many words
  /// of each row the mask lets through.
  private static func embed(_ e: inout Expansion) throws(GraphError) {
    let ids = try e.input(0)
    let words = e.value("Gather", [try e.input(2), ids])
    let positions: String
    if let given = e.optional(8) {
      positions = e.value("Gather", [try e.input(3), given])
    } else {
      let length = e.value("Shape", [ids], ["start": .int(1), "end": .int(2)])
      let zero = e.integers([0])
      positions = e.value("Slice", [try e.input(3), zero, length, zero])
    }
    var sum = e.value("Add", [words, positions])
    if let segments = e.optional(1), let table = e.optional(4) {
      sum = e.value("Add", [sum, e.value("Gather", [table, segments])])
    }
    try normalize(&e, sum, [try e.input(5), try e.input(6)], false, outputCount: 1)
    e.give(sum, as: 2)
    guard e.wants(1) else { return }
    let one = e.integers([1])
    if let mask = e.optional(7) {
      e.give(e.value("ReduceSum", [mask, one], ["keepdims": .int(0)]), as: 1)
    } else {
      let rows = e.value("Shape", [ids], ["start": .int(0), "end": .int(1)])
      let zero = Tensor([Int32(0)], shape: [1], dataType: .int32)
      e.give(e.value("ConstantOfShape", [rows], ["value": .tensor(zero)]), as: 1)
    }
  }
}
