import TestSupport
import Testing

@testable import Compute

/// One node whose gradients are compared with finite differences, in double precision.
struct GradientCase: Sendable, CustomStringConvertible {
  var name: String
  var domain = ""
  /// Inputs that are differentiated by, filled with random numbers of this range.
  var shapes: [[Int]]
  var range: ClosedRange<Double> = -2...2
  /// Inputs behind them, or in the given places.
  var constants: [Int: Tensor] = [:]
  var attributes: [String: Attribute] = [:]
  var outputCount = 1
  var opset = 21
  /// Tells cases of one operator apart.
  var note = ""

  var description: String { note.isEmpty ? name : "\(name), \(note)" }

  init(
    _ name: String, _ shapes: [[Int]], range: ClosedRange<Double> = -2...2,
    constants: [Int: Tensor] = [:], _ attributes: [String: Attribute] = [:], outputs: Int = 1,
    opset: Int = 21, domain: String = "", note: String = ""
  ) {
    self.name = name
    self.domain = domain
    self.shapes = shapes
    self.range = range
    self.constants = constants
    self.attributes = attributes
    self.outputCount = outputs
    self.opset = opset
    self.note = note
  }

  private var inputNames: [String] {
    (0..<(shapes.count + constants.count)).map { "x\($0)" }
  }

  private var freeNames: [String] {
    inputNames.indices.filter { constants[$0] == nil }.map { inputNames[$0] }
  }

  /// The node, and a loss: every output's elements times numbers at random, summed up.
  private func graph(_ random: inout SplitMix64, _ float: DataType = .fp64) throws -> Graph {
    var node = Node(
      name: name, opType: name, domain: domain, inputs: inputNames,
      outputs: (0..<outputCount).map { "y\($0)" }, attributes: attributes)
    node.opset = domain.isEmpty ? opset : 1
    var graph = Graph(nodes: [node], opsets: ["": 21])
    if !domain.isEmpty { graph.opsets[domain] = 1 }
    for (index, tensor) in constants {
      graph.initializers["x\(index)"] =
        tensor.dataType == .fp64 ? tensor.rounded(to: float) : tensor
    }
    for (name, shape) in zip(freeNames, shapes) {
      graph.inputs.append(Graph.Value(name: name, dataType: float, shape: shape))
    }
    let types = try GraphTypes(
      graph, registry: .standard, options: ModelOptions(), packs: false)
    var losses: [String] = []
    for index in 0..<outputCount {
      guard let type = types.types["y\(index)"], type.dataType == float, let shape = type.shape
      else { continue }
      let weights = (0..<Shape.product(shape[...])).map { _ in random.double(in: -1...1) }
      graph.initializers["w\(index)"] = Tensor(weights, shape: shape, dataType: .fp64)
        .rounded(to: float)
      graph.nodes.append(
        Node(opType: "Mul", inputs: ["y\(index)", "w\(index)"], outputs: ["p\(index)"]))
      graph.nodes.append(
        Node(
          opType: "ReduceSum", inputs: ["p\(index)"], outputs: ["l\(index)"],
          attributes: ["keepdims": .int(0)]))
      losses.append("l\(index)")
    }
    graph.nodes.append(Node(opType: "Sum", inputs: losses, outputs: ["loss"]))
    graph.outputs = [Graph.Value(name: "loss", dataType: float, shape: [])]
    return graph
  }

  /// Differentiates, and compares every element of every gradient with the loss's slope.
  func check() throws {
    var random = SplitMix64(state: description.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    let graph = try graph(&random)
    var options = ModelOptions()
    options.allowsTraining = true
    let differentiated = try graph.differentiated(
      loss: "loss", parameters: freeNames, options: options)
    let (forward, both) = (
      try Model(graph, options: options), try Model(differentiated, options: options)
    )
    var values = shapes.map { shape in
      (0..<Shape.product(shape[...])).map { _ in random.double(in: range) }
    }
    func tensors() -> [ModelValue] {
      zip(values, shapes).map { .tensor(Tensor($0, shape: $1, dataType: .fp64)) }
    }
    func loss() throws -> Double {
      try #require(try forward.evaluate(tensors())[0].tensor).elements(as: Double.self)[0]
    }
    let answers = try both.evaluate(tensors())
    // Some operators become others that keep what gradients need, and add in another order.
    let (found, expected) = (
      try #require(answers[0].tensor).elements(as: Double.self)[0], try loss()
    )
    #expect((found - expected).magnitude <= 1e-12 * max(1, expected.magnitude), "\(self): loss")
    let step = 1e-5
    for index in values.indices {
      let gradient = try #require(answers[index + 1].tensor)
      #expect(gradient.shape == shapes[index], "\(self): shape of gradient \(index)")
      let found = gradient.elements(as: Double.self)
      for place in values[index].indices {
        let value = values[index][place]
        values[index][place] = value + step
        let above = try loss()
        values[index][place] = value - step
        let below = try loss()
        values[index][place] = value
        let slope = (above - below) / (2 * step)
        let tolerance = 1e-6 * max(1, slope.magnitude)
        #expect(
          (found[place] - slope).magnitude <= tolerance,
          "\(self): input \(index), element \(place): \(found[place]), but the slope is \(slope)")
      }
    }
  }
}

extension GradientCase {
  /// The gradients in single precision, which kernels of their own compute, beside those in double. Some
  /// functions jump, so the numbers are those that both have.
  func compareSingle() throws {
    // Cast says which type it makes.
    if name == "Cast" { return }
    var answers: [[[Double]]] = []
    for float in [DataType.fp64, .fp32] {
      var random = SplitMix64(state: 20_261_127)
      let graph = try graph(&random, float)
      var options = ModelOptions()
      options.allowsTraining = true
      let model = try Model(
        graph.differentiated(loss: "loss", parameters: freeNames, options: options),
        options: options)
      let inputs = shapes.map { shape in
        let values = (0..<Shape.product(shape[...])).map { _ in
          Double(Float(random.double(in: range)))
        }
        return ModelValue.tensor(Tensor(values, shape: shape, dataType: .fp64).rounded(to: float))
      }
      answers.append(
        try model.evaluate(inputs).dropFirst().map { try #require($0.tensor).doubles })
    }
    for (index, (exact, single)) in zip(answers[0], answers[1]).enumerated() {
      let size = exact.reduce(1) { max($0, $1.magnitude) }
      for place in exact.indices {
        #expect(
          (exact[place] - single[place]).magnitude <= 1e-5 * size,
          "\(self): input \(index), element \(place): \(single[place]), exactly \(exact[place])")
      }
    }
  }
}

extension Tensor {
  fileprivate func rounded(to type: DataType) -> Tensor {
    if type == .fp64 { return self }
    return Tensor(fp32: elements(as: Double.self).map { Float($0) }, shape: shape)
  }

  fileprivate var doubles: [Double] {
    dataType == .fp64 ? elements(as: Double.self) : elements(as: Float.self).map { Double($0) }
  }
}

extension SplitMix64 {
  /// A number of a range.
  mutating func double(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11)
      / 9_007_199_254_740_992
  }
}
