internal import Glibc

/// Rotary positions: pair i of a head turns by position · frequency(i).
public struct RotaryConfiguration: Sendable, Equatable {
  /// Which elements of a head are a pair.
  public enum Pairs: Sendable { case halves, neighbours }
  /// How a model was stretched beyond the context it was trained with.
  public enum Scaling: Sendable, Equatable {
    case none
    /// Positions divided by a factor.
    case linear(factor: Double)
    /// Llama 3: low frequencies divided, high ones kept, those between blended.
    case llama3(factor: Double, low: Double, high: Double, originalContext: Double)
    /// YaRN: the same by a ramp over dimensions, with larger scores.
    case yarn(
      factor: Double, betaFast: Double, betaSlow: Double, originalContext: Double,
      attention: Double)
  }

  /// Elements of a head that turn, an even number.
  public var dimension = 0
  /// Frequency i is base^(-2i / dimension).
  public var base = 10_000.0
  /// Which elements are a pair.
  public var pairs = Pairs.halves
  /// How it was stretched.
  public var scaling = Scaling.none
  /// What each frequency is divided by (Llama 3's `rope_freqs`, Phi 3's long and short factors).
  public var factors: [Double]?
  /// What cosines and sines are multiplied with.
  public var magnitude = 1.0

  /// Angles per position, and what cosines and sines are multiplied with.
  func frequencies() -> (frequencies: [Double], magnitude: Double) {
    var magnitude = magnitude
    let half = dimension / 2
    var result = (0..<half).map { pow(base, -2 * Double($0) / Double(dimension)) }
    if let factors { for i in 0..<min(half, factors.count) { result[i] /= factors[i] } }
    switch scaling {
    case .none: break
    case .linear(let factor): for i in 0..<half { result[i] /= factor }
    case .llama3(let factor, let low, let high, let context):
      for i in 0..<half {
        let turns = context * result[i] / (2 * .pi)
        if turns < low {
          result[i] /= factor
        } else if turns < high {
          let share = (turns - low) / (high - low)
          result[i] = (1 - share) * result[i] / factor + share * result[i]
        }
      }
    case .yarn(let factor, let fast, let slow, let context, let attention):
      // The dimension whose pair makes so many turns over the original context.
      func dimensionOf(turns: Double) -> Double {
        Double(dimension) * log(context / (turns * 2 * .pi)) / (2 * log(base))
      }
      let low = max(0, floor(dimensionOf(turns: fast)))
      let high = min(Double(dimension - 1), ceil(dimensionOf(turns: slow)))
      for i in 0..<half {
        let ramp = min(1, max(0, (Double(i) - low) / max(0.001, high - low)))
        result[i] = result[i] / factor * ramp + result[i] * (1 - ramp)
      }
      magnitude *= attention * (1 + 0.1 * log(factor))
    }
    return (result, magnitude)
  }

  /// The scaling that GGUF's keys describe.
  init(_ metadata: ModelMetadata, headSize: Int, base: Double = 10_000, pairs: Pairs)
    throws(ModelError)
  {
    self.pairs = pairs
    self.base = try metadata.positive("rope.freq_base", default: base)
    dimension = try metadata.integer("rope.dimension_count", in: 2...headSize, default: headSize)
    guard dimension % 2 == 0 else {
      throw ModelError(
        .badMetadata,
        "\(metadata.architecture).rope.dimension_count: expected an even number, got \(dimension)")
    }
    guard let kind = metadata.string("rope.scaling.type") else {
      if let factor = try metadata.optionalPositive("rope.scale_linear"), factor != 1 {
        scaling = .linear(factor: factor)
      }
      return
    }
    let factor = try metadata.positive("rope.scaling.factor", default: 1)
    switch kind {
    case "none", "longrope": break
    case "linear": scaling = .linear(factor: factor)
    case "llama3":
      scaling = .llama3(
        factor: factor, low: try metadata.positive("rope.scaling.low_freq_factor", default: 1),
        high: try metadata.positive("rope.scaling.high_freq_factor", default: 4),
        originalContext: try metadata.positive("rope.scaling.original_context_length"))
    case "yarn":
      scaling = .yarn(
        factor: factor, betaFast: try metadata.positive("rope.scaling.yarn_beta_fast", default: 32),
        betaSlow: try metadata.positive("rope.scaling.yarn_beta_slow", default: 1),
        originalContext: try metadata.positive("rope.scaling.original_context_length"),
        attention: try metadata.positive("rope.scaling.attn_factor", default: 1))
    default:
      throw ModelError(
        .badMetadata,
        "\(metadata.architecture).rope.scaling.type: expected none, linear, yarn, longrope or "
          + "llama3, got \"\(kind.prefix(40))\"")
    }
  }

  init() {}
}
