internal import Compute
internal import Glibc
internal import JSON

/// `SGDRegressor`: passes over data that need not fit in memory, one block of examples at a time. Blocks
/// are shuffled, and examples within them.
struct SGDRegressorTrainer: Trainer {
  private enum Rate: String { case constant, invscaling, adaptive }

  /// What goes on from one pass to the next.
  private struct State: Equatable {
    var weights: LinearModelWeights
    /// Updates made, from 1.
    var time = 1.0
    /// The mean loss of answering 0.
    var firstLoss = 0.0
    var rate: Double
    var passCount = 0
    var bestLoss = Double.infinity
    var stagnantCount = 0
    var isDone = false
  }

  /// Bytes of a block's features: they stay in the caches while their order is shuffled.
  private static let blockByteCount = 1 << 20

  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let fingerprint: [UInt8]
  private let isHuber: Bool
  private let epsilon: Double
  private let penalty: Double
  private let fitsIntercept: Bool
  private let passCountMax: Int
  private let tolerance: Double?
  private let patience: Int
  private let shuffles: Bool
  private let schedule: Rate
  private let firstRate: Double
  private let power: Double
  private let seed: UInt64

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification
  ) throws(TrainingError) {
    self.request = request
    name = specification.className
    var config = try Parameters(specification.config, owner: name)
    isHuber =
      try config.choice("loss", default: "squared_error", among: ["squared_error", "huber"])
      == "huber"
    epsilon = try config.number("epsilon", default: 0.1, from: 0)
    let hasPenalty = !config.isNull("penalty")
    _ = try config.choice("penalty", default: "l2", among: ["l2"])
    let alpha = try config.number("alpha", default: 1e-4, from: 0)
    penalty = hasPenalty ? alpha : 0
    fitsIntercept = try config.bool("fit_intercept", default: true)
    passCountMax = try config.integer("max_iter", default: 1000, in: 1...Int(Int32.max))
    let tol = try config.number("tol", default: 1e-3, from: 0)
    tolerance = config.isNull("tol") ? nil : tol
    patience = try config.integer("n_iter_no_change", default: 5, in: 1...Int(Int32.max))
    shuffles = try config.bool("shuffle", default: true)
    schedule =
      Rate(
        rawValue: try config.choice(
          "learning_rate", default: "invscaling", among: ["constant", "invscaling", "adaptive"]))
      ?? .invscaling
    firstRate = try config.number("eta0", default: 0.01, from: 0, above: true)
    power = try config.number("power_t", default: 0.25)
    seed = UInt64(try config.integer("random_state", default: 0, in: 0...Int.max))
    try config.only("early_stopping", .bool(false))
    try config.only("average", .bool(false))
    config.ignored("validation_fraction", "verbose", "warm_start", "l1_ratio")
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    fingerprint = specification.fingerprint + Array("\(try columns.digest())".utf8)
    try columns.requireNumbers(name)
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    var keeper = CheckpointKeeper(request.checkpoints)
    var state = try resume(keeper.load()) ?? start()
    var clock = ProgressClock(roundCount: passCountMax, exampleCount: columns.count)
    clock.resumedRounds = state.passCount
    var loss = state.bestLoss
    while state.passCount < passCountMax, !state.isDone {
      loss = try pass(&state, &clock, report) / Double(columns.count * columns.targetCount)
      let current = state
      try keeper.report(
        clock.report(round: state.passCount, metrics: [Metric("loss", loss)]), report
      ) { checkpoint(current) }
    }
    // Updates are bounded, so weights that swing ever higher stay finite.
    guard loss <= 100 * state.firstLoss || loss < 1e-12 else { throw diverged(state.passCount) }
    var notes: [String] = []
    if !state.isDone && tolerance != nil {
      notes.append("stopped at max_iter (\(passCountMax)) before it converged")
    }
    return TrainedModel(
      onnx: try ClassicalGraph(columns, name: name).linearRegressor(state.weights),
      metrics: [Metric("loss", loss), Metric("n_iter", Double(state.passCount))], notes: notes)
  }

  private func start() -> State {
    let line = [Double](repeating: 0, count: columns.features.count)
    return State(
      weights: LinearModelWeights(
        coefficients: [[Double]](repeating: line, count: columns.targetCount),
        intercepts: [Double](repeating: 0, count: columns.targetCount)), rate: firstRate)
  }

  /// One pass; returns the sum of the losses that the examples had when they came.
  private func pass(
    _ state: inout State, _ clock: inout ProgressClock,
    _ report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> Double {
    let (count, features, targets) = (columns.count, columns.features.count, columns.targetCount)
    let blockRows = max(1, min(count, Self.blockByteCount / (8 * features)))
    let blocks = (count + blockRows - 1) / blockRows
    var random = RepeatableRandom(seed, UInt64(bitPattern: Int64(state.passCount)))
    var order = Array(0..<blocks)
    if shuffles { random.shuffle(&order) }
    let x = Memory<Double>(uninitialized: blockRows * features)
    let y = Memory<Double>(uninitialized: blockRows * targets)
    let lines = state.weights.coefficients.map { Memory($0) }
    var total = 0.0
    for block in order {
      let rows = block * blockRows..<min(count, (block + 1) * blockRows)
      try NumberReading.rows(columns.featureColumns, of: columns.source, rows, into: x.base)
      try NumberReading.rows(columns.targetColumns, of: columns.source, rows, into: y.base)
      var places = Array(rows.indices.map { $0 - rows.lowerBound })
      if shuffles { random.shuffle(&places) }
      if state.passCount == 0 {
        for index in 0..<rows.count * targets {
          state.firstLoss += 0.5 * y.base[index] * y.base[index] / Double(count * targets)
        }
      }
      for place in places {
        let rate = rate(state)
        state.time += 1
        for target in 0..<targets {
          total += step(
            &state, target, lines[target], x.base + place * features,
            y.base[place * targets + target], rate)
        }
      }
      guard total.isFinite else {
        try refuse(x, y, rows)
        throw diverged(state.passCount + 1)
      }
      if clock.isDue { try report(clock.report(round: state.passCount, endsRound: false)) }
    }
    state.weights.coefficients = lines.map(\.elements)
    state.passCount += 1
    judge(&state, total)
    return total
  }

  private func diverged(_ pass: Int) -> TrainingError {
    TrainingError(
      .diverged,
      "\(name): the loss grew instead of falling until pass \(pass); scale the features to about 1, or "
        + "take a smaller eta0 than \(firstRate)")
  }

  /// One update of one output; returns the loss before it.
  @inline(__always)
  private func step(
    _ state: inout State, _ target: Int, _ line: Memory<Double>, _ x: UnsafePointer<Double>,
    _ y: Double, _ rate: Double
  ) -> Double {
    let features = columns.features.count
    let error =
      Vectors.dot(line.base, x, features) + state.weights.intercepts[target] - y
    var (slope, loss) = (error, 0.5 * error * error)
    if isHuber && error.magnitude > epsilon {
      slope = error > 0 ? epsilon : -epsilon
      loss = epsilon * error.magnitude - 0.5 * epsilon * epsilon
    }
    let change = min(max(-rate * slope, -1e12), 1e12)
    if penalty > 0 { Vectors.scale(line.base, by: max(0, 1 - rate * penalty), features) }
    Vectors.add(change, x, to: line.base, features)
    if fitsIntercept { state.weights.intercepts[target] += change }
    return loss
  }

  private func rate(_ state: State) -> Double {
    schedule == .invscaling ? firstRate / pow(state.time, power) : state.rate
  }

  /// Whether the loss still falls, by scikit-learn's rule.
  private func judge(_ state: inout State, _ loss: Double) {
    guard let tolerance else { return }
    state.stagnantCount =
      loss > state.bestLoss - tolerance * Double(columns.count) ? state.stagnantCount + 1 : 0
    state.bestLoss = min(state.bestLoss, loss)
    guard state.stagnantCount >= patience else { return }
    if schedule == .adaptive && state.rate > 1e-6 {
      state.rate /= 5
      state.stagnantCount = 0
    } else {
      state.isDone = true
    }
  }

  /// Says which number of a block is not finite, if one is.
  private func refuse(
    _ x: Memory<Double>, _ y: Memory<Double>, _ rows: Range<Int>
  ) throws(TrainingError) {
    let features = columns.features.count
    for index in 0..<rows.count * features where !x.base[index].isFinite {
      throw TrainingError(
        .data,
        "expected finite numbers, got \(x.base[index]) as feature "
          + "'\(columns.features[index % features].name)' of example "
          + "\(rows.lowerBound + index / features); fill in or leave out such examples")
    }
    for index in 0..<rows.count * columns.targetCount where !y.base[index].isFinite {
      throw TrainingError(
        .data,
        "expected finite numbers, got \(y.base[index]) as the target of example "
          + "\(rows.lowerBound + index / columns.targetCount)")
    }
  }

  private func checkpoint(_ state: State) -> [UInt8] {
    var writer = CheckpointWriter(fingerprint: fingerprint)
    writer.append(columns.count)
    for line in state.weights.coefficients { writer.append(line) }
    writer.append(state.weights.intercepts)
    for value in [state.time, state.firstLoss, state.rate, state.bestLoss] { writer.append(value) }
    for value in [state.passCount, state.stagnantCount, state.isDone ? 1 : 0] {
      writer.append(value)
    }
    return writer.bytes
  }

  private func resume(_ bytes: [UInt8]?) throws(TrainingError) -> State? {
    guard let bytes, var reader = try CheckpointReader(bytes, fingerprint: fingerprint),
      try reader.word() == UInt64(columns.count)
    else { return nil }
    var state = start()
    for target in 0..<columns.targetCount {
      state.weights.coefficients[target] = try reader.numbers()
      guard state.weights.coefficients[target].count == columns.features.count else {
        throw CheckpointReader.damaged
      }
    }
    state.weights.intercepts = try reader.numbers()
    guard state.weights.intercepts.count == columns.targetCount else {
      throw CheckpointReader.damaged
    }
    state.time = try reader.number()
    state.firstLoss = try reader.number()
    state.rate = try reader.number()
    state.bestLoss = try reader.number()
    state.passCount = try reader.integer(in: 0...Int(Int32.max))
    state.stagnantCount = try reader.integer(in: 0...Int(Int32.max))
    state.isDone = try reader.integer(in: 0...1) == 1
    return state
  }
}
