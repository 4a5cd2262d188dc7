internal import Compute
internal import JSON

/// SimpleRNN, GRU and LSTM over sequences [steps, channels], alone or in both directions.
enum RecurrentLayers {
  static func register(in makers: inout LayerMakers) {
    for cell in RecurrentLayer.Cell.allCases {
      makers.add(cell.className) { d throws(TrainingError) in try RecurrentLayer(d, cell) }
    }
    makers.add("Bidirectional") { d throws(TrainingError) in
      guard let value = d.config["layer"] else {
        throw d.config.missing("layer", expected: "a recurrent layer")
      }
      let place = "\(d.config.place): layer"
      let object = try KerasObject(value, place: place)
      guard
        let cell = RecurrentLayer.Cell.allCases.first(where: { $0.className == object.className })
      else {
        throw d.config.wrong("layer", expected: "SimpleRNN, GRU or LSTM", value)
      }
      // Keras writes the backward layer too; it is the forward one's twin.
      _ = d.config["backward_layer"]
      try d.config.refuse("weights")
      let inner = LayerDescription(
        className: object.className, name: d.name,
        config: try Configuration(object.config, place: place), arguments: d.arguments)
      var layer = try RecurrentLayer(inner, cell)
      try inner.config.finish()
      layer.merge = try d.config.string(
        "merge_mode", among: ["concat", "sum", "mul", "ave"], default: "concat")
      return layer
    }
  }
}

struct RecurrentLayer: Layer {
  enum Cell: CaseIterable {
    case simple, gru, lstm

    var className: String {
      switch self {
      case .simple: "SimpleRNN"
      case .gru: "GRU"
      case .lstm: "LSTM"
      }
    }

    var opType: String {
      switch self {
      case .simple: "RNN"
      case .gru: "GRU"
      case .lstm: "LSTM"
      }
    }

    var gateCount: Int {
      switch self {
      case .simple: 1
      case .gru: 3
      case .lstm: 4
      }
    }
  }

  let name: String
  private let cell: Cell
  private let weights: LinearWeights
  private let recurrent: Initializer
  private let recurrentRegularizer: Regularizer
  private let returnsSequences: Bool
  private let forgetsByOne: Bool
  private let isReLU: Bool
  private let resetsAfter: Bool
  private let dropout: Double
  /// How both directions are joined; nil for one direction.
  var merge: String?

  init(_ d: LayerDescription, _ cell: Cell) throws(TrainingError) {
    name = d.name
    self.cell = cell
    weights = try LinearWeights(d.config, units: try d.config.size("units", in: 1...65_536))
    recurrent = try Initializer(
      d.config, "recurrent_initializer", default: .orthogonal(gain: 1))
    recurrentRegularizer = try Regularizer(d.config, "recurrent_regularizer")
    returnsSequences = try d.config.bool("return_sequences", default: false)
    for key in ["return_state", "go_backwards", "stateful", "time_major"] {
      try d.config.refuse(key, unless: .bool(false))
    }
    // There are no masks, and how loops are compiled is not Keras's matter here.
    for key in ["unroll", "zero_output_for_mask"] { _ = d.config[key] }
    try d.config.refuse("recurrent_constraint", "seed")
    let activation = try Activation(d.config, default: .tanh)
    isReLU = cell == .simple && activation == .relu
    guard activation == .tanh || isReLU else {
      throw TrainingError(
        .specification,
        "\(d.config.place): activation must be tanh\(cell == .simple ? " or relu" : "")")
    }
    if cell != .simple,
      try Activation(d.config, "recurrent_activation", default: .sigmoid) != .sigmoid
    {
      throw TrainingError(.specification, "\(d.config.place): recurrent_activation must be sigmoid")
    }
    _ = d.config["implementation"]
    _ = d.config["use_cudnn"]
    forgetsByOne = cell == .lstm ? try d.config.bool("unit_forget_bias", default: true) : false
    resetsAfter = cell == .gru ? try d.config.bool("reset_after", default: true) : false
    dropout = try d.config.number("dropout", in: 0...0.999) ?? 0
    if let rate = try d.config.number("recurrent_dropout"), rate != 0 {
      throw TrainingError(
        .specification, "\(d.config.place): recurrent_dropout must be 0, got \(rate)")
    }
  }

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    var x = try one(inputs)
    guard x.shape.count == 2 else { throw wrong("[steps, channels]", x.shape) }
    x = builder.dropout(x, rate: dropout, layer: name)
    let turned = builder.node("Transpose", [x.name], ["perm": .ints([1, 0, 2])])
    let forward = run(
      turned, x.shape, isReverse: false, part: merge == nil ? "" : "/forward", &builder)
    guard let merge else { return forward }
    let backward = run(turned, x.shape, isReverse: true, part: "/backward", &builder)
    switch merge {
    case "concat":
      let joined = builder.node(
        "Concat", [forward.name, backward.name], ["axis": .int(Int64(forward.shape.count))])
      return Value(joined, forward.shape.dropLast() + [2 * weights.units])
    case "sum": return Value(builder.node("Add", [forward.name, backward.name]), forward.shape)
    case "mul": return Value(builder.node("Mul", [forward.name, backward.name]), forward.shape)
    default: return Value(builder.node("Mean", [forward.name, backward.name]), forward.shape)
    }
  }

  private func run(
    _ x: String, _ shape: [Int], isReverse: Bool, part: String, _ builder: inout NetworkBuilder
  ) -> Value {
    let (units, inputs, gates) = (weights.units, shape[1], cell.gateCount * weights.units)
    let place = name + part
    let kernel = weights.kernel(
      place, [1, gates, inputs], fans: (inputs, gates), in: &builder)
    let own = builder.parameter(
      "\(place)/recurrent_kernel", [1, gates, units], recurrent, fans: (units, gates),
      l1: recurrentRegularizer.l1, l2: recurrentRegularizer.l2)
    var operands = [x, kernel, own]
    if weights.usesBias {
      let first = forgetsByOne ? Initializer.forgetBias(units: units) : weights.bias
      // ONNX has a bias for the input and one for the state; Keras's GRU alone has both.
      if resetsAfter {
        operands.append(
          builder.parameter("\(place)/bias", [1, 2 * gates], first, l2: weights.biasRegularizer.l2))
      } else {
        let bias = builder.parameter(
          "\(place)/bias", [1, gates], first, l2: weights.biasRegularizer.l2)
        let zeros = builder.constant(
          Tensor(fp32: [Float](repeating: 0, count: gates), shape: [1, gates]))
        operands.append(builder.node("Concat", [bias, zeros], ["axis": .int(1)]))
      }
    }
    var attributes: [String: Attribute] = ["hidden_size": .int(Int64(units))]
    if isReverse { attributes["direction"] = .string(Array("reverse".utf8)) }
    if cell == .gru { attributes["linear_before_reset"] = .int(resetsAfter ? 1 : 0) }
    if isReLU { attributes["activations"] = .strings([Array("Relu".utf8)]) }
    let results = builder.nodes(2, cell.opType, operands, attributes)
    guard returnsSequences else {
      return Value(builder.node("Squeeze", [results[1], builder.integers([0])]), [units])
    }
    let all = builder.node("Squeeze", [results[0], builder.integers([1])])
    return Value(
      builder.node("Transpose", [all], ["perm": .ints([1, 0, 2])]), [shape[0], units])
  }
}
