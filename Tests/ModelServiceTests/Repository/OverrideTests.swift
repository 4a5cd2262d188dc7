internal import Testing

@testable import ModelService

/// What a load puts in force for a while.
@Suite struct OverrideTests {
  let folder = TemporaryFolder()
  let key = ModelKey(tenant: "acme", name: "simple")

  func deploy(_ repository: DirectoryRepository, _ content: String = "deployed") throws {
    let staged = try repository.stage(key, limits: DeployLimits())
    try staged.append(Array("max_batch_size: 8".utf8)[...], to: "config.pbtxt")
    try staged.append(Array(content.utf8)[...], to: "model.onnx")
    _ = try staged.commit(version: 0)
  }

  func override(
    _ repository: DirectoryRepository, _ json: String = "{}", files: [Int64: String] = [:],
    limits: DeployLimits = DeployLimits(), check: (OverrideCandidate) throws -> Void = { _ in }
  ) throws {
    _ = try repository.override(
      key,
      with: ModelOverride(
        configuration: Array(json.utf8),
        files: files.mapValues { ["model.onnx": Array($0.utf8)[...]] }),
      limits: limits, check: check)
  }

  /// Versions with content and configuration, as every process sees them.
  func view(_ repository: DirectoryRepository) throws -> [String] {
    try repository.stored(key)?.versions.map { version in
      try repository.withVersion(key, version.number) { files in
        let content = String(decoding: try readAll(files.modelPath), as: UTF8.self)
        let written = try files.configuration()
        let text = String(decoding: written?.bytes ?? [], as: UTF8.self)
        return "\(version.number) \(content) \(text)"
      } ?? "gone"
    } ?? []
  }

  let deployed = ["1 deployed max_batch_size: 8"]

  @Test func aConfigurationHoldsForTheDeployedVersionsInEveryProcess() throws {
    let first = try DirectoryRepository(path: folder.path)
    let second = try DirectoryRepository(path: folder.path)
    try deploy(first)
    let stamps = try first.stored(key)?.versions.map(\.stamp)
    let generation = second.generation
    try override(first, "{\"a\":1}")
    #expect(second.generation > generation)
    #expect(try view(second) == ["1 deployed {\"a\":1}"])
    #expect(try first.stored(key)?.versions.map(\.stamp) != stamps, "it has to be loaded again")
    #expect(try second.stored(key)?.newestConfiguration?.format == .json)
    try override(second, "{\"b\":2}")
    #expect(try view(first) == ["1 deployed {\"b\":2}"])
    #expect(folder.list("acme/simple") == [".override-2", "1"])
  }

  @Test func filesReplaceEveryDeployedVersion() throws {
    let repository = try DirectoryRepository(path: folder.path)
    try deploy(repository)
    try deploy(repository)
    folder.write("acme/simple/labels.txt", Array("deployed".utf8))
    try override(repository, files: [7: "seven", 9: "nine"])
    #expect(try view(repository) == ["7 seven {}", "9 nine {}"])
    #expect(try repository.withVersion(key, 1) { _ in } == nil)
    let labels = try repository.withVersion(key, 7) { try $0.labels("labels.txt") } ?? nil
    #expect(labels == nil, "what lies beside the deployed versions is not the override's")
    // The next number is that of deployments.
    try deploy(repository)
    #expect(try repository.stored(key)?.versions.map(\.number) == [1, 2, 3])
  }

  @Test func itEndsWithTheNextLoadUnloadOrDeployment() throws {
    let repository = try DirectoryRepository(path: folder.path)
    try deploy(repository)
    for ending in 0..<3 {
      try override(repository, files: [5: "other"])
      switch ending {
      case 0: try repository.setUnloaded(false, key)
      case 1:
        try repository.setUnloaded(true, key)
        #expect(try repository.stored(key)?.isUnloaded == true)
      default: try deploy(repository)
      }
      #expect(try view(repository).first == deployed[0])
      #expect(folder.list("acme/simple").allSatisfy { !$0.hasPrefix(".override") })
    }
  }

