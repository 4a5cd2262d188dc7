internal import Compute
internal import JSON

/// Embeddings of numbers and of positions, and layers at every step.
enum SequenceLayers {
  static func register(in makers: inout LayerMakers) {
    makers.add("Embedding") { d throws(TrainingError) in
      try EmbeddingLayer(d, sizeKey: "input_dim", widthKey: "output_dim")
    }
    makers.add("ReversibleEmbedding") { d throws(TrainingError) in
      try EmbeddingLayer(d, sizeKey: "input_dim", widthKey: "output_dim")
    }
    makers.add("PositionEmbedding") { d throws(TrainingError) in
      PositionEmbeddingLayer(
        name: d.name, length: try d.config.size("sequence_length"),
        initializer: try Initializer(d.config, "initializer", default: .glorotUniform))
    }
    makers.add("TokenAndPositionEmbedding") { d throws(TrainingError) in
      let tokens = try EmbeddingLayer(
        d, sizeKey: "vocabulary_size", widthKey: "embedding_dim", part: "/token_embedding")
      return TokenAndPositionLayer(
        name: d.name, tokens: tokens,
        positions: PositionEmbeddingLayer(
          name: d.name + "/position_embedding", length: try d.config.size("sequence_length"),
          initializer: .uniform(low: -0.05, high: 0.05)))
    }
    makers.add("TimeDistributed") { d throws(TrainingError) in
      guard let value = d.config["layer"] else {
        throw d.config.missing("layer", expected: "a Dense layer")
      }
      let place = "\(d.config.place): layer"
      let object = try KerasObject(value, place: place)
      // Dense is the same at every step anyway.
      guard object.className == "Dense" else {
        throw d.config.wrong("layer", expected: "a Dense layer", value)
      }
      let config = try Configuration(object.config, place: place)
      let layer = DenseLayer(
        name: d.name, weights: try LinearWeights(config, units: try config.size("units")),
        activation: try Activation(config))
      try config.finish()
      return layer
    }
  }
}

struct EmbeddingLayer: Layer {
  let name: String
  let size: Int
  let width: Int
  private let initializer: Initializer
  private let regularizer: Regularizer
  private let isReversed: Bool

  init(
    _ d: LayerDescription, sizeKey: String, widthKey: String, part: String = ""
  ) throws(TrainingError) {
    name = d.name + part
    size = try d.config.size(sizeKey)
    width = try d.config.size(widthKey, in: 1...1_048_576)
    initializer = try Initializer(
      d.config, "embeddings_initializer", default: .uniform(low: -0.05, high: 0.05))
    regularizer = try Regularizer(d.config, "embeddings_regularizer")
    try d.config.refuse("mask_zero", unless: .bool(false))
    try d.config.refuse("tie_weights", unless: .bool(true))
    _ = d.config["input_length"]
    try d.config.refuse(
      "embeddings_constraint", "activity_regularizer", "weights", "lora_rank", "logit_soft_cap")
    isReversed = try d.arguments.bool("reverse", default: false)
  }

  private func table(in builder: inout NetworkBuilder) -> String {
    builder.parameter(
      "\(name)/embeddings", [size, width], initializer, fans: (size, width), l1: regularizer.l1,
      l2: regularizer.l2)
  }

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    let table = table(in: &builder)
    if isReversed {
      // From a vector to a score for every number, by the same table.
      guard x.shape.last == width else { throw wrong("a last dimension of \(width)", x.shape) }
      let turned = builder.node("Transpose", [table], ["perm": .ints([1, 0])])
      return Value(builder.node("MatMul", [x.name, turned]), x.shape.dropLast() + [size])
    }
    var name = x.name
    if x.dataType == .fp32 {
      name = builder.node("Cast", [name], ["to": .int(7)])
    }
    return Value(builder.node("Gather", [table, name]), x.shape + [width])
  }
}

struct PositionEmbeddingLayer: Layer {
  let name: String
  let length: Int
  let initializer: Initializer

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    // What the layer gives has a row for each example.
    let zeros = Value(builder.node("Mul", [x.name, builder.number(0)]), x.shape)
    return try added(to: zeros, in: &builder)
  }

  /// The value with the positions' vectors added.
  func added(to x: Value, in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    guard x.shape.count == 2, x.shape[0] <= length else {
      throw wrong("[steps, channels] of at most \(length) steps", x.shape)
    }
    var table = builder.parameter("\(name)/embeddings", [length, x.shape[1]], initializer)
    if x.shape[0] < length {
      table = builder.node(
        "Slice",
        [table, builder.integers([0]), builder.integers([x.shape[0]]), builder.integers([0])])
    }
    return Value(builder.node("Add", [x.name, table]), x.shape)
  }
}

struct TokenAndPositionLayer: Layer {
  let name: String
  let tokens: EmbeddingLayer
  let positions: PositionEmbeddingLayer

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    try positions.added(to: try tokens.apply(inputs, in: &builder), in: &builder)
  }
}
