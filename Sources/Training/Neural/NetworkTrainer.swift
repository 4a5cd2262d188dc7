internal import Compute
internal import Glibc
internal import JSON
internal import ModelFormats

/// Trains a network by gradients of its loss on one batch after the other.
final class NetworkTrainer: Trainer {
  private let specification: TrainingSpecification
  private let network: Network
  private let reader: BatchReader
  private let validationReader: BatchReader?
  private let exampleCount: Int
  /// Examples to judge by, by number.
  private let validation: Range<Int>
  private let checkpoints: (any CheckpointStore)?
  private let threadCount: Int
  let memory: ParameterMemory
  private let slots: [UnsafeMutablePointer<Float>]
  private let classCount: Int?
  private var steppers: [Int: StepRunner] = [:]
  private var evaluators: [Int: StepRunner] = [:]
  private var state: NetworkCheckpoint
  private var clock = TrainingClock()

  init(_ request: TrainingRequest) throws(TrainingError) {
    specification = try TrainingSpecification(request.specification)
    let fit = specification.fit
    guard request.training.count > 0 else {
      throw TrainingError(.data, "the data hold no examples; expected at least one")
    }
    network = try BatchReader.network(specification, request.training)
    reader = try BatchReader(request.training, network)
    if let given = request.validation {
      guard given.count > 0 else {
        throw TrainingError(.data, "the validation data hold no examples; expected at least one")
      }
      let other = try BatchReader.network(specification, given)
      guard other.inputs.map(\.shape) == network.inputs.map(\.shape) else {
        throw TrainingError(
          .data,
          "validation examples must have shape \(network.inputs.map(\.shape)), got "
            + "\(other.inputs.map(\.shape))")
      }
      validationReader = try BatchReader(given, network)
      exampleCount = request.training.count
      validation = 0..<given.count
    } else {
      // As Keras does: the last examples, before any shuffling.
      let kept = Int(Double(request.training.count) * (1 - fit.validationSplit))
      guard kept > 0 else {
        throw TrainingError(
          .data,
          "validation_split \(fit.validationSplit) leaves no example of \(request.training.count)")
      }
      exampleCount = kept
      validation = kept..<request.training.count
      validationReader = validation.isEmpty ? nil : reader
    }
    checkpoints = request.checkpoints
    threadCount = request.threadCount
    let (builder, output) = try network.build(.training(batch: min(fit.batchSize, exampleCount)))
    classCount = specification.loss.hasClassTargets ? output.shape.last : nil
    guard !builder.parameters.isEmpty else {
      throw TrainingError(.specification, "the network has nothing to learn: no layer has weights")
    }
    memory = ParameterMemory(builder.parameters)
    let count = memory.count
    slots = (0..<specification.optimizer.slotCount).map { _ in ParameterMemory.allocate(count) }
    state = NetworkCheckpoint(digest: specification.digest)
    try begin()
    // What cannot be computed is said before anybody waits.
    _ = try stepper(min(fit.batchSize, exampleCount))
    if let stopping = fit.stopping, stopping.monitor.hasPrefix("val_"), validation.isEmpty {
      throw TrainingError(
        .specification,
        "EarlyStopping monitors \(stopping.monitor), but there are no validation data")
    }
  }

  deinit { for slot in slots { slot.deallocate() } }

  /// First values, or those of the last checkpoint.
  private func begin() throws(TrainingError) {
    if let bytes = try checkpoints?.load() {
      state = try NetworkCheckpoint(bytes)
      guard state.digest == specification.digest, state.parameters.count == memory.count,
        state.slots.count == slots.count
      else {
        throw TrainingError(
          .specification, "the checkpoint is of another description; delete it to begin anew")
      }
      memory.base.update(from: state.parameters, count: memory.count)
      for (slot, saved) in zip(slots, state.slots) { slot.update(from: saved, count: memory.count) }
      return
    }
    memory.initialize(seed: specification.seed)
    for slot in slots {
      slot.update(repeating: specification.optimizer.slotStart, count: memory.count)
    }
  }

  private func stepper(_ batch: Int) throws(TrainingError) -> StepRunner {
    if let known = steppers[batch] { return known }
    let program = try network.program(.training(batch: batch), threadCount: threadCount)
    let made = StepRunner(program, network, memory, batch: batch)
    steppers[batch] = made
    return made
  }

