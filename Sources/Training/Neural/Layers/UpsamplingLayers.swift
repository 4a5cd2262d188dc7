internal import Compute
internal import JSON

/// What makes images larger.
enum UpsamplingLayers {
  static func register(in makers: inout LayerMakers) {
    makers.add("Conv2DTranspose") { d throws(TrainingError) in
      try TransposedConvolutionLayer(d)
    }
    makers.add("UpSampling2D") { d throws(TrainingError) in
      try d.config.refuse("data_format", unless: .string("channels_last"))
      let method = try d.config.string(
        "interpolation", among: ["nearest", "bilinear"], default: "nearest")
      return UpsamplingLayer(
        name: d.name, factors: try d.config.sizes("size", count: 2) ?? [2, 2],
        isBilinear: method == "bilinear")
    }
  }
}

/// A convolution the other way round: each pixel spreads the kernel over the output.
struct TransposedConvolutionLayer: Layer {
  let name: String
  private let kernel: [Int]
  private let strides: [Int]
  private let dilations: [Int]
  private let isSame: Bool
  private let outputPadding: [Int]?
  private let weights: LinearWeights
  private let activation: Activation

  init(_ d: LayerDescription) throws(TrainingError) {
    name = d.name
    guard let kernel = try d.config.sizes("kernel_size", count: 2) else {
      throw d.config.missing("kernel_size", expected: "a size")
    }
    self.kernel = kernel
    strides = try d.config.sizes("strides", count: 2) ?? [1, 1]
    dilations = try d.config.sizes("dilation_rate", count: 2) ?? [1, 1]
    guard dilations == [1, 1] || strides == [1, 1] else {
      throw TrainingError(
        .specification,
        "\(d.config.place): strides or dilation_rate must be 1, got \(strides) and "
          + "\(dilations)")
    }
    isSame = try d.config.string("padding", among: ["valid", "same"], default: "valid") == "same"
    outputPadding = try Self.outputPadding(d.config, strides)
    weights = try LinearWeights(d.config, units: try d.config.size("filters"))
    activation = try Activation(d.config)
    try d.config.refuse("data_format", unless: .string("channels_last"))
    try d.config.refuse("groups", unless: .integer(1))
  }

  private static func outputPadding(
    _ config: Configuration, _ strides: [Int]
  ) throws(TrainingError) -> [Int]? {
    guard let value = config["output_padding"] else { return nil }
    let one = value.wholeNumber.map { [$0, $0] }
    guard let sizes = one ?? value.list?.compactMap(\.wholeNumber), sizes.count == 2,
      zip(sizes, strides).allSatisfy({ (0..<$1).contains($0) })
    else {
      throw config.wrong(
        "output_padding", expected: "a size less than the stride, or two of them", value)
    }
    return sizes
  }

  /// The output's size, as Keras has it, and what is cut off before and behind, or added behind.
  private func place(_ size: Int, _ axis: Int) -> (output: Int, pads: (Int, Int), extra: Int) {
    let (stride, reach) = (strides[axis], (kernel[axis] - 1) * dilations[axis] + 1)
    let extra = outputPadding?[axis]
    let output: Int
    if isSame {
      output = extra.map { (size - 1) * stride + reach % 2 + $0 } ?? size * stride
    } else {
      output = (size - 1) * stride + reach + (extra ?? max(0, stride - reach))
    }
    // The pads of the convolution that would lead back.
    let cut = (size - 1) * stride + reach - output
    return cut >= 0 ? (output, (cut / 2, cut - cut / 2), 0) : (output, (0, 0), -cut)
  }

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard x.shape.count == 3 else { throw wrong("[height, width, channels]", x.shape) }
    let places = [place(x.shape[0], 0), place(x.shape[1], 1)]
    guard places.allSatisfy({ $0.output > 0 }) else {
      throw wrong("images that are larger than what 'same' cuts off", x.shape)
    }
    let (channels, filters) = (x.shape[2], weights.units)
    let taps = kernel.reduce(1, *)
    let kernelName = weights.kernel(
      name, kernel + [filters, channels], fans: (taps * filters, taps * channels), in: &builder)
    let bias = weights.bias(name, in: &builder)
    func ints(_ values: [Int]) -> Attribute { .ints(values.map { Int64($0) }) }
    let attributes: [String: Attribute] = [
      "kernel_shape": ints(kernel), "strides": ints(strides), "dilations": ints(dilations),
      "pads": ints(places.map(\.pads.0) + places.map(\.pads.1)),
      "output_padding": ints(places.map(\.extra)),
    ]
    // ONNX has channels, then filters, first.
    let turned = builder.node("Transpose", [kernelName], ["perm": .ints([3, 2, 0, 1])])
    let result = builder.withChannelsFirst(x.name) { builder, x in
      builder.node("ConvTranspose", [x, turned] + (bias.map { [$0] } ?? []), attributes)
    }
    return activation.apply(Value(result, places.map(\.output) + [filters]), in: &builder)
  }
}

/// Pixels repeated, or between their neighbours.
struct UpsamplingLayer: Layer {
  let name: String
  let factors: [Int]
  let isBilinear: Bool

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard x.shape.count == 3 else { throw wrong("[height, width, channels]", x.shape) }
    let (height, width, channels) = (x.shape[0], x.shape[1], x.shape[2])
    let output = [height * factors[0], width * factors[1], channels]
    guard NetworkLimits.count(output) <= NetworkLimits.valueCountMax else {
      throw wrong(
        "images of at most \(NetworkLimits.valueCountMax) elements when enlarged", x.shape)
    }
    if isBilinear {
      // Rows, then columns: a linear map of each.
      let flat = builder.reshaped(x, [height, width * channels])
      let rows = map(flat.name, height, factors[0], &builder)
      let count = builder.batch < 0 ? -1 : builder.batch * output[0]
      let lines = builder.node("Reshape", [rows, builder.integers([count, width, channels])])
      let columns = map(lines, width, factors[1], &builder)
      return Value(
        builder.node("Reshape", [columns, builder.integers([builder.batch] + output)]), output)
    }
    let apart = builder.reshaped(x, [height, 1, width, 1, channels])
    let repeated = builder.node(
      "Expand",
      [apart.name, builder.integers([1, height, factors[0], width, factors[1], channels])])
    return builder.reshaped(
      Value(repeated, [height, factors[0], width, factors[1], channels]), output)
  }

  /// The last but one dimension `factor` times as long, with pixels' centres at halves.
  private func map(
    _ x: String, _ size: Int, _ factor: Int, _ builder: inout NetworkBuilder
  ) -> String {
    var matrix = [Float](repeating: 0, count: size * factor * size)
    for row in 0..<(size * factor) {
      let place = (Float(row) + 0.5) / Float(factor) - 0.5
      let below = place.rounded(.down)
      for (pixel, share) in [(Int(below), 1 - (place - below)), (Int(below) + 1, place - below)] {
        matrix[row * size + min(max(pixel, 0), size - 1)] += share
      }
    }
    let weights = builder.constant(Tensor(fp32: matrix, shape: [size * factor, size]))
    return builder.node("MatMul", [weights, x])
  }
}
