internal import Compute
internal import JSON

/// Layers that join several values.
enum MergingLayers {
  static func register(in makers: inout LayerMakers) {
    for (name, opType) in [
      ("Add", "Sum"), ("Subtract", "Sub"), ("Multiply", "Mul"), ("Average", "Mean"),
      ("Maximum", "Max"), ("Minimum", "Min"),
    ] {
      makers.add(name) { d throws(TrainingError) in
        MergingLayer(name: d.name, opType: opType, isPair: name == "Subtract")
      }
    }
    makers.add("Concatenate") { d throws(TrainingError) in
      ConcatenationLayer(name: d.name, axis: try d.config.int("axis", in: -16...16) ?? -1)
    }
  }
}

struct MergingLayer: Layer {
  let name: String
  let opType: String
  let isPair: Bool

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    guard isPair ? inputs.count == 2 : inputs.count >= 2 else {
      throw TrainingError(
        .specification,
        "layer '\(name)': expected \(isPair ? "two" : "two or more") inputs, got \(inputs.count)")
    }
    for input in inputs where input.shape != inputs[0].shape {
      throw wrong("equal shapes, the first \(inputs[0].shape)", input.shape)
    }
    if opType == "Mul" {
      var product = inputs[0].name
      for input in inputs.dropFirst() { product = builder.node("Mul", [product, input.name]) }
      return Value(product, inputs[0].shape)
    }
    return Value(builder.node(opType, inputs.map(\.name)), inputs[0].shape)
  }
}

struct ConcatenationLayer: Layer {
  let name: String
  let axis: Int

  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value {
    guard let first = inputs.first, !first.shape.isEmpty else {
      throw TrainingError(.specification, "layer '\(name)': expected inputs, got none")
    }
    let rank = first.shape.count
    let place = axis < 0 ? rank + axis : axis - 1
    guard first.shape.indices.contains(place) else {
      throw wrong("a dimension \(axis)", first.shape)
    }
    var shape = first.shape
    shape[place] = 0
    for input in inputs {
      var other = input.shape
      guard other.count == rank else { throw wrong("\(rank) dimensions", input.shape) }
      shape[place] += other[place]
      other[place] = shape[place]
      guard other == shape else {
        throw wrong("equal shapes but for dimension \(axis)", input.shape)
      }
    }
    let name = builder.node("Concat", inputs.map(\.name), ["axis": .int(Int64(place + 1))])
    return Value(name, shape)
  }
}
