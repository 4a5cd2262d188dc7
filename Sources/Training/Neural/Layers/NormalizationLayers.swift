internal import Compute
internal import JSON

/// Normalisation over the last dimension, of an example or of the batch.
enum NormalizationLayers {
  static func register(in makers: inout LayerMakers) {
    makers.add("LayerNormalization") { d throws(TrainingError) in
      let axis = try axis(d)
      try refuse(d)
      return LayerNormalizationLayer(
        name: d.name, axis: axis, epsilon: try d.config.number("epsilon", in: 0...1) ?? 1e-3,
        hasScale: try d.config.bool("scale", default: true),
        hasCenter: try d.config.bool("center", default: true),
        isCentered: !(try d.config.bool("rms_scaling", default: false)))
    }
    makers.add("RMSNormalization") { d throws(TrainingError) in
      let axis = try axis(d)
      return LayerNormalizationLayer(
        name: d.name, axis: axis, epsilon: try d.config.number("epsilon", in: 0...1) ?? 1e-6,
        hasScale: true,
        hasCenter: false, isCentered: false)
    }
    makers.add("GroupNormalization") { d throws(TrainingError) in
      let axis = try axis(d)
      try refuse(d)
      return GroupNormalizationLayer(
        name: d.name, axis: axis, groups: try d.config.int("groups", in: -1...4096) ?? 32,
        epsilon: try d.config.number("epsilon", in: 0...1) ?? 1e-3,
        hasScale: try d.config.bool("scale", default: true),
        hasCenter: try d.config.bool("center", default: true))
    }
    makers.add("BatchNormalization") { d throws(TrainingError) in
      let axis = try axis(d)
      try refuse(d)
      for key in [
        "moving_mean_initializer", "moving_variance_initializer", "renorm_momentum",
      ] { _ = d.config[key] }
      try d.config.refuse("renorm_clipping", "virtual_batch_size")
      try d.config.refuse("synchronized", unless: .bool(false))
      try d.config.refuse("renorm", unless: .bool(false))
      return BatchNormalizationLayer(
        name: d.name, axis: axis, epsilon: try d.config.number("epsilon", in: 0...1) ?? 1e-3,
        momentum: try d.config.number("momentum", in: 0...1) ?? 0.99,
        hasScale: try d.config.bool("scale", default: true),
        hasCenter: try d.config.bool("center", default: true))
    }
  }

  /// The dimension that is normalised, counted with the batch; alone or in a list.
  private static func axis(_ d: LayerDescription) throws(TrainingError) -> Int {
    guard let value = d.config["axis"] else { return -1 }
    let axis = value.wholeNumber ?? (value.list?.count == 1 ? value.list?[0].wholeNumber : nil)
    guard let axis else { throw d.config.wrong("axis", expected: "one dimension, the last", value) }
    return axis
  }

  private static func refuse(_ d: LayerDescription) throws(TrainingError) {
    for key in ["beta_initializer", "gamma_initializer"] { _ = d.config[key] }
    try d.config.refuse(
      "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
  }
}

struct LayerNormalizationLayer: Layer {
  let name: String
  var axis = -1
  let epsilon: Double
  let hasScale: Bool
  let hasCenter: Bool
  let isCentered: Bool

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard let size = x.shape.last, axis == -1 || axis == x.shape.count else {
      throw wrong("values whose last dimension is the one to normalise (axis \(axis))", x.shape)
    }
    let ones = [Float](repeating: 1, count: size)
    let scale =
      hasScale
      ? builder.parameter("\(name)/gamma", [size], .ones)
      : builder.constant(Tensor(fp32: ones, shape: [size]))
    if !isCentered { return Value(rootMeanSquare(x, scale, &builder), x.shape) }
    var operands = [x.name, scale]
    if hasCenter { operands.append(builder.parameter("\(name)/beta", [size], .zeros)) }
    let name = builder.node(
      "LayerNormalization", operands, ["axis": .int(-1), "epsilon": .float(Float(epsilon))])
    return Value(name, x.shape)
  }

