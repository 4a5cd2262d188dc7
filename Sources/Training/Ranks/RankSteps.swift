/// The steps of one rank: its part of each global batch, and what becomes of all ranks' gradients together.
///
/// Whatever fails at a rank is summed beside the gradients, so that all of them end at the same step.
final class RankSteps {
  /// Computes a rank's part of a batch; nil for no rows.
  typealias Reading = (ArraySlice<Int>) throws(TrainingError) -> StepRunner

  let collective: any Collective
  private let memory: ParameterMemory
  private let exchange: GradientExchange
  /// Parameters that are trained, and those that are followed, by number.
  let trained: [Int]
  private let followed: [Int]
  private let metricCount: Int
  /// What ended the training here, and is told to the others in the next step.
  private var failure: TrainingError?

  /// - Parameter runner: of any size of batch; it knows what is trained.
  init(
    _ collective: any Collective, _ memory: ParameterMemory, _ runner: StepRunner, metricCount: Int
  ) {
    (self.collective, self.memory, self.metricCount) = (collective, memory, metricCount)
    (trained, followed) = (runner.trained, runner.followed)
    exchange = GradientExchange(
      collective, counts: trained.map { memory.parameters[$0].count },
      extraCount: 2 + metricCount + followed.reduce(0) { $0 + memory.parameters[$1].count })
  }

  /// Notes what ends the training at this rank; the next step, or `meet`, tells the others.
  func note(_ error: TrainingError) { if failure == nil { failure = error } }

  /// Computes a step on a global batch, and leaves the sum of all ranks' gradients in `gradients`. Gives loss
  /// and metrics over the whole batch.
  func run(
    _ rows: [Int], step: Int, _ read: Reading
  ) throws(TrainingError) -> (loss: Double, metrics: [Double]) {
    let part = collective.part(of: rows.count)
    let weight = Float(part.count) / Float(rows.count)
    var own = [Float](repeating: 0, count: 1 + metricCount)
    exchange.begin(weight: Double(weight))
    if !part.isEmpty, failure == nil {
      do throws(TrainingError) {
        let runner = try read(rows[part])
        try runner.run(
          step: step, firstExample: part.lowerBound,
          whenReady: { [exchange] place, gradient in exchange.take(place, gradient) },
          { loss, metrics, _ in own = ([loss] + metrics).map { Float($0) * weight } })
      } catch { note(error) }
    }
    var extra = [failure == nil ? 0 : 1] + own
    for parameter in followed {
      let values = UnsafeBufferPointer(
        start: memory.pointer(parameter), count: memory.parameters[parameter].count)
      extra += values.map { weight == 0 ? 0 : $0 * weight }
    }
    let sums = exchange.finish(extra)
    if sums[0] > 0 { try meet() }
    if sums[1].isFinite { takeFollowed(sums[(2 + metricCount)...]) }
    return (Double(sums[1]), sums[2..<(2 + metricCount)].map { Double($0) })
  }

  private func takeFollowed(_ sums: ArraySlice<Float>) {
    var place = sums.startIndex
    for parameter in followed {
      let count = memory.parameters[parameter].count
      for index in 0..<count { memory.pointer(parameter)[index] = sums[place + index] }
      place += count
    }
  }

  /// The sums of the trained parameters' gradients, in their order; changed by clipping.
  var gradients: [UnsafeMutablePointer<Float>] { trained.indices.map { exchange.gradient($0) } }

  /// Says that the gradients have been used.
  func endStep() { exchange.endStep() }

  /// Throws at all ranks what was noted at one of them.
  func meet() throws(TrainingError) {
    let noted = failure
    failure = nil
    try collective.agree(noted)
  }

  /// Gives everybody the numbers of rank 0: different processors round differently, and what is kept is what
  /// all go on with.
  func align(_ runs: [UnsafeMutablePointer<Float>], count: Int) {
    for run in runs {
      collective.broadcast(UnsafeMutableRawBufferPointer(start: run, count: 4 * count), from: 0)
    }
  }

  /// What it took, in a sentence; nil before the first step.
  var summary: RankSummary? {
    guard exchange.stepCount > 0, collective.size > 1 else { return nil }
    let (busy, waited) = exchange.seconds
    return RankSummary(
      rankCount: collective.size, stepCount: exchange.stepCount, byteCount: exchange.byteCount,
      bucketCount: exchange.bucketCount, earlyBucketCount: exchange.earlyBucketCount,
      busySeconds: busy, waitedSeconds: waited)
  }
}

/// What ranks spent on each other.
struct RankSummary {
  var rankCount, stepCount: Int
  /// Bytes of a step that each rank gives and gets.
  var byteCount: Int
  var bucketCount: Int
  /// Of all steps: buckets that left before the last gradient was there.
  var earlyBucketCount: Int
  /// Seconds that sums took, and those of them that were waited for.
  var busySeconds, waitedSeconds: Double

  /// The share of the sums' time that passed beside the backward pass.
  var hiddenShare: Double {
    busySeconds > 0 ? min(1, max(0, 1 - waitedSeconds / busySeconds)) : 0
  }

  /// For people.
  var sentence: String {
    func rounded(_ value: Double, _ digits: Double) -> String {
      String((value * digits).rounded() / digits)
    }
    return "\(rankCount) ranks: \(byteCount) bytes summed in \(bucketCount) pieces a step; "
      + "\(rounded(busySeconds, 1000)) s of sums in \(stepCount) steps, "
      + "\(rounded(100 * hiddenShare, 10)) % of it beside the backward pass"
  }
}
