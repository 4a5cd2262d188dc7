internal import Compute
internal import JSON
internal import ModelFormats

/// Trains a network by gradients of its loss on one batch after the other: it knows epochs, validation,
/// early stopping and checkpoints; its ``StepEngine`` computes the steps.
final class NetworkTrainer: Trainer {
  private let specification: TrainingSpecification
  private let steps: NetworkSteps
  private let engine: any StepEngine
  /// Nil for who trains alone.
  private let ranks: RankSteps?
  private let validationReader: BatchReader?
  private let exampleCount: Int
  /// Examples to judge by, by number.
  private let validation: Range<Int>
  private let checkpoints: (any CheckpointStore)?
  private var state: NetworkCheckpoint
  private var clock = TrainingClock()
  private(set) var openingNotes: [String] = []
  /// All parameters as they are.
  var memory: ParameterMemory { steps.memory }

  init(_ request: TrainingRequest) throws(TrainingError) {
    specification = try TrainingSpecification(request.specification)
    let fit = specification.fit
    let distribution = specification.distribution
    guard distribution.workers == 0 || request.cluster != nil else {
      throw TrainingError(
        .specification,
        "distribute: workers and parameter servers are started by the service, not here; leave it out, and let "
          + "mpirun start the ranks (docs/training.md)")
    }
    let measures = specification.measureNames
    if let monitor = fit.stopping?.monitor,
      !measures.contains(monitor), !measures.contains(where: { monitor == "val_\($0)" })
    {
      throw TrainingError(
        .specification,
        "EarlyStopping: monitor must be one of \(measures.joined(separator: ", ")), or one of these behind val_, got "
          + "'\(monitor)'")
    }
    steps = try NetworkSteps(
      specification, request.training, threadCount: request.threadCount,
      memory: request.availableMemory,
      holders: WeightHolders(
        savesCheckpoints: request.checkpoints != nil, hasRanks: request.collective?.size ?? 1 > 1,
        workers: distribution.startsElsewhere ? 0 : distribution.workers))
    (exampleCount, validation, validationReader) = try Self.split(request, fit, steps)
    checkpoints = request.checkpoints
    state = NetworkCheckpoint(digest: specification.digest)
    let saved = try request.checkpoints?.load()
    if saved == nil {
      // Before other processes are started for it.
      steps.memory.initialize(seed: specification.seed)
      openingNotes = try Self.take(request.initialModel, steps)
    }
    let batches = try BatchSequence(specification, steps.reader, exampleCount: exampleCount)
    let batch = min(fit.batchSize, exampleCount)
    if distribution.workers > 0, let start = request.cluster {
      ranks = nil
      var plan = ClusterPlan(
        workers: distribution.workers, servers: distribution.servers, exampleCount: exampleCount)
      plan.startsElsewhere = distribution.startsElsewhere
      engine = try ClusterEngine(steps, exampleCount: exampleCount, control: try start(plan))
    } else if let collective = request.collective, collective.size > 1 {
      // What cannot be computed is said before anybody waits.
      let runner = try steps.stepper(max(1, collective.part(of: batch).count))
      ranks = RankSteps(
        collective, steps.memory, runner, metricCount: specification.metrics.count)
      engine = LocalEngine(steps, batches, ranks)
    } else {
      ranks = nil
      try steps.prepare(exampleCount: exampleCount, validationCount: validation.count)
      engine = LocalEngine(steps, batches, nil)
    }
    if let saved { try restore(saved) }
    if let stopping = fit.stopping, stopping.monitor.hasPrefix("val_"), validation.isEmpty {
      throw TrainingError(
        .specification,
        "EarlyStopping monitors \(stopping.monitor), but there are no validation data")
    }
  }

