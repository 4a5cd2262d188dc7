internal import Compute
internal import JSON

/// How much an example counts in the loss of training, by its class: `fit`'s `class_weight`, as in Keras.
struct ClassWeights: Equatable {
  /// Those that are not 1.
  private let weights: [Int: Float]

  private static let classCountMax = 1 << 20

  /// Nil where the description has none.
  init?(_ config: Configuration) throws(TrainingError) {
    guard let value = config["class_weight"] else { return nil }
    let expected = "an object of classes and numbers of at least 0, such as {\"0\": 1, \"1\": 5}"
    guard case .object(let members) = value, !members.isEmpty else {
      throw config.wrong("class_weight", expected: expected, value)
    }
    var weights: [Int: Float] = [:]
    for member in members {
      guard let number = Int(member.name), (0..<Self.classCountMax).contains(number),
        let weight = member.value.number, (0...1e6).contains(weight), weights[number] == nil
      else { throw config.wrong("class_weight", expected: expected, value) }
      weights[number] = Float(weight)
    }
    self.weights = weights
  }

  /// The weights of all classes.
  func all(_ classCount: Int) throws(TrainingError) -> [Float] {
    if let wrong = weights.keys.filter({ $0 >= classCount }).min() {
      throw TrainingError(
        .specification,
        "fit: class_weight has a class \(wrong), but the output has the classes 0...\(classCount - 1)"
      )
    }
    return (0..<classCount).map { weights[$0] ?? 1 }
  }
}

extension Loss {
  /// The mean loss of a batch whose examples count by their classes: the sum of what they count over how many
  /// they are, as in Keras.
  func apply(
    _ output: Value, target: String, _ classes: ClassWeights, in builder: inout NetworkBuilder
  ) throws(TrainingError) -> String {
    guard output.shape.count == 1 else {
      throw TrainingError(
        .specification,
        "fit: class_weight needs one class an example, got outputs of shape "
          + "\(output.shape)")
    }
    let (size, rows) = (output.shape[0], builder.batch)
    switch self {
    case .sparseCategoricalCrossentropy:
      let weights = builder.constant(Tensor(fp32: try classes.all(size), shape: [size]))
      let sum: [String: Attribute] = ["reduction": .string(Array("sum".utf8))]
      let (opType, values) = scores(output, in: &builder)
      let total = builder.node(opType, [values, target, weights], sum)
      return builder.node("Mul", [total, builder.number(1 / Float(rows))])
    case .categoricalCrossentropy:
      let weights = builder.constant(Tensor(fp32: try classes.all(size), shape: [size, 1]))
      let counts = builder.node("MatMul", [target, weights])
      let each = builder.node(
        "Reshape", [losses(output, target, in: &builder), builder.integers([rows, 1])])
      return Self.mean(builder.node("Mul", [each, counts]), &builder)
    case .binaryCrossentropy where size == 1:
      let weights = try classes.all(2)
      let more = builder.node("Mul", [target, builder.number(weights[1] - weights[0])])
      let counts = builder.node("Add", [more, builder.number(weights[0])])
      return Self.mean(
        builder.node("Mul", [losses(output, target, in: &builder), counts]), &builder)
    default:
      throw TrainingError(
        .specification,
        "fit: class_weight needs a loss of classes: sparse_categorical_crossentropy, "
          + "categorical_crossentropy, or binary_crossentropy of one output")
    }
  }
}
