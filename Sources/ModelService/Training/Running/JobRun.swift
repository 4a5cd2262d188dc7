internal import JSON
internal import RPC
internal import Synchronization
internal import Training
internal import TrainingCluster

/// How trainers are made; tests have their own.
typealias TrainerFactory =
  @Sendable (TrainingRequest) throws(TrainingError) -> any Trainer

/// One job on one thread, from where it is to its end. The thread has the job's lock.
final class JobRun: Sendable {
  /// What a run needs besides its job.
  struct Surroundings: Sendable {
    var registry: Registry
    var deployLimits: DeployLimits
    var limits: TrainingLimits
    /// Threads that a job may have at most.
    var threadCountMax: Int
    /// Memory that a job may take when it begins; nil: nobody knows.
    var availableMemory: @Sendable () -> AvailableMemory? = { .current() }
    var makeTrainer: TrainerFactory
  }

  private let job: JobFolder
  private let around: Surroundings
  private let isStopping = Atomic<Bool>(false)
  private let hasCheckpoint = Atomic<Bool>(false)
  /// A job says how it is this often, and looks this often whether it is to end.
  private static let reportNanoseconds: UInt64 = 500_000_000
  private static let lookNanoseconds: UInt64 = 100_000_000

  init(_ job: JobFolder, _ around: Surroundings) {
    self.job = job
    self.around = around
  }

  /// Makes the run end at its next step; the job waits for another process.
  func stop() { isStopping.store(true, ordering: .relaxed) }

  /// Computes the job. Returns how it ended, nil when it has not: the process stops, or the job was
  /// deleted.
  func run() -> JobState? {
    do {
      try job.sweep()
      var state = try job.state()
      guard !state.isEnded else { return nil }
      if job.isCancelRequested { return try end(.cancelled, "was cancelled before it began") }
      let before = state.attemptCount
      guard before < around.limits.attemptCountMax else {
        return try end(
          .failed,
          "\(before) processes ended while they computed it, perhaps because it needs more memory than "
            + "there is: make the model or its batches smaller", code: "resources")
      }
      (state.kind, state.attemptCount) = (.running, before + 1)
      try job.write(state)
      return try compute(attemptCount: before)
    } catch {
      // The job's folder cannot be written: it waits, and whoever comes next tries again.
      return nil
    }
  }

  private func compute(attemptCount: Int) throws(RepositoryError) -> JobState? {
    let order = try job.order()
    do {
      let result = try storedResult() ?? train(order)
      var state = JobState()
      (state.metrics, state.notes) = (result.metrics, result.notes)
      if order.deploys {
        state.version = try JobDeployment(
          job: job, order: order, registry: around.registry, limits: around.deployLimits
        ).deploy(result.onnx)
      }
      (state.kind, state.endedMilliseconds) = (.finished, WallClock.milliseconds)
      try job.write(state)
      job.removeInputs(order)
      return state
    } catch {
      if job.isDeleted { return nil }
      return try end(error, attemptCount: attemptCount)
    }
  }

  private func end(_ error: any Error, attemptCount: Int) throws(RepositoryError) -> JobState? {
    switch error {
    case let error as TrainingError where error.code == .cancelled:
      guard isStopping.load(ordering: .relaxed), !job.isCancelRequested else {
        return try end(.cancelled, "was cancelled; resume it to go on from its last checkpoint")
      }
      // That this process stops is not the job's fault.
      var state = JobState()
      state.attemptCount = attemptCount
      try job.write(state)
      return nil
    case let error as TrainingError:
      return try end(.failed, error.message, code: "\(error.code)")
    case let error as RepositoryError:
      let failure = TrainingError(job: error, what: "the result could not be written")
      return try end(.failed, failure.message, code: "resources")
    case let error as RPCError:
      // Room on the disk or in memory comes again; a model that cannot be served stays one.
      let isLack = error.code == .resourceExhausted || error.code == .unavailable
      return try end(
        .failed,
        "was trained, but not deployed: \(error.message)"
          + (isLack ? ". Resume it when there is room: it will not be trained again" : ""),
        code: isLack ? "resources" : "deployment")
    default:
      return try end(.failed, "ended for a reason that nobody foresaw", code: "resources")
    }
  }

