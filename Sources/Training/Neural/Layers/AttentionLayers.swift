internal import Compute
internal import Glibc
internal import JSON

/// Attention with its projections, and the blocks of Transformers.
enum AttentionLayers {
  static func register(in makers: inout LayerMakers) {
    makers.add("MultiHeadAttention", multiHead)
    for name in ["GroupQueryAttention", "GroupedQueryAttention"] {
      makers.add(name, groupedQuery)
    }
    for (name, isCausal) in [("TransformerEncoder", false), ("TransformerDecoder", true)] {
      makers.add(name) { d throws(TrainingError) in try TransformerBlock(d, isCausal: isCausal) }
    }
  }

  @Sendable private static func multiHead(_ d: LayerDescription) throws(TrainingError) -> any Layer
  {
    let heads = try d.config.size("num_heads", in: 1...1024)
    let width = try d.config.size("key_dim", in: 1...65_536)
    let valueWidth = try d.config.int("value_dim", in: 1...65_536) ?? width
    guard valueWidth == width else {
      throw TrainingError(
        .specification, "\(d.config.place): value_dim must be key_dim, got \(valueWidth)")
    }
    try d.config.refuse("output_shape", "seed", "flash_attention")
    try d.config.refuse("attention_axes", unless: .array([.integer(1)]))
    return try attention(d, heads: heads, keyHeads: heads, width: width)
  }

  @Sendable private static func groupedQuery(_ d: LayerDescription) throws(TrainingError)
    -> any Layer
  {
    let heads = try d.config.size("num_query_heads", in: 1...1024)
    let keyHeads = try d.config.size("num_key_value_heads", in: 1...1024)
    guard heads % keyHeads == 0 else {
      throw TrainingError(
        .specification,
        "\(d.config.place): num_key_value_heads must divide num_query_heads (\(heads)), got "
          + "\(keyHeads)")
    }
    try d.config.refuse("seed", "flash_attention")
    let width = try d.config.size("head_dim", in: 1...65_536)
    return try attention(d, heads: heads, keyHeads: keyHeads, width: width)
  }

  private static func attention(
    _ d: LayerDescription, heads: Int, keyHeads: Int, width: Int
  ) throws(TrainingError) -> any Layer {
    var layer = AttentionLayer(
      name: d.name, heads: heads, keyHeads: keyHeads, width: width,
      isCausal: try d.arguments.bool("use_causal_mask", default: false))
    layer.usesBias = try d.config.bool("use_bias", default: true)
    layer.dropout = try d.config.number("dropout", in: 0...0.999) ?? 0
    layer.kernel = try Initializer(d.config, "kernel_initializer", default: .glorotUniform)
    layer.rotaryWavelength = try d.config.number("rotary_max_wavelength", in: 1...1e9)
    _ = d.config["bias_initializer"]
    try d.config.refuse("use_gate", unless: .bool(false))
    try d.config.refuse(
      "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
      "bias_constraint")
    try d.arguments.refuse("attention_mask", "return_attention_scores")
    _ = d.arguments["training"]
    return layer
  }
}

