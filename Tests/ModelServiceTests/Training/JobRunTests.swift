internal import Compute
internal import Protocols
internal import RPC
internal import Synchronization
internal import Testing
internal import Training

@testable import ModelService

/// A job's life without threads and sockets.
@Suite struct JobRunTests {
  @Test func aJobIsTrainedDeployedAndCleared() throws {
    let fixture = try TrainingFixture()
    try fixture.service.deploy("simple", config: "max_batch_size: 8")
    let job = try fixture.create()
    #expect(try fixture.get(job.key.id).state == .waiting)
    let state = try fixture.run(job)
    #expect(state?.kind == .finished && state?.version == 2)
    #expect(state?.notes == ["3 examples"])
    #expect(try fixture.versions() == [1, 2])
    let stored = try fixture.service.registry.repository.stored(
      ModelKey(tenant: "acme", name: "simple"))
    #expect(stored?.newestConfiguration?.bytes == Array("max_batch_size: 8".utf8), "it is kept")
    let described = try fixture.get(job.key.id)
    #expect(described.state == .finished && described.version == 2)
    #expect(described.metrics.map(\.name) == ["loss"])
    let files = fixture.service.folder.list("acme/.training/\(job.key.id)")
    #expect(!files.contains("training.csv") && !files.contains("checkpoint"))
    #expect(files.contains("model.onnx"))
  }

  @Test func withoutDeploymentTheModelIsKept() throws {
    let fixture = try TrainingFixture()
    var options = MartletV1.TrainingOptions()
    options.noDeploy = true
    let job = try fixture.create(options: options)
    #expect(try fixture.run(job)?.version == 0)
    #expect(try fixture.versions() == [])
    var request = MartletV1.FetchTrainedModelRequest()
    request.id = job.key.id
    let found = try fixture.training.fetch(request, caller: .deployer)
    #expect(try fixture.training.part(of: found, from: 0) == Array("simple".utf8))
    #expect(try fixture.training.part(of: found, from: 6) == [])
  }

  @Test func optionsWinOverTheDescription() throws {
    let fixture = try TrainingFixture()
    var options = MartletV1.TrainingOptions()
    options.givenSeed = .seed(7)
    options.target = "b"
    for (before, after) in [
      (
        #"{"fit": {"seed": 1}, "epochs": 1}"#,
        #"{"fit":{"seed":7,"target":"b"},"epochs":1}"#
      ),
      (
        #"{"class_name": "RandomForestClassifier"}"#,
        #"{"class_name":"RandomForestClassifier","fit":{"target":"b"},"config":{"random_state":7}}"#
      ),
    ] {
      let job = try fixture.create(before, options: options)
      let text = try job.folder.read(JobFolder.specificationFile, byteCountMax: 1000) ?? []
      #expect(String(decoding: text, as: UTF8.self) == after)
    }
  }

  @Test(arguments: [
    ("{}", "specification", "expected epochs"),
    (#"{"epochs": 3, "diverges": true}"#, "diverged", "lower the learning rate"),
  ])
  func whatFailsSaysWhy(specification: String, code: String, part: String) throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create(specification)
    try fixture.run(job)
    let described = try fixture.get(job.key.id)
    #expect(described.state == .failed && described.code == code)
    #expect(described.message.contains(part))
    #expect(try fixture.versions() == [])
  }

