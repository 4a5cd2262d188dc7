internal import Glibc
internal import JSON

/// How a parameter's first values are drawn, by Keras's name.
enum Initializer: Equatable {
  case constant(Double)
  case uniform(low: Double, high: Double)
  case normal(mean: Double, deviation: Double, isTruncated: Bool)
  /// Of a variance that the layer's numbers of inputs and outputs decide.
  case scaled(scale: Double, mode: Mode, distribution: Distribution)
  case orthogonal(gain: Double)
  case identity(gain: Double)
  /// Zeros, but ones for the gate of an LSTM that forgets.
  case forgetBias(units: Int)

  enum Mode: String { case fanIn = "fan_in", fanOut = "fan_out", fanAverage = "fan_avg" }
  enum Distribution: String {
    case truncatedNormal = "truncated_normal", untruncatedNormal = "untruncated_normal", uniform
  }

  static let zeros = Initializer.constant(0)
  static let ones = Initializer.constant(1)
  static let glorotUniform = Initializer.scaled(scale: 1, mode: .fanAverage, distribution: .uniform)

  init(
    _ configuration: Configuration, _ key: String, default standard: Initializer
  ) throws(TrainingError) {
    guard let value = configuration[key] else {
      self = standard
      return
    }
    let object = try KerasObject(value, place: "\(configuration.place): \(key)")
    let config = try Configuration(object.config, place: "\(configuration.place): \(key)")
    _ = config["seed"]
    self = try Self.named(object.className, config, key, value, configuration)
    try config.finish()
  }

  private static func named(
    _ name: String, _ config: Configuration, _ key: String, _ value: JSONValue,
    _ configuration: Configuration
  ) throws(TrainingError) -> Initializer {
    switch name.lowercased().filter({ $0 != "_" }) {
    case "zeros": return .zeros
    case "ones": return .ones
    case "constant": return .constant(try config.number("value") ?? 0)
    case "randomuniform":
      return .uniform(
        low: try config.number("minval") ?? -0.05, high: try config.number("maxval") ?? 0.05)
    case "randomnormal":
      return .normal(
        mean: try config.number("mean") ?? 0, deviation: try config.number("stddev") ?? 0.05,
        isTruncated: false)
    case "truncatednormal":
      return .normal(
        mean: try config.number("mean") ?? 0, deviation: try config.number("stddev") ?? 0.05,
        isTruncated: true)
    case "glorotuniform": return .glorotUniform
    case "glorotnormal":
      return .scaled(scale: 1, mode: .fanAverage, distribution: .truncatedNormal)
    case "heuniform": return .scaled(scale: 2, mode: .fanIn, distribution: .uniform)
    case "henormal": return .scaled(scale: 2, mode: .fanIn, distribution: .truncatedNormal)
    case "lecununiform": return .scaled(scale: 1, mode: .fanIn, distribution: .uniform)
    case "lecunnormal": return .scaled(scale: 1, mode: .fanIn, distribution: .truncatedNormal)
    case "variancescaling":
      let mode = try config.string(
        "mode", among: ["fan_in", "fan_out", "fan_avg"], default: "fan_in")
      let distribution = try config.string(
        "distribution", among: ["truncated_normal", "untruncated_normal", "uniform"],
        default: "truncated_normal")
      return .scaled(
        scale: try config.number("scale", in: 0...1e6) ?? 1, mode: Mode(rawValue: mode) ?? .fanIn,
        distribution: Distribution(rawValue: distribution) ?? .truncatedNormal)
    case "orthogonal", "orthogonalinitializer":
      return .orthogonal(gain: try config.number("gain") ?? 1)
    case "identity", "identityinitializer": return .identity(gain: try config.number("gain") ?? 1)
    default:
      throw configuration.wrong(
        key,
        expected: "zeros, ones, constant, random_uniform, random_normal, truncated_normal, "
          + "glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, "
          + "variance_scaling, orthogonal or identity", value)
    }
  }

  /// Draws values.
  /// - Parameters:
  ///   - fans: inputs and outputs of the layer.
  ///   - columns: for orthogonal and identity matrices.
  func fill(
    _ target: UnsafeMutableBufferPointer<Float>, fans: (Int, Int), columns: Int,
    _ random: inout RepeatableRandom
  ) {
    switch self {
    case .constant(let value): target.update(repeating: Float(value))
    case .uniform(let low, let high):
      for index in target.indices { target[index] = Float(low + (high - low) * random.uniform()) }
    case .normal(let mean, let deviation, let isTruncated):
      for index in target.indices {
        target[index] = Float(mean + deviation * random.normal(isTruncated: isTruncated))
      }
    case .scaled(let scale, let mode, let distribution):
      let fan =
        switch mode {
        case .fanIn: Double(fans.0)
        case .fanOut: Double(fans.1)
        case .fanAverage: Double(fans.0 + fans.1) / 2
        }
      let variance = scale / max(1, fan)
      switch distribution {
      case .uniform:
        let limit = (3 * variance).squareRoot()
        for index in target.indices { target[index] = Float(limit * (2 * random.uniform() - 1)) }
      case .untruncatedNormal:
        for index in target.indices {
          target[index] = Float(variance.squareRoot() * random.normal(isTruncated: false))
        }
      case .truncatedNormal:
        // What truncation takes from the variance is put back.
        let deviation = variance.squareRoot() / 0.87962566103423978
        for index in target.indices {
          target[index] = Float(deviation * random.normal(isTruncated: true))
        }
      }
    case .orthogonal(let gain): Self.orthogonal(target, columns: columns, gain: gain, &random)
    case .identity(let gain):
      for index in target.indices {
        target[index] = index / columns == index % columns ? Float(gain) : 0
      }
    case .forgetBias(let units):
      for index in target.indices {
        // ONNX has the gates in the order input, output, forget, cell.
        target[index] = index / units == 2 ? 1 : 0
      }
    }
  }

  /// Rows (or columns, whichever are fewer) at right angles, by Gram and Schmidt on normal numbers.
  private static func orthogonal(
    _ target: UnsafeMutableBufferPointer<Float>, columns: Int, gain: Double,
    _ random: inout RepeatableRandom
  ) {
    let rows = target.count / max(columns, 1)
    let (count, length) = rows < columns ? (rows, columns) : (columns, rows)
    // Gram and Schmidt take the cube of the size; so many normal numbers are at right angles but for a
    // few percent.
    if count > 1536 {
      let deviation = gain / Double(length).squareRoot()
      for index in target.indices {
        target[index] = Float(deviation * random.normal(isTruncated: false))
      }
      return
    }
    var vectors: [[Double]] = []
    for _ in 0..<count {
      var vector = (0..<length).map { _ in random.normal(isTruncated: false) }
      for _ in 0..<2 {
        for other in vectors {
          let product = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
          for index in vector.indices { vector[index] -= product * other[index] }
        }
      }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      vectors.append(vector.map { $0 / norm })
    }
    for index in target.indices {
      let (row, column) = (index / columns, index % columns)
      let value = rows < columns ? vectors[row][column] : vectors[column][row]
      target[index] = Float(gain * value)
    }
  }
}