struct AttentionLayer: Layer {
  let name: String
  let heads: Int
  let keyHeads: Int
  /// Elements of a head.
  let width: Int
  let isCausal: Bool
  var usesBias = true
  var dropout = 0.0
  var kernel = Initializer.glorotUniform
  /// Rotates queries and keys by their positions (RoPE): the longest wave.
  var rotaryWavelength: Double?

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    guard (1...3).contains(inputs.count) else {
      throw TrainingError(
        .specification, "layer '\(name)': expected query, value and key, got \(inputs.count) inputs"
      )
    }
    let query = inputs[0]
    let value = inputs.count > 1 ? inputs[1] : query
    let key = inputs.count > 2 ? inputs[2] : value
    for input in inputs where input.shape.count != 2 {
      throw wrong("[steps, channels]", input.shape)
    }
    guard NetworkLimits.count([query.shape[0], key.shape[0]]) <= NetworkLimits.scoreCountMax,
      NetworkLimits.count([max(query.shape[0], key.shape[0]), width]) <= NetworkLimits.scoreCountMax
    else {
      throw wrong("at most \(NetworkLimits.scoreCountMax) pairs of steps", query.shape)
    }
    var q = projected(query, "query", heads, &builder)
    var k = projected(key, "key", keyHeads, &builder)
    var v = projected(value, "value", keyHeads, &builder)
    if let rotaryWavelength {
      q = rotated(q, query.shape[0], rotaryWavelength, &builder)
      k = rotated(k, key.shape[0], rotaryWavelength, &builder)
    }
    if keyHeads != heads {
      k = repeated(k, key.shape[0], &builder)
      v = repeated(v, value.shape[0], &builder)
    }
    let mixed = mixed(q, k, v, query.shape[0], key.shape[0], &builder)
    let turned = builder.node("Transpose", [mixed], ["perm": .ints([0, 2, 1, 3])])
    let joined = builder.node(
      "Reshape", [turned, builder.integers([builder.batch, query.shape[0], heads * width])])
    let output = query.shape[1]
    return linear(
      Value(joined, [query.shape[0], heads * width]), "attention_output", output, &builder)
  }

  private func linear(
    _ x: Value, _ part: String, _ units: Int, _ builder: inout NetworkBuilder
  ) -> Value {
    let weights = builder.parameter("\(name)/\(part)/kernel", [x.shape[1], units], kernel)
    var y = builder.node("MatMul", [x.name, weights])
    if usesBias {
      y = builder.node("Add", [y, builder.parameter("\(name)/\(part)/bias", [units], .zeros)])
    }
    return Value(y, [x.shape[0], units])
  }

  /// [batch, heads, steps, width].
  private func projected(
    _ x: Value, _ part: String, _ heads: Int, _ builder: inout NetworkBuilder
  ) -> String {
    let y = linear(x, part, heads * width, &builder)
    let split = builder.node(
      "Reshape", [y.name, builder.integers([builder.batch, x.shape[0], heads, width])])
    return builder.node("Transpose", [split], ["perm": .ints([0, 2, 1, 3])])
  }

  /// Each head of keys as often as there are queries for it.
  private func repeated(_ x: String, _ steps: Int, _ builder: inout NetworkBuilder) -> String {
    let wide = builder.node("Unsqueeze", [x, builder.integers([2])])
    let times = heads / keyHeads
    let copies = builder.node("Concat", [String](repeating: wide, count: times), ["axis": .int(2)])
    return builder.node(
      "Reshape", [copies, builder.integers([builder.batch, heads, steps, width])])
  }

  /// Pairs of elements, one of each half, turned by an angle that grows with the position.
  private func rotated(
    _ x: String, _ steps: Int, _ wavelength: Double, _ builder: inout NetworkBuilder
  ) -> String {
    let half = width / 2
    var (cosines, sines) = ([Float](), [Float]())
    for step in 0..<steps {
      for index in 0..<width {
        let frequency = pow(wavelength, -Double(2 * (index % half)) / Double(width))
        cosines.append(Float(cos(Double(step) * frequency)))
        sines.append(Float((index < half ? -1 : 1) * sin(Double(step) * frequency)))
      }
    }
    let halves = builder.nodes(2, "Split", [x], ["axis": .int(-1), "num_outputs": .int(2)])
    let swapped = builder.node("Concat", [halves[1], halves[0]], ["axis": .int(-1)])
    let (c, s) = (
      builder.constant(Tensor(fp32: cosines, shape: [steps, width])),
      builder.constant(Tensor(fp32: sines, shape: [steps, width]))
    )
    return builder.node("Add", [builder.node("Mul", [x, c]), builder.node("Mul", [swapped, s])])
  }

  private func mixed(
    _ q: String, _ k: String, _ v: String, _ queries: Int, _ keys: Int,
    _ builder: inout NetworkBuilder
  ) -> String {
    let scaled = builder.node("Mul", [q, builder.number(1 / Float(width).squareRoot())])
    var scores: String
    if builder.purpose == .inference {
      scores = builder.node(
        "MatMul", [scaled, builder.node("Transpose", [k], ["perm": .ints([0, 1, 3, 2])])])
    } else {
      scores = builder.node(
        "TransposedProduct", [scaled, k], ["transB": .int(1)], domain: "martlet.training")
    }
    if isCausal {
      let mask = (0..<queries * keys).map { index -> Float in
        index % keys > index / keys + keys - queries ? -1e9 : 0
      }
      scores = builder.node(
        "Add", [scores, builder.constant(Tensor(fp32: mask, shape: [queries, keys]))])
    }
    let weights = Value(
      builder.node("Softmax", [scores], ["axis": .int(-1)]), [heads, queries, keys])
    return builder.node(
      "MatMul", [builder.dropout(weights, rate: dropout, layer: name).name, v])
  }
}

