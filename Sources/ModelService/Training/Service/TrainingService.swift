internal import Protocols
internal import RPC

/// `martlet.v1.Training` without a socket. Every call may wait for the disk, but for ``watch``.
final class TrainingService: Sendable {
  private let store: JobStore
  private let registry: Registry

  /// What one message of a fetched model holds.
  static let partByteCount = 1 << 20

  /// `registry` has the models that a training may begin with.
  init(store: JobStore, registry: Registry) {
    (self.store, self.registry) = (store, registry)
  }

  /// Begins to receive a job.
  func create(
    _ first: MartletV1.CreateTrainingRequest, caller: Caller
  ) throws -> TrainingUpload {
    try TrainingUpload(first, caller: caller, store: store, registry: registry)
  }

  /// A job as its owner sees it.
  func describe(_ job: JobFolder) throws -> MartletV1.TrainingJob {
    do {
      return MartletV1.TrainingJob(
        job.key, try job.order(), try job.state(), isHeld: job.isHeld,
        isCancelRequested: job.isCancelRequested, byteCount: job.byteCount)
    } catch {
      throw error.code == .notFound ? Self.unknown(job.key.id) : error.status
    }
  }

  /// One job.
  func get(
    _ request: MartletV1.GetTrainingRequest, caller: Caller
  ) throws -> MartletV1.GetTrainingResponse {
    var response = MartletV1.GetTrainingResponse()
    response.job = try describe(try find(request.id, caller))
    return response
  }

  /// The tenant's jobs whose models the key may touch, the newest first.
  func list(caller: Caller) throws -> MartletV1.ListTrainingsResponse {
    try caller.require(.deploy)
    let jobs: [JobFolder]
    do { jobs = try store.jobs(of: caller.tenant) } catch { throw error.status }
    var response = MartletV1.ListTrainingsResponse()
    response.jobs = jobs.compactMap { try? describe($0) }.filter { caller.maySee($0.model) }
      .sorted { ($1.createdMs, $1.id) < ($0.createdMs, $0.id) }
    return response
  }

  /// Asks for a job's end. One that nobody computes ends here and now.
  func cancel(
    _ request: MartletV1.CancelTrainingRequest, caller: Caller
  ) throws -> MartletV1.CancelTrainingResponse {
    let job = try find(request.id, caller)
    do {
      if try !job.state().isEnded {
        try job.requestCancel()
        if try job.lockDespiteLooks() {
          defer { job.unlock() }
          var state = try job.state()
          if !state.isEnded {
            (state.kind, state.endedMilliseconds) = (.cancelled, WallClock.milliseconds)
            state.message = "was cancelled; resume it to go on from its last checkpoint"
            try job.write(state)
          }
        }
      }
    } catch { throw error.status }
    var response = MartletV1.CancelTrainingResponse()
    response.job = try describe(job)
    return response
  }

  /// Lets a job go on that failed or was cancelled.
  func resume(
    _ request: MartletV1.ResumeTrainingRequest, caller: Caller
  ) throws -> MartletV1.ResumeTrainingResponse {
    let job = try find(request.id, caller)
    do {
      let state = try job.state()
      guard state.kind != .finished else {
        throw RPCError(
          code: .failedPrecondition,
          message: "expected a training that failed or was cancelled, got one that is finished")
      }
      // Whoever still computes it is about to end it: its end counts, and a later call resumes it.
      guard state.isEnded || job.isCancelRequested else { return try answer(job) }
      guard try job.lockDespiteLooks() else {
        throw RPCError.unavailable("training '\(job.key.id)' is ending: try again in a moment")
      }
      defer { job.unlock() }
      try store.checkQuota(caller.tenant, adding: 0, countsNewJob: false)
      try job.reopen()
    } catch let error as RepositoryError {
      throw error.status
    }
    store.shared.increment()
    return try answer(job)
  }

  private func answer(_ job: JobFolder) throws -> MartletV1.ResumeTrainingResponse {
    var response = MartletV1.ResumeTrainingResponse()
    response.job = try describe(job)
    return response
  }

  /// Removes a job.
  func delete(
    _ request: MartletV1.DeleteTrainingRequest, caller: Caller
  ) throws -> MartletV1.DeleteTrainingResponse {
    let job = try find(request.id, caller)
    do { try store.delete(job.key) } catch { throw error.status }
    return MartletV1.DeleteTrainingResponse()
  }

  /// The trained model.
  func fetch(
    _ request: MartletV1.FetchTrainedModelRequest, caller: Caller
  ) throws -> JobFolder {
    let job = try find(request.id, caller)
    guard job.folder.status(JobFolder.resultFile) != nil else {
      throw RPCError(
        code: .failedPrecondition,
        message: "expected a training that is finished, got one that has no model yet")
    }
    return job
  }

  /// Part of the trained model's file; empty at its end.
  func part(of job: JobFolder, from offset: UInt64) throws -> [UInt8] {
    do {
      return try job.folder.read(
        JobFolder.resultFile, from: offset, byteCountMax: Self.partByteCount) ?? []
    } catch { throw error.status }
  }

  /// The job of that name, if it is the caller's and the key may touch its model. What is not looks
  /// like one that does not exist.
  func find(_ id: String, _ caller: Caller) throws -> JobFolder {
    try caller.require(.deploy)
    do {
      guard let job = try store.job(JobKey(tenant: caller.tenant, id: id)),
        caller.maySee(try job.order().model)
      else { throw Self.unknown(id) }
      return job
    } catch let error as RepositoryError {
      throw error.code == .notFound ? Self.unknown(id) : error.status
    }
  }

  static func unknown(_ id: String) -> RPCError {
    .notFound("training '\(id.clipped)' is not found")
  }
}

/// Follows one job: what its log says, and then how it ended.
struct TrainingWatch {
  private let service: TrainingService
  private let job: JobFolder
  private var reader: JobLogReader

  init(
    _ request: MartletV1.WatchTrainingRequest, caller: Caller, service: TrainingService
  ) throws {
    self.service = service
    job = try service.find(request.id, caller)
    reader = JobLogReader(job, offset: request.offset)
    do {
      guard try reader.isAtEvent() else {
        throw RPCError(
          code: .outOfRange,
          message: "expected 0 or an event's offset, got \(request.offset)")
      }
    } catch let error as RepositoryError {
      throw error.status
    }
  }

  /// The next events, none if there are none yet; and whether they are the last.
  mutating func next() throws -> (events: [MartletV1.TrainingEvent], isLast: Bool) {
    do {
      // Looked at before the log: what is in the log by now was written before the end.
      let state = try job.state()
      if job.isDeleted { throw TrainingService.unknown(job.key.id) }
      var events = try reader.next().map {
        MartletV1.TrainingEvent($0.event, milliseconds: $0.milliseconds, offset: $0.offset)
      }
      guard events.isEmpty, state.isEnded else { return (events, false) }
      var last = MartletV1.TrainingEvent()
      (last.offset, last.timeMs) = (reader.offset, state.endedMilliseconds)
      last.event = .ended(try service.describe(job))
      events.append(last)
      return (events, true)
    } catch let error as RepositoryError {
      throw error.status
    }
  }
}