  /// How many examples are learned from, and which are judged by.
  private static func split(
    _ request: TrainingRequest, _ fit: FitOptions, _ steps: NetworkSteps
  ) throws(TrainingError) -> (Int, Range<Int>, BatchReader?) {
    guard let given = request.validation else {
      // As Keras does: the last examples, before any shuffling.
      let kept = fit.exampleCount(of: request.training.count)
      guard kept > 0 else {
        throw TrainingError(
          .data,
          "validation_split \(fit.validationSplit) leaves no example of \(request.training.count)")
      }
      let validation = kept..<request.training.count
      return (kept, validation, validation.isEmpty ? nil : steps.reader)
    }
    guard given.count > 0 else {
      throw TrainingError(.data, "the validation data hold no examples; expected at least one")
    }
    let other = try BatchReader.network(steps.specification, given)
    guard other.inputs.map(\.shape) == steps.network.inputs.map(\.shape) else {
      throw TrainingError(
        .data,
        "validation examples must have shape \(steps.network.inputs.map(\.shape)), got "
          + "\(other.inputs.map(\.shape))")
    }
    return (
      request.training.count, 0..<given.count, try BatchReader(given, steps.network)
    )
  }

  /// Values of the last checkpoint.
  private func restore(_ bytes: [UInt8]) throws(TrainingError) {
    state = try NetworkCheckpoint(bytes)
    guard state.digest == specification.digest, state.parameters.count == memory.count,
      state.slots.count == engine.slots.count
    else {
      throw TrainingError(
        .specification, "the checkpoint is of another description; delete it to begin anew")
    }
    memory.base.update(from: state.parameters, count: memory.count)
    for (slot, saved) in zip(engine.slots, state.slots) {
      slot.update(from: saved, count: memory.count)
    }
  }

  /// Takes weights of the model that the description begins with, if there is one, and says which.
  private static func take(
    _ initial: InitialModel?, _ steps: NetworkSteps
  ) throws(TrainingError) -> [String] {
    let fit = steps.specification.fit
    guard let name = fit.initialModel else { return [] }
    guard let initial else {
      throw TrainingError(.specification, "fit: there is no initial_model '\(name)' here")
    }
    return [
      try InitialWeights(
        name: initial.name, stored: initial.weights(), skipsMismatch: fit.skipsMismatch
      ).fill(steps.memory)
    ]
  }

  // MARK: - Epochs

