/// What steps take, learned from those that were computed: so much for whatever every step does
/// (reading the weights), so much for each next token, so much for each token of a prompt. Tokens are
/// counted in units (`TokenWork`), so that those far into a context weigh more.
///
/// It needs no clock to be of use: without one, or before the first step was timed, the proportions
/// are those measured with SmolLM2-135M and Gemma 3 270M on two threads of Zen 5.
struct StepTimes {
  /// Of steps with next tokens alone, and with parts of prompts alone.
  private(set) var generated = StepLine(base: 3.5, slope: 1.2)
  private(set) var prompts = StepLine(base: 3.5, slope: 1)
  /// Of one unit of a prompt, in a step that also has next tokens.
  private(set) var prompt = 1.0
  /// Whether the times are nanoseconds.
  private(set) var isMeasured = false
  private var promptCount = 0.0

  /// What part of an estimate one step may change: some tens of steps are remembered.
  static let weightMin = 0.05
  /// Times beyond this multiple of what was expected say more about the machine than about us.
  private static let surpriseMax = 4.0

  /// A step was computed; time that did not pass says nothing.
  mutating func observe(generated units: Double, prompt promptUnits: Double, nanoseconds: Int64) {
    guard nanoseconds > 0, units > 0 || promptUnits > 0 else { return }
    var expected =
      units > 0 ? generated.time(units) + prompt * promptUnits : prompts.time(promptUnits)
    if !isMeasured {
      isMeasured = true
      let scale = Double(nanoseconds) / expected
      generated.scale(by: scale)
      prompts.scale(by: scale)
      prompt *= scale
      expected *= scale
    }
    let time = min(Double(nanoseconds), Self.surpriseMax * expected)
    if promptUnits == 0 {
      generated.learn(units, time)
    } else if units == 0 {
      prompts.learn(promptUnits, time)
    } else {
      promptCount += 1
      let own = max((time - generated.time(units)) / promptUnits, generated.slope / 64)
      prompt += max(1 / promptCount, Self.weightMin) * (own - prompt)
    }
  }
}

/// A line through the times of steps that are remembered, by their units.
struct StepLine {
  /// What a step takes whatever is in it, and for each unit.
  private(set) var base, slope: Double
  /// The proportion known before: where steps are all alike, the line has it.
  private let ratio: Double
  private var (count, meanUnits, meanTime, variance, covariance) = (0.0, 0.0, 0.0, 0.0, 0.0)

  init(base: Double, slope: Double) {
    (self.base, self.slope, ratio) = (base, slope, base / slope)
  }

  func time(_ units: Double) -> Double { base + slope * units }
  /// How many units a step of so much time has.
  func units(in time: Double) -> Double { max(time - base, 0) / slope }

  mutating func scale(by factor: Double) { (base, slope) = (base * factor, slope * factor) }

  mutating func learn(_ units: Double, _ time: Double) {
    count += 1
    let weight = max(1 / count, StepTimes.weightMin)
    let (du, dt) = (units - meanUnits, time - meanTime)
    meanUnits += weight * du
    meanTime += weight * dt
    variance = (1 - weight) * (variance + weight * du * du)
    covariance = (1 - weight) * (covariance + weight * du * dt)
    let doubt = 0.1
    let known = meanTime / (ratio + meanUnits)
    let measured = (covariance + doubt * known) / (variance + doubt)
    // Far from where the steps are, a line whose units are a little wrong may say anything: what a step
    // takes whatever is in it is at most four times as much of it as known before.
    let least = max(known / 8, (meanTime - 4 * known * ratio) / meanUnits)
    slope = min(max(measured, least), meanTime / meanUnits)
    base = meanTime - slope * meanUnits
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