  private func end(
    _ kind: JobState.Kind, _ message: String, code: String = ""
  ) throws(RepositoryError) -> JobState {
    var state = JobState()
    (state.kind, state.message, state.code) = (kind, message, code)
    state.endedMilliseconds = WallClock.milliseconds
    job.folder.removeTree(JobFolder.clusterFolder)
    try job.write(state)
    return state
  }
}

extension JobRun {
  /// What an earlier process had trained, but not deployed.
  private func storedResult() throws(RepositoryError) -> TrainedModel? {
    guard
      let text = try job.folder.read(JobFolder.resultStateFile, byteCountMax: 1 << 20),
      let onnx = try job.folder.read(
        JobFolder.resultFile, byteCountMax: Int(clamping: around.deployLimits.fileByteCountMax))
    else { return nil }
    let state = JobState(bytes: text)
    return TrainedModel(onnx: onnx, metrics: state.metrics, notes: state.notes)
  }

  private func train(_ order: JobOrder) throws -> TrainedModel {
    let log = try JobLog(job)
    let hasCheckpoint = job.folder.status(JobFolder.checkpointFile) != nil
    try log.append(.started(hasCheckpoint ? "goes on from its last checkpoint" : "begins"))
    let text =
      try job.folder.read(
        JobFolder.specificationFile, byteCountMax: around.limits.specificationByteCountMax * 2)
      ?? []
    let specification: JSONValue
    do throws(JSONError) { specification = try JSONValue(parsing: text[...]) } catch {
      throw TrainingError(.specification, "the description is no JSON: \(error)")
    }
    let training = try DataFile.open(job.path(order.trainingFile), name: order.trainingFile)
    let validation = try order.validationFile.map {
      try DataFile.open(job.path($0), name: $0)
    }
    let threads = around.threadCountMax
    var request = TrainingRequest(
      specification: specification, training: training, validation: validation,
      checkpoints: JobCheckpoints(job) { [self] in noteCheckpoint() },
      threadCount: order.threadCount == 0 ? threads : min(order.threadCount, threads))
    request.availableMemory = around.availableMemory()
    if let name = try SpecificationOptions.initialModel(of: specification) {
      request.initialModel = InitialModel(name: name, path: job.path(JobFolder.initialFile))
    }
    request.cluster = try job.cluster(
      order, specification, threadCount: request.threadCount, limits: around.limits)
    var trainer = try around.makeTrainer(request)
    for note in trainer.openingNotes { try log.append(.started(note)) }
    var pace = Pace()
    let model = try trainer.run { progress throws(TrainingError) in
      try self.report(progress, log, &pace)
    }
    try keep(model)
    return model
  }

  /// It got further: processes that die later count anew.
  private func noteCheckpoint() {
    guard !hasCheckpoint.exchange(true, ordering: .relaxed) else { return }
    var state = JobState()
    state.kind = .running
    try? job.write(state)
  }

  /// When the next report is due.
  private struct Pace {
    var look: UInt64 = 0
    var report: UInt64 = 0
  }

  private func report(
    _ progress: TrainingProgress, _ log: JobLog, _ pace: inout Pace
  ) throws(TrainingError) {
    let now = MonotonicTime.now().nanoseconds
    // First what was done: an epoch that has ended is told, whatever ends the job.
    if now >= pace.report || progress.endsEpoch {
      pace.report = now + Self.reportNanoseconds
      do {
        try log.append(.progress(progress))
        if progress.endsEpoch { try log.sync() }
      } catch {
        throw TrainingError(job: error, what: "the log could not be written")
      }
    }
    guard now >= pace.look || progress.endsEpoch else { return }
    pace.look = now + Self.lookNanoseconds
    if isStopping.load(ordering: .relaxed) || job.isCancelRequested || job.isDeleted {
      throw TrainingError(.cancelled, "was cancelled")
    }
  }

  /// Writes the result, so that a process that dies from here on need not train again.
  private func keep(_ model: TrainedModel) throws(RepositoryError) {
    var state = JobState()
    (state.metrics, state.notes) = (model.metrics, model.notes)
    try job.replace(JobFolder.resultFile, model.onnx)
    try job.replace(JobFolder.resultStateFile, state.bytes)
  }
}
