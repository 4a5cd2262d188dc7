internal import JSON
internal import Protocols
internal import RPC
internal import Training

@testable import ModelService

/// Jobs over a folder, with a trainer that counts. A second fixture over the same folder is another
/// process.
final class TrainingFixture: Sendable {
  let service: Service
  let store: JobStore
  let training: TrainingService
  let around: JobRun.Surroundings
  let counts: CountingTrainer.Counts

  init(
    folder: TemporaryFolder = TemporaryFolder(), limits: TrainingLimits = TrainingLimits(),
    counts: CountingTrainer.Counts = CountingTrainer.Counts(),
    memory: AvailableMemory? = nil, makeTrainer: TrainerFactory? = nil,
    step: @escaping DirectoryRepository.StepHook = { _ throws(RepositoryError) in }
  ) throws {
    service = try Service(folder: folder, step: step)
    store = try JobStore(path: folder.path, limits: limits, step: step)
    training = TrainingService(store: store, registry: service.registry)
    self.counts = counts
    var factory: TrainerFactory = { request throws(TrainingError) in
      try CountingTrainer(request, counts)
    }
    if let makeTrainer { factory = makeTrainer }
    around = JobRun.Surroundings(
      registry: service.registry, deployLimits: DeployLimits(), limits: limits, threadCountMax: 1,
      availableMemory: { memory },
      makeTrainer: factory)
  }

  /// Three examples of two numbers, in a .csv file.
  static let table = "a,b\n1,2\n3,4\n5,6\n"

  func create(
    _ specification: String = #"{"epochs": 3}"#, model: String = "simple",
    table: String = TrainingFixture.table, options: MartletV1.TrainingOptions? = nil,
    caller: Caller = .deployer
  ) throws -> JobFolder {
    var first = MartletV1.CreateTrainingRequest()
    (first.model, first.specification, first.options) = (model, specification, options)
    let upload = try training.create(first, caller: caller)
    do {
      var part = MartletV1.CreateTrainingRequest()
      (part.file, part.data) = ("training.csv", Array(table.utf8))
      try upload.receive(part)
      return try upload.finish()
    } catch {
      upload.abort()
      throw error
    }
  }

  /// Computes a job here and now, as the supervisor does.
  @discardableResult
  func run(_ job: JobFolder) throws -> JobState? {
    guard let own = try store.job(job.key), try own.lock() else { return nil }
    defer { own.unlock() }
    return JobRun(own, around).run()
  }

  func get(_ id: String, _ caller: Caller = .deployer) throws -> MartletV1.TrainingJob {
    var request = MartletV1.GetTrainingRequest()
    request.id = id
    return try training.get(request, caller: caller).job ?? .init()
  }

  func cancel(_ id: String, _ caller: Caller = .deployer) throws -> MartletV1.TrainingJob {
    var request = MartletV1.CancelTrainingRequest()
    request.id = id
    return try training.cancel(request, caller: caller).job ?? .init()
  }

  @discardableResult
  func resume(_ id: String, _ caller: Caller = .deployer) throws -> MartletV1.TrainingJob {
    var request = MartletV1.ResumeTrainingRequest()
    request.id = id
    return try training.resume(request, caller: caller).job ?? .init()
  }

  func delete(_ id: String, _ caller: Caller = .deployer) throws {
    var request = MartletV1.DeleteTrainingRequest()
    request.id = id
    _ = try training.delete(request, caller: caller)
  }

  /// All events from an offset on, of a job that has ended or says nothing new.
  func events(
    _ id: String, from offset: UInt64 = 0, _ caller: Caller = .deployer
  ) throws -> [MartletV1.TrainingEvent] {
    var request = MartletV1.WatchTrainingRequest()
    (request.id, request.offset) = (id, offset)
    var watch = try TrainingWatch(request, caller: caller, service: training)
    var events: [MartletV1.TrainingEvent] = []
    while true {
      let (next, isLast) = try watch.next()
      events += next
      if isLast || next.isEmpty { return events }
    }
  }

  func versions(_ model: String = "simple", tenant: String = "acme") throws -> [Int64] {
    try service.registry.repository.stored(ModelKey(tenant: tenant, name: model))?.versions
      .map(\.number) ?? []
  }
}