/// Attention and a network at every step, each with what went in added and normalised.
struct TransformerBlock: Layer {
  let name: String
  private let heads: Int
  private let keyHeads: Int
  private let inner: Int
  private let dropout: Double
  private let activation: Activation
  private let isGated: Bool
  private let epsilon: Double
  private let normalizesFirst: Bool
  private let isRootMeanSquare: Bool
  private let kernel: Initializer
  private let isCausal: Bool
  private let rotaryWavelength: Double?

  init(_ d: LayerDescription, isCausal: Bool) throws(TrainingError) {
    name = d.name
    heads = try d.config.size("num_heads", in: 1...1024)
    keyHeads = try d.config.int("num_key_value_heads", in: 1...1024) ?? heads
    inner = try d.config.size("intermediate_dim")
    dropout = try d.config.number("dropout", in: 0...0.999) ?? 0
    // SwiGLU: one half of the layer gates the other.
    isGated = d.config["activation"]?.text == "swiglu"
    activation = isGated ? .silu : try Activation(d.config, default: .relu)
    epsilon = try d.config.number("layer_norm_epsilon", in: 0...1) ?? 1e-5
    normalizesFirst = try d.config.bool("normalize_first", default: false)
    isRootMeanSquare =
      try d.config.string("normalization", among: ["layer", "rms"], default: "layer") == "rms"
    kernel = try Initializer(d.config, "kernel_initializer", default: .glorotUniform)
    rotaryWavelength = try d.config.number("rotary_max_wavelength", in: 1...1e9)
    _ = d.config["bias_initializer"]
    self.isCausal = try d.arguments.bool("use_causal_mask", default: isCausal)
    guard heads % keyHeads == 0 else {
      throw TrainingError(
        .specification,
        "\(d.config.place): num_key_value_heads must divide num_heads (\(heads)), got \(keyHeads)")
    }
  }

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard x.shape.count == 2, x.shape[1] % heads == 0 else {
      throw wrong("[steps, channels] with channels that \(heads) heads divide", x.shape)
    }
    var attention = AttentionLayer(
      name: "\(name)/self_attention", heads: heads, keyHeads: keyHeads,
      width: x.shape[1] / heads, isCausal: isCausal)
    attention.dropout = dropout
    attention.kernel = kernel
    attention.rotaryWavelength = rotaryWavelength
    let y = try joined(x, "self_attention_layer_norm", &builder) {
      value, builder throws(TrainingError) in
      try attention.apply([value], in: &builder)
    }
    return try joined(y, "feedforward_layer_norm", &builder) { value, builder in
      feedForward(value, &builder)
    }
  }

  private func joined(
    _ x: Value, _ part: String, _ builder: inout NetworkBuilder,
    _ body: (Value, inout NetworkBuilder) throws(TrainingError) -> Value
  ) throws(TrainingError) -> Value {
    let norm = LayerNormalizationLayer(
      name: "\(name)/\(part)", epsilon: epsilon, hasScale: true, hasCenter: !isRootMeanSquare,
      isCentered: !isRootMeanSquare)
    let input = normalizesFirst ? try norm.apply([x], in: &builder) : x
    let value = builder.dropout(try body(input, &builder), rate: dropout, layer: "\(name)/\(part)")
    let sum = Value(builder.node("Add", [x.name, value.name]), x.shape)
    return normalizesFirst ? sum : try norm.apply([sum], in: &builder)
  }

  private func feedForward(_ x: Value, _ builder: inout NetworkBuilder) -> Value {
    let wide = activation.apply(
      linear(x, "feedforward_intermediate_dense", inner, &builder), in: &builder)
    var hidden = wide
    if isGated {
      let gate = linear(x, "feedforward_gate_dense", inner, &builder)
      hidden = Value(builder.node("Mul", [wide.name, gate.name]), wide.shape)
    }
    return linear(hidden, "feedforward_output_dense", x.shape[1], &builder)
  }

  private func linear(
    _ x: Value, _ part: String, _ units: Int, _ builder: inout NetworkBuilder
  ) -> Value {
    let weights = builder.parameter("\(name)/\(part)/kernel", [x.shape[1], units], kernel)
    let bias = builder.parameter("\(name)/\(part)/bias", [units], .zeros)
    return Value(
      builder.node("Add", [builder.node("MatMul", [x.name, weights]), bias]),
      [x.shape[0], units])
  }
}