  @Test func damagedDataFailTheJobWithTheirPlace() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create(table: "a,b\n1,2\n3\n")
    try fixture.run(job)
    let described = try fixture.get(job.key.id)
    #expect(described.code == "data" && described.message.contains("line 3"))
  }

  @Test func aDivergedJobKeepsItsCheckpointAndGoesOn() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create(#"{"epochs": 3, "diverges": true}"#)
    try fixture.run(job)
    #expect(try job.folder.read(JobFolder.checkpointFile, byteCountMax: 10) == [1])
    #expect(try fixture.resume(job.key.id).state == .waiting)
    try fixture.run(job)
    #expect(fixture.counts.epochs.withLock { $0 } == [1], "the first epoch is not repeated")
  }

  @Test func aModelThatCannotBeServedIsSaidToBeOne() throws {
    let fixture = try TrainingFixture()
    let tensor = "data_type: TYPE_INT32 dims: [16]"
    try fixture.service.deploy(
      "simple",
      config: "max_batch_size: 8 input [{ name: 'INPUT0' \(tensor) }, { name: 'INPUT1' \(tensor) }]"
    )
    fixture.service.loader.register("simple") { .identity(.fp32) }
    let job = try fixture.create()
    try fixture.run(job)
    let described = try fixture.get(job.key.id)
    #expect(described.state == .failed && described.code == "deployment")
    #expect(try fixture.versions() == [1])
    // Once the obstacle is gone it is deployed, without training again.
    fixture.service.loader.register("simple") { .simple() }
    try fixture.resume(job.key.id)
    #expect(try fixture.run(job)?.version == 2)
    #expect(fixture.counts.epochs.withLock { $0 } == [1, 2, 3])
  }

  @Test func cancelledJobsEndAndGoOn() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    #expect(try fixture.cancel(job.key.id).state == .cancelled, "nobody computes it")
    #expect(try fixture.run(job) == nil)
    #expect(try fixture.cancel(job.key.id).state == .cancelled, "twice is as good as once")
    #expect(try fixture.resume(job.key.id).state == .waiting)
    #expect(try fixture.run(job)?.kind == .finished)
    let error = #expect(throws: RPCError.self) { try fixture.resume(job.key.id) }
    #expect(error?.code == .failedPrecondition)
  }

  @Test func aMarkedJobEndsAtItsNextStep() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    // Another process computes it.
    let held = try #require(try fixture.store.job(job.key))
    #expect(try held.lock())
    #expect(try fixture.cancel(job.key.id).state == .cancelling)
    #expect(JobRun(held, fixture.around).run()?.kind == .cancelled)
  }

  @Test func processesThatKeepDyingEndTheJob() throws {
    var limits = TrainingLimits()
    limits.attemptCountMax = 2
    let fixture = try TrainingFixture(limits: limits)
    let job = try fixture.create()
    var state = JobState()
    (state.kind, state.attemptCount) = (.running, 2)
    try job.write(state)
    try fixture.run(job)
    let described = try fixture.get(job.key.id)
    #expect(described.state == .failed && described.message.contains("2 processes"))
    try fixture.resume(job.key.id)
    #expect(try fixture.run(job)?.kind == .finished, "asked for, it is tried again")
  }

  @Test func aStoppedProcessLeavesTheJobWaiting() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    let held = try #require(try fixture.store.job(job.key))
    #expect(try held.lock())
    let run = JobRun(held, fixture.around)
    run.stop()
    #expect(run.run() == nil)
    held.unlock()
    let state = try job.state()
    #expect(state.kind == .waiting && state.attemptCount == 0)
    #expect(try fixture.run(job)?.kind == .finished)
  }

  @Test func deletedJobsAreGone() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    try fixture.delete(job.key.id)
    #expect(fixture.service.folder.list("acme/.training") == [])
    let error = #expect(throws: RPCError.self) { try fixture.get(job.key.id) }
    #expect(error?.code == .notFound)
    // Who still holds it notices, and writes nothing.
    #expect(JobRun(job, fixture.around).run() == nil)
  }

  /// A job that cannot fit ends with a sentence, and goes on where there is more.
  @Test func aJobThatNeedsMoreMemoryThanThereIsFails() throws {
    let folder = TemporaryFolder()
    let table = (0..<2000).map { "\($0 % 7),\($0 % 5)\n" }.reduce("a,b\n", +)
    func fixture(_ byteCount: Int) throws -> TrainingFixture {
      try TrainingFixture(
        folder: folder, memory: AvailableMemory(byteCount: byteCount, bound: .container),
        makeTrainer: { request throws(TrainingError) in try Trainers.trainer(for: request) })
    }
    let small = try fixture(1000)
    let job = try small.create(
      #"{"class_name": "LinearRegression", "fit": {"target": "b"}}"#, table: table,
      options: {
        var options = MartletV1.TrainingOptions(); options.noDeploy = true; return options
      }())
    let end = try #require(try small.run(job))
    #expect(end.kind == .failed && end.code == "resources")
    #expect(
      end.message.hasPrefix("the training needs at least 31.3 KiB of memory (examples 31.3 KiB)"),
      "\(end.message)")
    let large = try fixture(1 << 30)
    try large.resume(job.key.id)
    #expect(try large.run(job)?.kind == .finished)
  }
}