  private func evaluator(_ batch: Int) throws(TrainingError) -> StepRunner {
    if let known = evaluators[batch] { return known }
    let program = try network.program(.evaluation(batch: batch), threadCount: threadCount)
    let made = StepRunner(program, network, memory, batch: batch)
    evaluators[batch] = made
    return made
  }

  // MARK: - Epochs

  func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
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
    let graph = try exported()
    do {
      return TrainedModel(onnx: try ONNX.write(graph), metrics: state.metrics, notes: notes)
    } catch {
      throw TrainingError(.resources, "the model cannot be written: \(error)")
    }
  }

  /// The network as it is now, as others run it.
  func exported() throws(TrainingError) -> Graph { try network.exported(memory) }

  /// The loss of the first batch in the order of the data, and its gradient by every trained parameter.
  func gradientsOfFirstBatch() throws(TrainingError) -> (Double, [String: [Float]]) {
    let runner = try stepper(min(specification.fit.batchSize, exampleCount))
    try Array(0..<runner.batch).withUnsafeBufferPointer { rows throws(TrainingError) in
      try runner.read(rows, reader, classCount: classCount)
    }
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
    let runner = try stepper(min(specification.fit.batchSize, exampleCount))
    try Array(0..<runner.batch).withUnsafeBufferPointer { rows throws(TrainingError) in
      try runner.read(rows, reader, classCount: classCount)
    }
    try runner.run(step: 0) { _, _, _ in }
    let times = try runner.profile(count: count) { Int(TrainingClock.now * 1e9) }
    var sums: [String: Double] = [:]
    for time in times {
      let name = "\(time.operatorName) \(time.nodeName)"
      sums[name, default: 0] += Double(time.nanoseconds) / 1e9 / Double(count)
    }
    return sums.map { ($0.key, $0.value) }.sorted { $0.1 > $1.1 }
  }

  private func hasStopped() -> Bool {
    guard let stopping = specification.fit.stopping else { return false }
    return state.wait > 0 && state.wait >= max(1, stopping.patience)
  }

  private func runEpoch(
    _ report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) {
    let fit = specification.fit
    let order = BatchOrder(count: exampleCount, seed: fit.shuffles ? specification.seed : nil)
    var batches = order.batches(of: fit.batchSize, epoch: state.epoch)
    // What was done before the last checkpoint.
    for _ in 0..<state.step { _ = batches.next() }
    let stepCount = (exampleCount + fit.batchSize - 1) / fit.batchSize
    if state.sums.isEmpty {
      state.sums = [Double](repeating: 0, count: 2 + specification.metrics.count)
    }
    clock.beginEpoch(step: state.step)
    while let batch = batches.next() {
      let count = batch.count
      try step(batch)
      state.step += 1
      state.total += 1
      clock.count(examples: count)
      if clock.isDue, state.step < stepCount { try report(progress(stepCount, endsEpoch: false)) }
      if let every = fit.checkpointSteps, state.step % every == 0, state.step < stepCount {
        try save()
      }
    }
    var metrics = means()
    if let validationReader {
      metrics += try evaluate(validationReader, validation, stepCount, report).map {
        Metric("val_" + $0.name, $0.value)
      }
    }
    state.metrics = metrics
    follow(metrics)
    state.epoch += 1
    var told = progress(stepCount, endsEpoch: true)
    told.epoch = state.epoch
    told.metrics = metrics
    state.step = 0
    state.sums = []
    try save()
    try report(told)
  }

  private func step(_ rows: [Int]) throws(TrainingError) {
    let count = rows.count
    let runner = try stepper(count)
    try rows.withUnsafeBufferPointer { rows throws(TrainingError) in
      try runner.read(rows, reader, classCount: classCount)
    }
    var isFinite = true
    try runner.run(step: state.total) { loss, metrics, gradients in
      isFinite = loss.isFinite
      guard isFinite else { return }
      state.sums[0] += Double(count)
      state.sums[1] += loss * Double(count)
      for (index, value) in metrics.enumerated() { state.sums[2 + index] += value * Double(count) }
      apply(gradients, of: runner.trained)
    }
    guard isFinite else {
      throw TrainingError(
        .diverged,
        "the loss became no number in step \(state.step + 1) of epoch \(state.epoch + 1); use a lower "
          + "learning_rate or clipnorm, and check the data for values that are not finite")
    }
  }

  private func apply(_ gradients: [UnsafePointer<Float>], of trained: [Int]) {
    let optimizer = specification.optimizer
    // The gradients lie in the plan's own memory, which is computed anew in every step.
    let own = gradients.map { UnsafeMutablePointer(mutating: $0) }
    optimizer.clip(own, counts: trained.map { memory.parameters[$0].count })
    for (gradient, index) in zip(own, trained) {
      let offset = memory.offsets[index]
      optimizer.update(
        memory.base + offset, gradient, count: memory.parameters[index].count,
        slots: slots.map { $0 + offset }, step: state.total, decays: true)
    }
  }

  private func means() -> [Metric] {
    let names = ["loss"] + specification.metrics.map(\.name)
    return names.enumerated().map { Metric($1, state.sums[1 + $0] / max(1, state.sums[0])) }
  }

  private func progress(_ stepCount: Int, endsEpoch: Bool) -> TrainingProgress {
    let left = stepCount - state.step + (specification.fit.epochs - state.epoch - 1) * stepCount
    return TrainingProgress(
      epoch: state.epoch + 1, epochCount: specification.fit.epochs, step: state.step,
      stepCount: stepCount, metrics: means(), examplesPerSecond: clock.examplesPerSecond,
      secondsLeft: clock.seconds(forSteps: max(0, left)), endsEpoch: endsEpoch)
  }

  /// Loss and metrics without learning.
  private func evaluate(
    _ reader: BatchReader, _ examples: Range<Int>, _ stepCount: Int,
    _ report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> [Metric] {
    let rows = Array(examples)
    var sums = [Double](repeating: 0, count: 1 + specification.metrics.count)
    var first = 0
    while first < rows.count {
      let count = min(specification.fit.batchSize, rows.count - first)
      let runner = try evaluator(count)
      try rows.withUnsafeBufferPointer { rows throws(TrainingError) in
        try runner.read(
          UnsafeBufferPointer(rebasing: rows[first..<(first + count)]), reader,
          classCount: classCount)
      }
      try runner.run(step: 0) { loss, metrics, _ in
        for (index, value) in ([loss] + metrics).enumerated() {
          sums[index] += value * Double(count)
        }
      }
      first += count
      // Who asked for the end of the training need not wait for all of the validation data.
      if clock.isDue { try report(progress(stepCount, endsEpoch: false)) }
    }
    let names = ["loss"] + specification.metrics.map(\.name)
    return zip(names, sums).map { Metric($0, $1 / Double(rows.count)) }
  }

  /// Whether this epoch was the best so far.
  private func follow(_ metrics: [Metric]) {
    guard let stopping = specification.fit.stopping,
      let value = metrics.first(where: { $0.name == stopping.monitor })?.value
    else { return }
    let gain = (value - state.best) * stopping.sign
    guard state.best.isNaN || gain > stopping.minimumChange else {
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
    state.slots = slots.map { Array(UnsafeBufferPointer(start: $0, count: memory.count)) }
    try checkpoints.save(state.encoded())
  }
}

/// How fast it goes.
private struct TrainingClock {
  private var epochStart = 0.0
  private var reported = 0.0
  private var steps = 0
  private var examples = 0

  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  mutating func beginEpoch(step: Int) {
    epochStart = Self.now
    reported = epochStart
    (steps, examples) = (0, 0)
  }

  mutating func count(examples count: Int) {
    steps += 1
    examples += count
  }

  /// Whether a report is due: twice a second.
  var isDue: Bool {
    mutating get {
      let now = Self.now
      if now - reported < 0.4 { return false }
      reported = now
      return true
    }
  }

  private var elapsed: Double { max(1e-9, Self.now - epochStart) }
  var examplesPerSecond: Double { Double(examples) / elapsed }
  func seconds(forSteps count: Int) -> Double { elapsed / Double(max(1, steps)) * Double(count) }
}
