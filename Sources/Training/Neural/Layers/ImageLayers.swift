internal import Compute
internal import JSON

/// Convolutions and pooling over images [height, width, channels] and sequences [steps, channels].
enum ImageLayers {
  static func register(in makers: inout LayerMakers) {
    for (rank, suffix) in [(1, "1D"), (2, "2D")] {
      makers.add("Conv\(suffix)") { d throws(TrainingError) in
        try ConvolutionLayer(d, rank: rank, isDepthwise: false)
      }
      makers.add("DepthwiseConv\(suffix)") { d throws(TrainingError) in
        try ConvolutionLayer(d, rank: rank, isDepthwise: true)
      }
      for (kind, isMax) in [("Max", true), ("Average", false)] {
        makers.add("\(kind)Pooling\(suffix)") { d throws(TrainingError) in
          try PoolingLayer(d, rank: rank, isMax: isMax)
        }
        makers.add("Global\(kind)Pooling\(suffix)") { d throws(TrainingError) in
          try d.config.refuse("data_format", unless: .string("channels_last"))
          return GlobalPoolingLayer(
            name: d.name, rank: rank, isMax: isMax,
            keepsDimensions: try d.config.bool("keepdims", default: false))
        }
      }
    }
  }
}

/// The windows of a layer over one or two dimensions; one dimension is an image of height 1.
struct LayerWindow {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let isSame: Bool

  /// What is added before and behind each dimension so that every stride has a window.
  func pads(_ sizes: [Int]) -> [(Int, Int)] {
    sizes.indices.map { index in
      guard isSame else { return (0, 0) }
      let reach = (kernel[index] - 1) * dilations[index] + 1
      let output = (sizes[index] + strides[index] - 1) / strides[index]
      let total = max(0, (output - 1) * strides[index] + reach - sizes[index])
      return (total / 2, total - total / 2)
    }
  }

  func output(_ sizes: [Int]) -> [Int]? {
    let pads = pads(sizes)
    var result: [Int] = []
    for (index, size) in sizes.enumerated() {
      let reach = (kernel[index] - 1) * dilations[index] + 1
      let room = size + pads[index].0 + pads[index].1 - reach
      guard room >= 0 else { return nil }
      result.append(room / strides[index] + 1)
    }
    return result
  }

  /// The attributes of ONNX.
  func attributes(_ sizes: [Int]) -> [String: Attribute] {
    let pads = pads(sizes)
    return [
      "kernel_shape": .ints(kernel.map { Int64($0) }), "strides": .ints(strides.map { Int64($0) }),
      "dilations": .ints(dilations.map { Int64($0) }),
      "pads": .ints(pads.map { Int64($0.0) } + pads.map { Int64($0.1) }),
    ]
  }
}

extension NetworkBuilder {
  /// Runs something of ONNX, whose images have their channels first.
  mutating func withChannelsFirst(
    _ x: String, _ body: (inout NetworkBuilder, String) -> String
  ) -> String {
    let turned = node("Transpose", [x], ["perm": .ints([0, 3, 1, 2])])
    return node("Transpose", [body(&self, turned)], ["perm": .ints([0, 2, 3, 1])])
  }
}

struct ConvolutionLayer: Layer {
  let name: String
  private let rank: Int
  private let window: LayerWindow
  private let filters: Int
  private let groups: Int
  private let isDepthwise: Bool
  private let isCausal: Bool
  private let weights: LinearWeights
  private let activation: Activation

