internal import Synchronization
internal import Testing

@testable import ModelService

/// The process dies before the n-th step of a change, for every n. Whoever opens the repository
/// afterwards finds the change whole or not at all, and never loses what was acknowledged.
@Suite struct CrashTests {
  let key = ModelKey(tenant: "acme", name: "simple")

  /// Stops at one step, as a kill would: what was to clean up does not run.
  final class Fuse: Sendable {
    private let state: Mutex<(left: Int, steps: [String])>

    init(_ stepCount: Int) { state = Mutex((stepCount, [])) }

    func step(_ name: String) throws(RepositoryError) {
      let isBlown = state.withLock { state in
        state.steps.append(name)
        state.left -= 1
        return state.left < 0
      }
      if isBlown { throw RepositoryError(.interrupted, name) }
    }

    var steps: [String] { state.withLock { $0.steps } }
  }

  /// Runs `change` with a fuse of every length, until it gets through.
  func everyCrash(
    prepare: (DirectoryRepository) throws -> Void,
    change: (DirectoryRepository) throws -> Void,
    check: (DirectoryRepository, TemporaryFolder, _ acknowledged: Bool, _ step: String?) throws ->
      Void
  ) throws -> Int {
    for stepCount in 0..<100 {
      let folder = TemporaryFolder()
      do {
        let repository = try DirectoryRepository(path: folder.path)
        try prepare(repository)
      }
      let fuse = Fuse(stepCount)
      var acknowledged = false
      do {
        let repository = try DirectoryRepository(
          path: folder.path, step: { name throws(RepositoryError) in try fuse.step(name) })
        do {
          try change(repository)
          acknowledged = true
        } catch let error as RepositoryError {
          #expect(error.code == .interrupted)
        }
      }
      // The next process.
      let repository = try DirectoryRepository(path: folder.path)
      try check(repository, folder, acknowledged, acknowledged ? nil : fuse.steps.last)
      if acknowledged { return stepCount }
    }
    Issue.record("a change never got through")
    return 0
  }

  func deploy(_ repository: DirectoryRepository, _ content: String) throws {
    let staged = try repository.stage(key, limits: DeployLimits())
    try staged.append(Array("max_batch_size: 4".utf8)[...], to: "config.pbtxt")
    try staged.append(Array(content.utf8)[...], to: "model.onnx")
    _ = try staged.commit(version: 0)
  }

  func content(_ repository: DirectoryRepository, _ number: Int64) throws -> String? {
    try repository.withVersion(key, number) {
      String(decoding: try readAll($0.modelPath), as: UTF8.self)
    }
  }

