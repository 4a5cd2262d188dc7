internal import Compute
internal import JSON

/// Dense and what has no weights.
enum CoreLayers {
  static func register(in makers: inout LayerMakers) {
    makers.add("Dense") { d throws(TrainingError) in
      DenseLayer(
        name: d.name,
        weights: try LinearWeights(d.config, units: try d.config.size("units")),
        activation: try Activation(d.config))
    }
    makers.add("Activation") { d throws(TrainingError) in
      ActivationLayer(name: d.name, activation: try Activation(d.config))
    }
    makers.add("ReLU") { d throws(TrainingError) in
      let slope = try d.config.number("negative_slope", in: 0...10) ?? 0
      try d.config.refuse("threshold", unless: .real(0))
      if let limit = try d.config.number("max_value") {
        guard limit == 6, slope == 0 else {
          throw TrainingError(
            .specification, "\(d.config.place): max_value must be null or 6, got \(limit)")
        }
        return ActivationLayer(name: d.name, activation: .relu6)
      }
      return ActivationLayer(
        name: d.name, activation: slope == 0 ? .relu : .leakyRelu(Float(slope)))
    }
    makers.add("PReLU") { d throws(TrainingError) in
      try d.config.refuse("alpha_constraint")
      return LearnedSlopeLayer(
        name: d.name, alpha: try Initializer(d.config, "alpha_initializer", default: .zeros),
        regularizer: try Regularizer(d.config, "alpha_regularizer"),
        sharedAxes: try sharedAxes(d.config))
    }
    makers.add("LeakyReLU") { d throws(TrainingError) in
      let slope = try d.config.number("negative_slope", in: 0...10)
      let alpha = try d.config.number("alpha", in: 0...10)
      return ActivationLayer(name: d.name, activation: .leakyRelu(Float(slope ?? alpha ?? 0.3)))
    }
    makers.add("Softmax") { d throws(TrainingError) in
      try d.config.refuse("axis", unless: .integer(-1))
      return ActivationLayer(name: d.name, activation: .softmax)
    }
    makers.add("ELU") { d throws(TrainingError) in
      try d.config.refuse("alpha", unless: .real(1))
      return ActivationLayer(name: d.name, activation: .elu)
    }
    makers.add("Dropout") { d throws(TrainingError) in
      try d.config.refuse("noise_shape", "seed")
      guard let rate = try d.config.number("rate", in: 0...0.999) else {
        throw d.config.missing("rate", expected: "a number in 0...0.999")
      }
      return DropoutLayer(name: d.name, rate: rate)
    }
    makers.add("Flatten") { d throws(TrainingError) in
      try d.config.refuse("data_format", unless: .string("channels_last"))
      return ReshapeLayer(name: d.name, target: nil)
    }
    makers.add("Reshape") { d throws(TrainingError) in
      guard let value = d.config["target_shape"], let list = value.list else {
        throw d.config.missing("target_shape", expected: "a list of sizes")
      }
      let sizes = list.compactMap(\.wholeNumber)
      guard sizes.count == list.count, sizes.filter({ $0 == -1 }).count <= 1,
        sizes.allSatisfy({ $0 == -1 || (1...(1 << 24)).contains($0) })
      else {
        throw d.config.wrong("target_shape", expected: "sizes, at most one of them -1", value)
      }
      return ReshapeLayer(name: d.name, target: sizes)
    }
    makers.add("Permute") { d throws(TrainingError) in
      guard let value = d.config["dims"], let list = value.list else {
        throw d.config.missing("dims", expected: "a list of dimensions counted from 1")
      }
      let order = list.compactMap(\.wholeNumber)
      guard order.sorted() == Array(1..<(list.count + 1)) else {
        throw d.config.wrong("dims", expected: "each of 1...\(list.count) once", value)
      }
      return PermuteLayer(name: d.name, order: order)
    }
    makers.add("Rescaling") { d throws(TrainingError) in
      RescalingLayer(
        name: d.name, scale: try d.config.number("scale") ?? 1,
        offset: try d.config.number("offset") ?? 0)
    }
  }
}

extension CoreLayers {
  /// Dimensions, counted with the batch, along which a PReLU has one slope.
  private static func sharedAxes(_ config: Configuration) throws(TrainingError) -> Set<Int> {
    guard let value = config["shared_axes"] else { return [] }
    let axes = value.wholeNumber.map { [$0] } ?? value.list?.compactMap(\.wholeNumber) ?? []
    guard !axes.isEmpty, axes.count == value.list?.count ?? 1, axes.allSatisfy({ $0 >= 1 }) else {
      throw config.wrong("shared_axes", expected: "dimensions counted from 1", value)
    }
    return Set(axes)
  }
}

/// ReLU whose slope below zero is learned.
struct LearnedSlopeLayer: Layer {
  let name: String
  let alpha: Initializer
  let regularizer: Regularizer
  let sharedAxes: Set<Int>

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard sharedAxes.allSatisfy({ $0 <= x.shape.count }) else {
      throw wrong("dimensions for shared_axes \(sharedAxes.sorted())", x.shape)
    }
    let shape = x.shape.indices.map { sharedAxes.contains($0 + 1) ? 1 : x.shape[$0] }
    let slopes = builder.parameter(
      "\(name)/alpha", shape, alpha, l1: regularizer.l1, l2: regularizer.l2)
    return Value(builder.node("PRelu", [x.name, slopes]), x.shape)
  }
}

struct DenseLayer: Layer {
  let name: String
  let weights: LinearWeights
  let activation: Activation

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard !x.shape.isEmpty else { throw wrong("at least one dimension", x.shape) }
    return activation.apply(weights.apply(x, name, in: &builder), in: &builder)
  }
}

struct ActivationLayer: Layer {
  let name: String
  let activation: Activation

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    activation.apply(try one(inputs), in: &builder)
  }
}

struct DropoutLayer: Layer {
  let name: String
  let rate: Double

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    builder.dropout(try one(inputs), rate: rate, layer: name)
  }
}

/// Reshape, and Flatten without a target.
struct ReshapeLayer: Layer {
  let name: String
  let target: [Int]?

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    var shape = target ?? [x.count]
    let known = NetworkLimits.count(shape.filter { $0 != -1 })
    if let open = shape.firstIndex(of: -1), x.count % known == 0 { shape[open] = x.count / known }
    guard NetworkLimits.count(shape) == x.count else {
      throw wrong("\(known) elements for \(target ?? [])", x.shape)
    }
    return builder.reshaped(x, shape)
  }
}

struct PermuteLayer: Layer {
  let name: String
  let order: [Int]

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    guard x.shape.count == order.count else { throw wrong("\(order.count) dimensions", x.shape) }
    return Value(
      builder.node("Transpose", [x.name], ["perm": .ints([0] + order.map { Int64($0) })]),
      order.map { x.shape[$0 - 1] }, x.dataType)
  }
}

struct RescalingLayer: Layer {
  let name: String
  let scale: Double
  let offset: Double

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    let x = try one(inputs)
    let scaled = builder.node("Mul", [x.name, builder.number(Float(scale))])
    let moved = offset == 0 ? scaled : builder.node("Add", [scaled, builder.number(Float(offset))])
    return Value(moved, x.shape)
  }
}