  init(_ d: LayerDescription, rank: Int, isDepthwise: Bool) throws(TrainingError) {
    name = d.name
    self.rank = rank
    self.isDepthwise = isDepthwise
    let kernel = try d.config.sizes("kernel_size", count: rank)
    guard let kernel else { throw d.config.missing("kernel_size", expected: "a size") }
    let paddings = rank == 1 && !isDepthwise ? ["valid", "same", "causal"] : ["valid", "same"]
    let padding = try d.config.string("padding", among: paddings, default: "valid")
    isCausal = padding == "causal"
    // A sequence is an image of one row.
    let one = rank == 1 ? [1] : []
    window = LayerWindow(
      kernel: one + kernel,
      strides: one + (try d.config.sizes("strides", count: rank) ?? kernel.map { _ in 1 }),
      dilations: one + (try d.config.sizes("dilation_rate", count: rank) ?? kernel.map { _ in 1 }),
      isSame: padding == "same")
    filters =
      isDepthwise
      ? try d.config.int("depth_multiplier", in: 1...64) ?? 1 : try d.config.size("filters")
    groups = isDepthwise ? 0 : try d.config.int("groups", in: 1...4096) ?? 1
    weights = try LinearWeights(
      d.config, units: filters, kernel: isDepthwise ? "depthwise" : "kernel")
    activation = try Activation(d.config)
    try d.config.refuse("data_format", unless: .string("channels_last"))
  }

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    var x = try one(inputs)
    guard x.shape.count == rank + 1 else {
      throw wrong(rank == 1 ? "[steps, channels]" : "[height, width, channels]", x.shape)
    }
    if rank == 1 { x = builder.reshaped(x, [1] + x.shape) }
    if isCausal { x = causal(x, &builder) }
    let channels = x.shape[2]
    let groups = isDepthwise ? channels : groups
    let outputs = isDepthwise ? channels * filters : filters
    guard channels % groups == 0, outputs % groups == 0 else {
      throw wrong("channels that \(groups) groups divide", x.shape)
    }
    guard let size = window.output(Array(x.shape[..<2])) else {
      throw wrong("at least the window's size \(window.kernel)", x.shape)
    }
    let (taps, depth) = (window.kernel.reduce(1, *), channels / groups)
    let kernel = weights.kernel(
      name, window.kernel + [depth, outputs], fans: (taps * depth, taps * outputs / groups),
      in: &builder)
    let bias =
      weights.usesBias
      ? builder.parameter(
        "\(name)/bias", [outputs], weights.bias, l1: weights.biasRegularizer.l1,
        l2: weights.biasRegularizer.l2) : nil
    var attributes = window.attributes(Array(x.shape[..<2]))
    attributes["group"] = .int(Int64(groups))
    let y: Value
    if builder.purpose == .inference {
      // ONNX has the filters first.
      let turned = builder.node("Transpose", [kernel], ["perm": .ints([3, 2, 0, 1])])
      let name = builder.withChannelsFirst(x.name) { builder, x in
        builder.node("Conv", [x, turned] + (bias.map { [$0] } ?? []), attributes)
      }
      y = activation.apply(Value(name, size + [outputs]), in: &builder)
    } else {
      if activation == .relu { attributes["relu"] = .int(1) }
      let name = builder.node(
        "Conv2D", [x.name, kernel] + (bias.map { [$0] } ?? []), attributes,
        domain: "martlet.training")
      let value = Value(name, size + [outputs])
      y = activation == .relu ? value : activation.apply(value, in: &builder)
    }
    return rank == 1 ? builder.reshaped(y, Array(y.shape.dropFirst())) : y
  }

  /// Zeros in front, so that no step sees a later one.
  private func causal(_ x: Value, _ builder: inout NetworkBuilder) -> Value {
    let pad = (window.kernel[1] - 1) * window.dilations[1]
    let name = builder.node("Pad", [x.name, builder.integers([0, 0, pad, 0, 0, 0, 0, 0])])
    return Value(name, [1, x.shape[1] + pad, x.shape[2]])
  }
}

struct PoolingLayer: Layer {
  let name: String
  private let rank: Int
  private let window: LayerWindow
  private let isMax: Bool

  init(_ d: LayerDescription, rank: Int, isMax: Bool) throws(TrainingError) {
    name = d.name
    self.rank = rank
    self.isMax = isMax
    let kernel = try d.config.sizes("pool_size", count: rank) ?? [Int](repeating: 2, count: rank)
    let one = rank == 1 ? [1] : []
    window = LayerWindow(
      kernel: one + kernel,
      strides: one + (try d.config.sizes("strides", count: rank) ?? kernel),
      dilations: [1, 1],
      isSame: try d.config.string("padding", among: ["valid", "same"], default: "valid") == "same")
    try d.config.refuse("data_format", unless: .string("channels_last"))
  }

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    var x = try one(inputs)
    guard x.shape.count == rank + 1 else {
      throw wrong(rank == 1 ? "[steps, channels]" : "[height, width, channels]", x.shape)
    }
    if rank == 1 { x = builder.reshaped(x, [1] + x.shape) }
    guard let size = window.output(Array(x.shape[..<2])) else {
      throw wrong("at least the window's size \(window.kernel)", x.shape)
    }
    var attributes = window.attributes(Array(x.shape[..<2]))
    let name: String
    if builder.purpose == .inference {
      if !isMax { attributes["dilations"] = nil }
      let isMax = isMax
      name = builder.withChannelsFirst(x.name) { builder, x in
        builder.node(isMax ? "MaxPool" : "AveragePool", [x], attributes)
      }
    } else {
      attributes["max"] = .int(isMax ? 1 : 0)
      name = builder.node("Pool2D", [x.name], attributes, domain: "martlet.training")
    }
    let y = Value(name, size + [x.shape[2]])
    return rank == 1 ? builder.reshaped(y, Array(y.shape.dropFirst())) : y
  }
}

struct GlobalPoolingLayer: Layer {
  let name: String
  let rank: Int
  let isMax: Bool
  let keepsDimensions: Bool

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard x.shape.count == rank + 1 else {
      throw wrong(rank == 1 ? "[steps, channels]" : "[height, width, channels]", x.shape)
    }
    let axes = builder.integers(Array(1...rank))
    let name = builder.node(
      isMax ? "ReduceMax" : "ReduceMean", [x.name, axes],
      ["keepdims": .int(keepsDimensions ? 1 : 0)])
    let kept = keepsDimensions ? [Int](repeating: 1, count: rank) : []
    return Value(name, kept + [x.shape[rank]])
  }
}