  @Test func aFirstDeploymentIsWholeOrAbsent() throws {
    let steps = try everyCrash(
      prepare: { _ in }, change: { try deploy($0, "whole") },
      check: { repository, folder, acknowledged, step throws in
        let stored = try repository.stored(key)
        if acknowledged { #expect(stored != nil) }
        if stored != nil {
          #expect(try content(repository, 1) == "whole", "\(step ?? "")")
          let configuration = try repository.withVersion(key, 1) { try $0.configuration() }
          #expect(configuration??.bytes == Array("max_batch_size: 4".utf8))
        }
        #expect(folder.list("acme").allSatisfy { !$0.hasPrefix(".") }, "\(step ?? "") is swept")
        // And the repository takes the deployment now.
        if stored == nil { try deploy(repository, "again") }
        #expect(try repository.stored(key)?.versions.count == 1)
      })
    #expect(steps >= 8, "the test saw the steps")
  }

  @Test func aSecondDeploymentNeverHarmsTheFirst() throws {
    _ = try everyCrash(
      prepare: { try deploy($0, "one") }, change: { try deploy($0, "two") },
      check: { repository, _, acknowledged, step throws in
        #expect(try content(repository, 1) == "one", "\(step ?? "")")
        let second = try content(repository, 2)
        #expect(second == nil || second == "two", "\(step ?? "")")
        if acknowledged { #expect(second == "two") }
      })
  }

  @Test func aDeletionIsWholeOrAbsent() throws {
    _ = try everyCrash(
      prepare: {
        try deploy($0, "one")
        try deploy($0, "two")
      }, change: { try $0.delete(key, version: 2) },
      check: { repository, folder, acknowledged, step throws in
        #expect(try content(repository, 1) == "one", "\(step ?? "")")
        let second = try content(repository, 2)
        #expect(second == nil || second == "two", "\(step ?? "")")
        if acknowledged { #expect(second == nil) }
        #expect(folder.list("acme") == ["simple"], "\(step ?? "") is swept")
      })
  }

  @Test func anUnloadIsWholeOrAbsent() throws {
    _ = try everyCrash(
      prepare: { try deploy($0, "one") }, change: { try $0.setUnloaded(true, key) },
      check: { repository, _, acknowledged, _ throws in
        #expect(try content(repository, 1) == "one")
        if acknowledged { #expect(try repository.stored(key)?.isUnloaded == true) }
      })
  }

  func override(_ repository: DirectoryRepository, _ json: String, _ content: String?) throws {
    let files = content.map { [Int64(1): ["model.onnx": Array($0.utf8)[...]]] } ?? [:]
    _ = try repository.override(
      key, with: ModelOverride(configuration: Array(json.utf8), files: files),
      limits: DeployLimits(), check: { _ in })
  }

  func configuration(_ repository: DirectoryRepository) throws -> String? {
    let written = try repository.withVersion(key, 1) { try $0.configuration() } ?? nil
    return written.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  @Test func anOverrideIsWholeOrAbsent() throws {
    let steps = try everyCrash(
      prepare: { try deploy($0, "one") }, change: { try override($0, "{}", "two") },
      check: { repository, folder, acknowledged, step throws in
        let pair = (try content(repository, 1), try configuration(repository))
        let isNew = pair == ("two", "{}")
        #expect(isNew || pair == ("one", "max_batch_size: 4"), "\(step ?? "")")
        if acknowledged { #expect(isNew) }
        #expect(folder.list("acme") == ["simple"], "\(step ?? "") is swept")
        try repository.setUnloaded(false, key)
        #expect(try content(repository, 1) == "one", "\(step ?? "")")
      })
    #expect(steps >= 10, "the test saw the steps")
  }

  @Test func anOverrideReplacesAnotherInOneStep() throws {
    _ = try everyCrash(
      prepare: {
        try deploy($0, "one")
        try override($0, "{\"a\":1}", "two")
      }, change: { try override($0, "{\"b\":2}", nil) },
      check: { repository, folder, acknowledged, step throws in
        let pair = (try content(repository, 1), try configuration(repository))
        let isNew = pair == ("one", "{\"b\":2}")
        #expect(isNew || pair == ("two", "{\"a\":1}"), "\(step ?? "")")
        if acknowledged { #expect(isNew) }
        #expect(folder.list("acme/simple").count == 2, "\(step ?? "") is swept")
      })
  }

  @Test(arguments: [true, false])
  func theEndOfAnOverrideIsWholeOrAbsent(byUnload: Bool) throws {
    _ = try everyCrash(
      prepare: {
        try deploy($0, "one")
        try override($0, "{}", "two")
      }, change: { try $0.setUnloaded(byUnload, key) },
      check: { repository, _, acknowledged, step throws in
        let content = try content(repository, 1)
        #expect(content == "one" || content == "two", "\(step ?? "")")
        if acknowledged {
          #expect(content == "one")
          #expect(try repository.stored(key)?.isUnloaded == byUnload)
        }
      })
  }

  @Test func aDeploymentUnderWayIsNotSweptByANewcomer() throws {
    let folder = TemporaryFolder()
    let repository = try DirectoryRepository(path: folder.path)
    let staged = try repository.stage(key, limits: DeployLimits())
    try staged.append(Array("mine".utf8)[...], to: "model.onnx")
    let newcomer = try DirectoryRepository(path: folder.path)
    #expect(try staged.commit(version: 0).number == 1)
    #expect(try content(newcomer, 1) == "mine")
  }
}