  func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    defer { engine.finish() }
    var notes: [String] = []
    while state.epoch < specification.fit.epochs {
      try runEpoch(report)
      if hasStopped() {
        notes.append(
          "stopped after epoch \(state.epoch) of \(specification.fit.epochs): "
            + "\(specification.fit.stopping?.monitor ?? "") got no better")
        break
      }
    }
    if specification.fit.stopping?.restoresBest == true, !state.bestParameters.isEmpty {
      memory.base.update(from: state.bestParameters, count: memory.count)
    }
    if let summary = rankSummary?.sentence ?? (engine as? ClusterEngine)?.summary {
      notes.append(summary)
    }
    let graph = try exported()
    do {
      return TrainedModel(onnx: try ONNX.write(graph), metrics: state.metrics, notes: notes)
    } catch {
      throw TrainingError(.resources, "the model cannot be written: \(error)")
    }
  }

  /// The network as it is now, as others run it.
  func exported() throws(TrainingError) -> Graph { try steps.network.exported(memory) }

  /// The loss of the first batch in the order of the data, and its gradient by every trained parameter.
  func gradientsOfFirstBatch() throws(TrainingError) -> (Double, [String: [Float]]) {
    let runner = try steps.read(Array(0..<min(specification.fit.batchSize, exampleCount)))
    var result = (0.0, [String: [Float]]())
    try runner.run(step: 0) { loss, _, gradients in
      result.0 = loss
      for (gradient, index) in zip(gradients, runner.trained) {
        let parameter = memory.parameters[index]
        result.1[parameter.name] = Array(
          UnsafeBufferPointer(start: gradient, count: parameter.count))
      }
    }
    return result
  }

  /// Seconds that each kind of operator takes of a step on the first batch, the slowest first.
  func profile(count: Int) throws(TrainingError) -> [(name: String, seconds: Double)] {
    let runner = try steps.read(Array(0..<min(specification.fit.batchSize, exampleCount)))
    try runner.run(step: 0) { _, _, _ in }
    let times = try runner.profile(count: count) { Int(TrainingClock.now * 1e9) }
    var sums: [String: Double] = [:]
    for time in times {
      let name = "\(time.operatorName) \(time.nodeName)"
      sums[name, default: 0] += Double(time.nanoseconds) / 1e9 / Double(count)
    }
    return sums.map { ($0.key, $0.value) }.sorted { $0.1 > $1.1 }
  }

  /// What ranks have spent on each other so far; nil for who trains alone.
  var rankSummary: RankSummary? { ranks?.summary }

  private func hasStopped() -> Bool {
    guard let stopping = specification.fit.stopping else { return false }
    return state.wait > 0 && state.wait >= max(1, stopping.patience)
  }

  private func runEpoch(
    _ report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) {
    let fit = specification.fit
    let stepCount = (exampleCount + fit.batchSize - 1) / fit.batchSize
    if state.sums.isEmpty {
      state.sums = [Double](repeating: 0, count: 1 + specification.measureNames.count)
    }
    clock.beginEpoch(step: state.step)
    while state.step < stepCount {
      let next = fit.checkpointSteps.map { (state.step / $0 + 1) * $0 } ?? stepCount
      try engine.advance(&state, to: min(next, stepCount)) { state, count throws(TrainingError) in
        clock.count(examples: count, until: state.step)
        if clock.isDue, state.step < stepCount {
          try report(progress(state, stepCount, endsEpoch: false))
        }
      }
      if state.step < stepCount { try together { () throws(TrainingError) in try save() } }
    }
    var metrics = means(state)
    if let validationReader {
      metrics += try steps.evaluate(validationReader, validation, ranks) {
        () throws(TrainingError) in
        // Who asked for the end of the training need not wait for all of the validation data.
        if clock.isDue { try report(progress(state, stepCount, endsEpoch: false)) }
      }.map { Metric("val_" + $0.name, $0.value) }
    }
    state.metrics = metrics
    follow(metrics)
    state.epoch += 1
    var told = progress(state, stepCount, endsEpoch: true)
    told.epoch = state.epoch
    told.metrics = metrics
    state.step = 0
    state.sums = []
    try together { () throws(TrainingError) in
      try save()
      try report(told)
    }
  }

  /// Does what may fail at one rank, and ends them all if it did. What is kept is rank 0's.
  private func together(_ body: () throws(TrainingError) -> Void) throws(TrainingError) {
    guard let ranks else { return try body() }
    ranks.align([memory.base] + engine.slots, count: memory.count)
    do throws(TrainingError) { try body() } catch { ranks.note(error) }
    try ranks.meet()
  }

  private func means(_ state: NetworkCheckpoint) -> [Metric] {
    specification.measureNames.enumerated().map {
      Metric($1, state.sums[1 + $0] / max(1, state.sums[0]))
    }
  }

  private func progress(
    _ state: NetworkCheckpoint, _ stepCount: Int, endsEpoch: Bool
  ) -> TrainingProgress {
    let left = stepCount - state.step + (specification.fit.epochs - state.epoch - 1) * stepCount
    return TrainingProgress(
      epoch: state.epoch + 1, epochCount: specification.fit.epochs, step: state.step,
      stepCount: stepCount, metrics: means(state), examplesPerSecond: clock.examplesPerSecond,
      secondsLeft: clock.seconds(forSteps: max(0, left)), endsEpoch: endsEpoch)
  }

  /// Whether this epoch was the best so far.
  private func follow(_ metrics: [Metric]) {
    guard let stopping = specification.fit.stopping,
      let value = metrics.first(where: { $0.name == stopping.monitor })?.value
    else { return }
    let gain = (value - state.best) * stopping.sign
    // What is no number is no improvement.
    guard !value.isNaN, state.best.isNaN || gain > stopping.minimumChange else {
      state.wait += 1
      return
    }
    (state.best, state.wait) = (value, 0)
    if stopping.restoresBest {
      state.bestParameters = Array(UnsafeBufferPointer(start: memory.base, count: memory.count))
    }
  }

  private func save() throws(TrainingError) {
    guard let checkpoints else { return }
    state.parameters = Array(UnsafeBufferPointer(start: memory.base, count: memory.count))
    state.slots = engine.slots.map { Array(UnsafeBufferPointer(start: $0, count: memory.count)) }
    try checkpoints.save(state.encoded())
  }
}
