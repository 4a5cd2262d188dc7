internal import Compute
internal import JSON
internal import ModelFormats

/// Makes the ONNX models of this folder: operators of ai.onnx.ml, a label and probabilities as tensors.
///
/// Numbers come as one input of FP32, [N, features] in the order that training had them; every column of
/// texts is an input of its own, [N, 1].
struct ClassicalGraph {
  /// The name of the input of numbers: that of the only column, or "x".
  static let inputName = "x"

  private let columns: TrainingColumns
  private let name: String

  /// `name` is the estimator's class.
  init(_ columns: TrainingColumns, name: String) {
    self.columns = columns
    self.name = name
  }

  /// A regressor's output is [N, targets].
  func linearRegressor(_ weights: LinearModelWeights) throws(TrainingError) -> [UInt8] {
    var graph = empty()
    graph.nodes = [
      Node(
        name: "regressor", opType: "LinearRegressor", domain: "ai.onnx.ml",
        inputs: [Self.inputName], outputs: ["prediction"],
        attributes: [
          "coefficients": .floats(try Self.singles(weights.coefficients.joined())),
          "intercepts": .floats(try Self.singles(weights.intercepts)),
          "targets": .int(Int64(weights.intercepts.count)),
        ])
    ]
    graph.inputs = [input(columns.features.count)]
    graph.outputs = [Self.prediction(weights.intercepts.count)]
    return try Self.bytes(graph)
  }

  /// A classifier's outputs are the label [N] and the probability of each class [N, classes].
  func linearClassifier(
    _ weights: LinearModelWeights, _ labels: ClassTargets.Labels
  ) throws(TrainingError) -> [UInt8] {
    var (lines, intercepts) = (weights.coefficients, weights.intercepts)
    if lines.count == 1 {
      // One score and its opposite: the logistic function of each is a probability.
      lines = [lines[0].map { -$0 }, lines[0]]
      intercepts = [-intercepts[0], intercepts[0]]
    }
    var attributes: [String: Attribute] = [
      "coefficients": .floats(try Self.singles(lines.joined())),
      "intercepts": .floats(try Self.singles(intercepts)),
      "post_transform": .string(Array((labels.count == 2 ? "LOGISTIC" : "SOFTMAX").utf8)),
    ]
    Self.add(labels, "classlabels_ints", to: &attributes)
    var graph = empty()
    graph.nodes = [
      Node(
        name: "classifier", opType: "LinearClassifier", domain: "ai.onnx.ml",
        inputs: [Self.inputName], outputs: ["label", "probabilities"], attributes: attributes)
    ]
    graph.inputs = [input(columns.features.count)]
    graph.outputs = Self.classification(labels)
    return try Self.bytes(graph)
  }

  /// A feature's name.
  func featureName(_ feature: Int) -> String { columns.features[feature].name }

  /// A graph with the facts about it and nothing in it.
  func empty() -> Graph {
    let names = JSONValue.array(columns.features.map { .string($0.name) })
    return Graph(
      name: name, opsets: ["": 17, "ai.onnx.ml": 3],
      metadata: ModelMetadata(
        producerName: "martlet",
        properties: [
          "class_name": name, "features": String(decoding: names.serialized(), as: UTF8.self),
        ]))
  }

  /// The input of numbers.
  func input(_ featureCount: Int) -> Graph.Value {
    Graph.Value(
      name: Self.inputName, dataType: .fp32, shape: [-1, featureCount],
      dimensionNames: ["N", nil])
  }

  static func prediction(_ count: Int) -> Graph.Value {
    Graph.Value(
      name: "prediction", dataType: .fp32, shape: [-1, count], dimensionNames: ["N", nil])
  }

  static func classification(_ labels: ClassTargets.Labels) -> [Graph.Value] {
    let type: DataType =
      switch labels {
      case .integers: .int64
      case .texts: .string
      }
    return [
      Graph.Value(name: "label", dataType: type, shape: [-1], dimensionNames: ["N"]),
      Graph.Value(
        name: "probabilities", dataType: .fp32, shape: [-1, labels.count],
        dimensionNames: ["N", nil]),
    ]
  }

  /// Labels as attributes; what whole numbers are called differs between operators.
  static func add(
    _ labels: ClassTargets.Labels, _ integerName: String, to attributes: inout [String: Attribute]
  ) {
    switch labels {
    case .integers(let labels): attributes[integerName] = .ints(labels)
    case .texts(let labels):
      attributes["classlabels_strings"] = .strings(labels.map { Array($0.utf8) })
    }
  }

  /// A value's name within the graph that no column has: columns of texts are inputs by their names.
  func inner(_ base: String) -> String {
    var name = base
    while columns.features.contains(where: { $0.name == name }) { name += "_" }
    return name
  }

  /// Refuses columns of texts, which are inputs of their own, whose names the graph's own inputs and outputs have.
  static func requireFreeNames(
    _ columns: TrainingColumns, isClassifier: Bool
  ) throws(TrainingError) {
    let texts = columns.features
      .filter { columns.source.columns[$0.column].dataType == .string }.map(\.name)
    var taken = isClassifier ? ["label", "probabilities"] : ["prediction"]
    if texts.count < columns.features.count { taken.append(inputName) }
    guard let name = texts.first(where: { taken.contains($0) }) else { return }
    throw TrainingError(
      .data,
      "a column of texts cannot be called '\(name)', as the model's own inputs and outputs are "
        + "(\(taken.joined(separator: ", "))); rename it")
  }

  /// Numbers as models hold them; refuses those beyond single precision.
  static func singles(_ numbers: some Sequence<Double>) throws(TrainingError) -> [Float] {
    let singles = numbers.map { Float($0) }
    guard singles.allSatisfy(\.isFinite) else {
      throw TrainingError(
        .data,
        "the model has numbers beyond single precision (3.4e38), in which models answer; scale features and "
          + "targets")
    }
    return singles
  }

  static func bytes(_ graph: Graph) throws(TrainingError) -> [UInt8] {
    do throws(ONNXError) {
      return try ONNX.write(graph)
    } catch {
      throw TrainingError(.resources, "the model cannot be written: \(error.message)")
    }
  }
}