  /// The standard has no operator for it up to opset 21, so it is written out where others read it.
  private func rootMeanSquare(
    _ x: Value, _ scale: String, _ builder: inout NetworkBuilder
  ) -> String {
    guard builder.purpose == .inference else {
      return builder.node(
        "SimplifiedLayerNormalization", [x.name, scale],
        ["axis": .int(-1), "epsilon": .float(Float(epsilon))])
    }
    let square = builder.node("Mul", [x.name, x.name])
    let mean = builder.node(
      "ReduceMean", [square, builder.integers([-1])], ["keepdims": .int(1)])
    let moved = builder.node("Add", [mean, builder.number(Float(epsilon))])
    let normal = builder.node("Div", [x.name, builder.node("Sqrt", [moved])])
    return builder.node("Mul", [normal, scale])
  }
}

/// Normalises groups of channels of an example over all its places.
struct GroupNormalizationLayer: Layer {
  let name: String
  var axis = -1
  /// -1: each channel is a group.
  let groups: Int
  let epsilon: Double
  let hasScale: Bool
  let hasCenter: Bool

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard let size = x.shape.last, axis == -1 || axis == x.shape.count else {
      throw wrong("values whose last dimension is the one of channels (axis \(axis))", x.shape)
    }
    let groups = groups == -1 ? size : groups
    guard groups >= 1, size % groups == 0 else {
      throw wrong("channels that \(groups) groups divide", x.shape)
    }
    func vector(
      _ part: String, _ value: Float, isLearned: Bool, _ builder: inout NetworkBuilder
    ) -> String {
      isLearned
        ? builder.parameter("\(name)/\(part)", [size], .constant(Double(value)))
        : builder.constant(Tensor(fp32: [Float](repeating: value, count: size), shape: [size]))
    }
    let scale = vector("gamma", 1, isLearned: hasScale, &builder)
    let center = vector("beta", 0, isLearned: hasCenter, &builder)
    // As rows of channels, which ONNX has in second place.
    let rows = builder.reshaped(x, [x.shape.dropLast().reduce(1, *), size])
    let turned = builder.node("Transpose", [rows.name], ["perm": .ints([0, 2, 1])])
    let normal = builder.node(
      "GroupNormalization", [turned, scale, center],
      ["num_groups": .int(Int64(groups)), "epsilon": .float(Float(epsilon))])
    let back = builder.node("Transpose", [normal], ["perm": .ints([0, 2, 1])])
    return builder.reshaped(Value(back, rows.shape), x.shape)
  }
}

struct BatchNormalizationLayer: Layer {
  let name: String
  var axis = -1
  let epsilon: Double
  let momentum: Double
  let hasScale: Bool
  let hasCenter: Bool

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard let size = x.shape.last, axis == -1 || axis == x.shape.count else {
      throw wrong("values whose last dimension is the one to normalise (axis \(axis))", x.shape)
    }
    func vector(_ value: Float, _ builder: inout NetworkBuilder) -> String {
      builder.constant(Tensor(fp32: [Float](repeating: value, count: size), shape: [size]))
    }
    let scale =
      hasScale ? builder.parameter("\(name)/gamma", [size], .ones) : vector(1, &builder)
    let center =
      hasCenter ? builder.parameter("\(name)/beta", [size], .zeros) : vector(0, &builder)
    let (meanName, varianceName) = ("\(name)/moving_mean", "\(name)/moving_variance")
    let mean = builder.parameter(meanName, [size], .zeros, isTrainable: false)
    let variance = builder.parameter(varianceName, [size], .ones, isTrainable: false)
    // As rows of channels: ONNX has the channels in second place.
    let rows = x.shape.dropLast().reduce(1, *)
    let isFlat = x.shape.count == 1
    let flat =
      isFlat
      ? x.name
      : builder.node(
        "Reshape",
        [x.name, builder.integers([builder.batch < 0 ? -1 : builder.batch * rows, size])])
    var attributes: [String: Attribute] = ["epsilon": .float(Float(epsilon))]
    let operands = [flat, scale, center, mean, variance]
    let isFrozen = builder.frozen.contains(name)
    var y: String
    if builder.isTraining, !isFrozen {
      attributes["training_mode"] = .int(1)
      attributes["momentum"] = .float(Float(momentum))
      let results = builder.nodes(3, "BatchNormalization", operands, attributes)
      y = results[0]
      builder.followed[meanName] = results[1]
      builder.followed[varianceName] = results[2]
    } else {
      y = builder.node("BatchNormalization", operands, attributes)
    }
    if !isFlat { y = builder.node("Reshape", [y, builder.integers([builder.batch] + x.shape)]) }
    return Value(y, x.shape)
  }
}
