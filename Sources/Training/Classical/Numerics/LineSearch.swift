/// A step along a descent direction that satisfies the strong Wolfe conditions, by Moré and Thuente's
/// search (ACM TOMS 20, 1994): a bracket shrinks by cubic and quadratic interpolation. The constants are
/// those of L-BFGS-B, so that fits take the same steps as SciPy's.
struct LineSearch {
  private static let decrease = 1e-3
  private static let curvature = 0.9
  private static let widthMin = 0.1
  private static let stepMin = 0.0
  private static let stepMax = 1e10

  /// What to do next.
  enum Action {
    /// Evaluate at this step.
    case evaluate(Double)
    /// The step that was evaluated last is taken.
    case accept
    /// Rounding lets the search go no further.
    case fail
  }

  /// A point of the search: step, value and slope.
  private struct Point {
    var step: Double
    var value: Double
    var slope: Double
  }

  private let start: Point
  private var best: Point
  private var other: Point
  private var step: Double
  private var isBracketed = false
  private var isFirstStage = true
  private var width: Double
  private var previousWidth: Double
  private var low: Double
  private var high: Double

  /// Begins at a value with a negative slope.
  init(value: Double, slope: Double, firstStep: Double) {
    start = Point(step: 0, value: value, slope: slope)
    best = start
    other = start
    step = firstStep
    width = Self.stepMax - Self.stepMin
    previousWidth = 2 * width
    low = 0
    high = step + 4 * step
  }

  /// Takes value and slope at the step that was asked for.
  mutating func next(value: Double, slope: Double) -> Action {
    let limit = start.value + step * Self.decrease * start.slope
    if isFirstStage && value <= limit && slope >= 0 { isFirstStage = false }
    let isStuck =
      isBracketed && (step <= low || step >= high || high - low <= Self.widthMin * high)
      || (step == Self.stepMax && value <= limit && slope <= Self.decrease * start.slope)
      || (step == Self.stepMin && (value > limit || slope >= Self.decrease * start.slope))
    if value <= limit && slope.magnitude <= Self.curvature * -start.slope { return .accept }
    if isStuck { return value < start.value ? .accept : .fail }
    guard value.isFinite else { return .fail }
    let current = Point(step: step, value: value, slope: slope)
    if isFirstStage && value <= best.value && value > limit {
      // Before a step decreases enough, the search is for a minimum of the difference to that line.
      let line = Self.decrease * start.slope
      func lowered(_ point: Point) -> Point {
        Point(
          step: point.step, value: point.value - point.step * line, slope: point.slope - line)
      }
      func raised(_ point: Point) -> Point {
        Point(
          step: point.step, value: point.value + point.step * line, slope: point.slope + line)
      }
      (best, other) = (lowered(best), lowered(other))
      interpolate(lowered(current))
      (best, other) = (raised(best), raised(other))
    } else {
      interpolate(current)
    }
    if isBracketed {
      if (other.step - best.step).magnitude >= 0.66 * previousWidth {
        step = best.step + 0.5 * (other.step - best.step)
      }
      previousWidth = width
      width = (other.step - best.step).magnitude
      low = min(best.step, other.step)
      high = max(best.step, other.step)
    } else {
      low = step + 1.1 * (step - best.step)
      high = step + 4 * (step - best.step)
    }
    step = min(max(step, Self.stepMin), Self.stepMax)
    if isBracketed && (step <= low || step >= high || high - low <= Self.widthMin * high) {
      step = best.step
    }
    return .evaluate(step)
  }

  /// Moré and Thuente's safeguarded step: sets `step`, and the ends of the bracket.
  private mutating func interpolate(_ p: Point) {
    let sign = p.slope * (best.slope / best.slope.magnitude)
    var next: Double
    // The cubic through two values and slopes: θ and γ of the paper, γ positive.
    func cubic(_ from: Point, clamped: Bool = false) -> (theta: Double, gamma: Double) {
      let theta = 3 * (from.value - p.value) / (p.step - from.step) + from.slope + p.slope
      let scale = max(theta.magnitude, from.slope.magnitude, p.slope.magnitude)
      let root = (theta / scale) * (theta / scale) - (from.slope / scale) * (p.slope / scale)
      return (theta, scale * (clamped ? max(0, root) : root).squareRoot())
    }
    if p.value > best.value {
      let (theta, root) = cubic(best)
      let gamma = p.step < best.step ? -root : root
      let ratio = (gamma - best.slope + theta) / (gamma - best.slope + gamma + p.slope)
      let byCubic = best.step + ratio * (p.step - best.step)
      let byQuadratic =
        best.step
        + best.slope / ((best.value - p.value) / (p.step - best.step) + best.slope) / 2
        * (p.step - best.step)
      next =
        (byCubic - best.step).magnitude < (byQuadratic - best.step).magnitude
        ? byCubic : byCubic + (byQuadratic - byCubic) / 2
      isBracketed = true
    } else if sign < 0 {
      let (theta, root) = cubic(best)
      let gamma = p.step > best.step ? -root : root
      let ratio = (gamma - p.slope + theta) / (gamma - p.slope + gamma + best.slope)
      let byCubic = p.step + ratio * (best.step - p.step)
      let bySecant = p.step + p.slope / (p.slope - best.slope) * (best.step - p.step)
      next =
        (byCubic - p.step).magnitude > (bySecant - p.step).magnitude ? byCubic : bySecant
      isBracketed = true
    } else if p.slope.magnitude < best.slope.magnitude {
      let (theta, root) = cubic(best, clamped: true)
      let gamma = p.step > best.step ? -root : root
      let ratio = (gamma - p.slope + theta) / (gamma + (best.slope - p.slope) + gamma)
      let byCubic =
        ratio < 0 && gamma != 0
        ? p.step + ratio * (best.step - p.step) : p.step > best.step ? high : low
      let bySecant = p.step + p.slope / (p.slope - best.slope) * (best.step - p.step)
      let isCubicNearer = (byCubic - p.step).magnitude < (bySecant - p.step).magnitude
      if isBracketed {
        next = isCubicNearer ? byCubic : bySecant
        let bound = p.step + 0.66 * (other.step - p.step)
        next = p.step > best.step ? min(bound, next) : max(bound, next)
      } else {
        next = isCubicNearer ? bySecant : byCubic
        next = min(max(next, low), high)
      }
    } else if isBracketed {
      let (theta, root) = cubic(other)
      let gamma = p.step > other.step ? -root : root
      let ratio = (gamma - p.slope + theta) / (gamma - p.slope + gamma + other.slope)
      next = p.step + ratio * (other.step - p.step)
    } else {
      next = p.step > best.step ? high : low
    }
    if p.value > best.value {
      other = p
    } else {
      if sign < 0 { other = best }
      best = p
    }
    step = next
  }
}