  @Test func anUnloadedModelIsServedAgain() throws {
    let repository = try DirectoryRepository(path: folder.path)
    try deploy(repository)
    try repository.setUnloaded(true, key)
    try override(repository)
    #expect(try repository.stored(key)?.isUnloaded == false)
  }

  @Test func aModelMayBeNothingButAnOverride() throws {
    let repository = try DirectoryRepository(path: folder.path)
    let missing = #expect(throws: RepositoryError.self) { try override(repository) }
    #expect(missing?.code == .notFound)
    #expect(folder.list("acme") == [])
    try override(repository, files: [1: "only"])
    #expect(try view(repository) == ["1 only {}"])
    #expect(try repository.models(of: "acme") == ["simple"])
    // There is nothing else to serve, and a load says so instead of taking it away.
    let error = #expect(throws: RepositoryError.self) { try repository.setUnloaded(false, key) }
    #expect(error?.code == .notFound)
    #expect(try view(repository) == ["1 only {}"])
    try repository.setUnloaded(true, key)
    #expect(try repository.stored(key) == nil)
    #expect(folder.list("acme") == [])
  }

  @Test func whatFailsTheCheckIsNeverInForce() throws {
    struct Refusal: Error {}
    let repository = try DirectoryRepository(path: folder.path)
    try deploy(repository)
    let generation = repository.generation
    var seen: [String] = []
    do {
      try override(repository, files: [3: "bad"]) { candidate in
        try candidate.withVersion(3) { files in
          seen.append(String(decoding: try readAll(files.modelPath), as: UTF8.self))
        }
        throw Refusal()
      }
      Issue.record("expected the check's refusal")
    } catch is Refusal {}
    #expect(seen == ["bad"])
    #expect(try view(repository) == deployed && repository.generation == generation)
    #expect(folder.list("acme") == ["simple"], "nothing is left behind")
  }

  @Test func limitsHold() throws {
    let repository = try DirectoryRepository(path: folder.path)
    var limits = DeployLimits()
    limits.fileByteCountMax = 4
    let large = #expect(throws: RepositoryError.self) {
      try override(repository, files: [1: "large"], limits: limits)
    }
    #expect(large?.code == .tooLarge)
    limits = DeployLimits()
    limits.fileCountMax = 1
    let many = #expect(throws: RepositoryError.self) {
      try override(repository, files: [1: "a", 2: "b"], limits: limits)
    }
    #expect(many?.code == .tooLarge)
    let long = #expect(throws: RepositoryError.self) {
      try override(
        repository, String(repeating: " ", count: VersionFiles.configurationByteCountMax + 1),
        files: [1: "a"])
    }
    #expect(long?.code == .tooLarge)
    #expect(folder.list("acme") == [])
    let name = #expect(throws: RepositoryError.self) {
      _ = try repository.override(
        key,
        with: ModelOverride(configuration: [], files: [1: ["../model.onnx": []]]),
        limits: DeployLimits(), check: { _ in })
    }
    #expect(name?.code == .invalidName)
  }

  @Test func deletingAModelTakesItsOverrideAlong() throws {
    let repository = try DirectoryRepository(path: folder.path)
    try deploy(repository)
    try override(repository, files: [5: "other"])
    let absent = #expect(throws: RepositoryError.self) {
      try repository.delete(key, version: 5)
    }
    #expect(absent?.code == .notFound, "versions are deleted that were deployed")
    try repository.delete(key, version: nil)
    #expect(try repository.stored(key) == nil)
    #expect(folder.list("acme") == [])
  }

  @Test func aStartSweepsWhatWasReplaced() throws {
    let repository = try DirectoryRepository(path: folder.path)
    try deploy(repository)
    try override(repository, "{\"a\":1}")
    folder.write("acme/simple/.override-9/config.json", Array("{\"b\":2}".utf8))
    let newcomer = try DirectoryRepository(path: folder.path)
    #expect(folder.list("acme/simple") == [".override-9", "1"])
    #expect(try view(newcomer) == ["1 deployed {\"b\":2}"])
  }
}
