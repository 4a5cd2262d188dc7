internal import Protocols
internal import RPC
internal import Testing
internal import Training

@testable import ModelService

@Suite struct TrainingServiceTests {
  func code(_ body: () throws -> Void) -> StatusCode? {
    do {
      try body()
      return nil
    } catch {
      return (error as? RPCError)?.code
    }
  }

  @Test func anotherTenantsTrainingLooksLikeNone() throws {
    let fixture = try TrainingFixture()
    let id = try fixture.create().key.id
    for body: (Caller) throws -> Void in [
      { _ = try fixture.get(id, $0) }, { _ = try fixture.cancel(id, $0) },
      { _ = try fixture.resume(id, $0) }, { try fixture.delete(id, $0) },
      { _ = try fixture.events(id, $0) },
    ] {
      #expect(code { try body(.stranger) } == .notFound)
      #expect(code { try body(.user) } == .permissionDenied)
      // A key for other models of the same tenant.
      let other = Caller(tenant: "acme", actions: [.deploy], modelPatterns: ["other*"])
      #expect(code { try body(other) } == .notFound)
      #expect(try fixture.training.list(caller: other).jobs.isEmpty)
    }
    #expect(try fixture.training.list(caller: .stranger).jobs.isEmpty)
    #expect(try fixture.training.list(caller: .deployer).jobs.map(\.id) == [id])
    for name in ["../\(id)", "..", "", ".", id + "x", "acme/.training/\(id)"] {
      #expect(code { _ = try fixture.get(name) } == .notFound)
    }
  }

  @Test func whatCannotBecomeAJobLeavesNoTrace() throws {
    let fixture = try TrainingFixture()
    #expect(code { _ = try fixture.create("[1]") } == .invalidArgument)
    #expect(code { _ = try fixture.create("{") } == .invalidArgument)
    #expect(code { _ = try fixture.create(table: "") } == .invalidArgument)
    #expect(code { _ = try fixture.create(model: "") } == .invalidArgument)
    #expect(code { _ = try fixture.create(model: "../x") } == .invalidArgument)
    #expect(code { _ = try fixture.create(caller: .user) } == .permissionDenied)
    for file in ["training.parquet", "training.exe", "../training.csv", "state.json", "other.csv"] {
      var first = MartletV1.CreateTrainingRequest()
      (first.model, first.specification) = ("simple", "{}")
      (first.file, first.data) = (file, [1])
      #expect(
        code { _ = try fixture.training.create(first, caller: .deployer) } == .invalidArgument)
    }
    #expect(fixture.service.folder.list("acme/.training") == [])
  }

  @Test func optionsWinOverTheDescription() throws {
    let fixture = try TrainingFixture()
    var options = MartletV1.TrainingOptions()
    (options.workers, options.servers) = (3, 2)
    (options.mode, options.compression) = ("asynchronous", "bf16")
    let job = try fixture.create(
      #"{"distribute": {"workers": 1, "shards": 6}}"#, options: options)
    let text = try job.folder.read(JobFolder.specificationFile, byteCountMax: 4096) ?? []
    #expect(
      String(decoding: text, as: UTF8.self)
        == #"{"distribute":{"workers":3,"shards":6,"servers":2,"mode":"asynchronous","compression":"bf16"}}"#
    )
  }

  @Test func quotasBoundJobsAndBytes() throws {
    var limits = TrainingLimits()
    (limits.tenantJobCountMax, limits.tenantOpenJobCountMax) = (3, 2)
    limits.tenantByteCountMax = 300 << 10
    limits.fileByteCountMax = 100 << 10
    let fixture = try TrainingFixture(limits: limits)
    let first = try fixture.create()
    _ = try fixture.create()
    #expect(code { _ = try fixture.create() } == .resourceExhausted, "two that wait")
    #expect(try fixture.create(caller: .stranger).key.tenant == "umbrella", "others have their own")
    try fixture.run(first)
    _ = try fixture.create()
    #expect(code { _ = try fixture.create() } == .resourceExhausted, "three that are kept")
    try fixture.delete(first.key.id)
    let large = "a\n" + String(repeating: "1\n", count: 60 << 10)
    #expect(code { _ = try fixture.create(table: large) } == .resourceExhausted, "a large file")
    for job in try fixture.store.jobs(of: "acme") { try fixture.delete(job.key.id) }
    let half = "a\n" + String(repeating: "1\n", count: 45 << 10)
    _ = try fixture.create(table: half)
    #expect(code { _ = try fixture.create(table: half) } == .resourceExhausted, "many bytes")
  }

  @Test func eventsAreReadOnceFromAnyOffset() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    #expect(try fixture.events(job.key.id).isEmpty, "it waits")
    try fixture.run(job)
    let all = try fixture.events(job.key.id)
    var epochs: [UInt32] = []
    for event in all {
      if case .progress(let progress)? = event.event, progress.endsEpoch {
        epochs.append(progress.epoch)
        #expect(progress.metrics.map(\.name) == ["loss", "weird"])
        #expect(progress.metrics[1].value.isNaN)
      }
    }
    #expect(epochs == [1, 2, 3])
    guard case .ended(let end)? = all.last?.event else { return #expect(Bool(false), "no end") }
    #expect(end.state == .finished && end.version == 1)
    for (index, event) in all.enumerated() {
      #expect(
        try fixture.events(job.key.id, from: event.offset).dropLast().map(\.offset)
          == all[(index + 1)...].dropLast().map(\.offset))
    }
    #expect(code { _ = try fixture.events(job.key.id, from: 3) } == .outOfRange)
    #expect(code { _ = try fixture.events(job.key.id, from: .max) } == .outOfRange)
  }

  @Test func halfALineIsLeftOut() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    try JobLog(job).append(.started("begins"))
    let whole = fixture.service.folder.list("acme/.training/\(job.key.id)")
    #expect(whole.contains(JobFolder.logFile))
    let file = try job.folder.openToAppend(JobFolder.logFile)
    try Folder.write(Array(#"{"time_ms": 1, "epo"#.utf8)[...], to: file)
    Folder.close(file: file)
    #expect(try fixture.events(job.key.id).count == 1)
    try fixture.run(job)
    let events = try fixture.events(job.key.id)
    #expect(events.filter { if case .started = $0.event { true } else { false } }.count == 2)
  }

  @Test func damagedFilesOfAJobDoNotTrap() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    for name in [
      JobFolder.stateFile, JobFolder.orderFile, JobFolder.logFile, JobFolder.resultStateFile,
    ] {
      try job.replace(name, Array("{\"metrics\": [1], \"state\": 7, \"time_ms\": \"x\"}\n".utf8))
      _ = try? fixture.get(job.key.id)
      _ = try? fixture.events(job.key.id)
      try fixture.run(job)
    }
  }
}
