/// What steps take, learned from those that were computed: so much for whatever every step does
/// (reading the weights), so much for each next token, so much for each token of a prompt. Tokens are
/// counted in units (`TokenWork`), so that those far into a context weigh more.
///
/// It needs no clock to be of use: without one, or before the first step was timed, the proportions
/// are those measured on one machine.
struct StepTimes {
  /// In nanoseconds once a step was timed; before, in units.
  private(set) var base = Self.priorBase
  /// Of one unit of a sequence's next token.
  private(set) var generated = Self.priorGenerated
  /// Of one unit of a prompt, in a step that also has next tokens.
  private(set) var prompt = 1.0

  // Measured with SmolLM2-135M and Gemma 3 270M on two threads of Zen 5.
  private static let priorBase = 3.5
  private static let priorGenerated = 1.2
  /// What part of an estimate one step may change: some tens of steps are remembered.
  private static let weightMin = 0.05
  /// Times beyond this multiple of what was expected say more about the machine than about us.
  private static let surpriseMax = 4.0

  private var isMeasured = false
  /// Of steps with next tokens alone: means, variance and covariance of units and time.
  private var (count, meanUnits, meanTime, variance, covariance) = (0.0, 0.0, 0.0, 0.0, 0.0)
  private var promptCount = 0.0

  /// Of a step with so many units of next tokens.
  func time(generated units: Double) -> Double { base + generated * units }

  /// A step was computed; time that did not pass says nothing.
  mutating func observe(generated units: Double, prompt promptUnits: Double, nanoseconds: Int64) {
    guard nanoseconds > 0, units > 0 || promptUnits > 0 else { return }
    var time = Double(nanoseconds)
    let expected = self.time(generated: units) + prompt * promptUnits
    if isMeasured {
      time = min(time, Self.surpriseMax * expected)
    } else {
      isMeasured = true
      let scale = time / expected
      (base, generated, prompt) = (base * scale, generated * scale, prompt * scale)
    }
    if promptUnits == 0 {
      learn(generated: units, time)
    } else if units > 0 {
      // Without next tokens, parts of prompts are large, and a token of theirs takes less.
      promptCount += 1
      let own = max((time - self.time(generated: units)) / promptUnits, generated / 64)
      prompt += max(1 / promptCount, Self.weightMin) * (own - prompt)
    }
  }

  /// A line through the steps that are remembered. Where they are all alike, its slope is that of the
  /// proportions known before.
  private mutating func learn(generated units: Double, _ time: Double) {
    count += 1
    let weight = max(1 / count, Self.weightMin)
    let (du, dt) = (units - meanUnits, time - meanTime)
    meanUnits += weight * du
    meanTime += weight * dt
    variance = (1 - weight) * (variance + weight * du * du)
    covariance = (1 - weight) * (covariance + weight * du * dt)
    let doubt = 0.1
    let known = meanTime / (Self.priorBase / Self.priorGenerated + meanUnits)
    let slope = (covariance + doubt * known) / (variance + doubt)
    generated = min(max(slope, known / 8), meanTime / meanUnits)
    base = meanTime - generated * meanUnits
  }
}

/// How much work a token is, by its position: 1 at the beginning of a context, more where it looks
/// back at many positions.
public struct TokenWork: Sendable, Hashable {
  /// What each position before it adds.
  public var perPosition = 0.0
  /// What each position adds within `window`, in layers that see no further.
  public var perWindowPosition = 0.0
  /// How far those layers see.
  public var window = 0

  /// Every token is as much work as any other.
  public init() {}

  /// Of the token at a position.
  func units(at position: Int) -> Double {
    1 + perPosition * Double(position) + perWindowPosition * Double(min(position, window))
  }

  /// Of tokens after each other.
  func units(of positions: Range<Int>) -> Double {
    Double(positions.count) * units(at: positions.lowerBound + positions.count / 2)
  }

  /// How many tokens from a position on are at most so much work.
  func count(from position: Int, units most: Double) -> Int {
    let first = most / units(at: position)
    guard first < 1e6 else { return 1_000_000 }
    return max(0, Int(most / units(at: position + Int(first) / 2)))
  }
}
