internal import Glibc
internal import Testing

@testable import ModelService

@Suite struct DirectoryRepositoryTests {
  let folder = TemporaryFolder()
  let key = ModelKey(tenant: "acme", name: "simple")

  func deploy(
    _ repository: DirectoryRepository, version: Int64 = 0, limits: DeployLimits = DeployLimits(),
    files: [(String, String)] = [("model.onnx", "model")]
  ) throws -> StoredVersion {
    let staged = try repository.stage(key, limits: limits)
    do {
      for (name, content) in files { try staged.append(Array(content.utf8)[...], to: name) }
      return try staged.commit(version: version)
    } catch {
      staged.abort()
      throw error
    }
  }

  func numbers(_ repository: DirectoryRepository) throws -> [Int64] {
    try repository.stored(key)?.versions.map(\.number) ?? []
  }

  @Test func versionsAreNumberedFromTheNewest() throws {
    let repository = try DirectoryRepository(path: folder.path)
    #expect(try deploy(repository).number == 1)
    #expect(try deploy(repository).number == 2)
    #expect(try deploy(repository, version: 9).number == 9)
    #expect(try deploy(repository).number == 10)
    #expect(try numbers(repository) == [1, 2, 9, 10])
    #expect(try repository.models(of: "acme") == ["simple"])
    #expect(try repository.models(of: "umbrella") == [])
  }

  @Test func aVersionNeverChanges() throws {
    let repository = try DirectoryRepository(path: folder.path)
    _ = try deploy(repository, version: 3)
    let error = #expect(throws: RepositoryError.self) { try deploy(repository, version: 3) }
    #expect(error?.code == .alreadyExists)
    #expect(folder.list("acme") == ["simple"], "nothing is left behind")
  }

  @Test func everyInstanceSeesAChangeAtItsNextLook() throws {
    let first = try DirectoryRepository(path: folder.path)
    let second = try DirectoryRepository(path: folder.path)
    let before = second.generation
    #expect(first.generation == before)
    _ = try deploy(first)
    #expect(second.generation > before)
    #expect(try numbers(second) == [1])
    let deployed = second.generation
    try second.setUnloaded(true, key)
    #expect(first.generation > deployed)
    #expect(try first.stored(key)?.isUnloaded == true)
    try first.delete(key, version: nil)
    #expect(try second.stored(key) == nil)
  }

  @Test func deletingAVersionLeavesTheOthers() throws {
    let repository = try DirectoryRepository(path: folder.path)
    _ = try deploy(repository)
    _ = try deploy(repository)
    try repository.delete(key, version: 1)
    #expect(try numbers(repository) == [2])
    let missing = #expect(throws: RepositoryError.self) {
      try repository.delete(key, version: 1)
    }
    #expect(missing?.code == .notFound)
    try repository.delete(key, version: 2)
    #expect(try repository.stored(key) == nil)
    #expect(folder.list("acme") == [])
  }

  @Test func stampsTellContentsApart() throws {
    let repository = try DirectoryRepository(path: folder.path)
    let first = try deploy(repository, version: 5)
    try repository.delete(key, version: 5)
    let second = try deploy(repository, version: 5, files: [("model.onnx", "other")])
    #expect(first.stamp != second.stamp)
    #expect(try repository.stored(key)?.versions == [second])
    #expect(second.byteCount == 5)
  }

  @Test func linksAreNotFollowed() throws {
    let outside = TemporaryFolder()
    outside.write("model/1/model.onnx", Array("secret".utf8))
    outside.write("secret.txt", Array("secret".utf8))
    mkdir("\(folder.path)/acme", 0o755)
    symlink("\(outside.path)/model", "\(folder.path)/acme/linked")
    symlink(outside.path, "\(folder.path)/evil")
    folder.write("acme/simple/1/config.pbtxt", [])
    symlink("\(outside.path)/secret.txt", "\(folder.path)/acme/simple/1/model.onnx")
    symlink("\(outside.path)/secret.txt", "\(folder.path)/acme/simple/1/labels.txt")
    symlink("\(outside.path)/model/1", "\(folder.path)/acme/simple/2")
    let repository = try DirectoryRepository(path: folder.path)
    #expect(try repository.tenants() == ["acme"])
    #expect(try repository.models(of: "acme") == ["simple"])
    #expect(try repository.stored(ModelKey(tenant: "acme", name: "linked")) == nil)
    #expect(try repository.stored(ModelKey(tenant: "evil", name: "model")) == nil)
    #expect(try numbers(repository) == [1])
    #expect(throws: RepositoryError.self) {
      try repository.withVersion(key, 1) { _ in }
    }
    folder.write("acme/simple/3/model.onnx", [1])
    symlink("\(outside.path)/secret.txt", "\(folder.path)/acme/simple/3/labels.txt")
    let labels = try repository.withVersion(key, 3) { try $0.labels("labels.txt") }
    #expect(labels == .some(nil))
    #expect(throws: RepositoryError.self) {
      try repository.withVersion(key, 3) { try $0.labels("../../secret.txt") }
    }
  }

  @Test func limitsEndADeployment() throws {
    let repository = try DirectoryRepository(path: folder.path)
    var limits = DeployLimits()
    (limits.byteCountMax, limits.fileByteCountMax, limits.fileCountMax) = (100, 60, 2)
    for files in [
      [("model.onnx", String(repeating: "x", count: 61))],
      [
        ("model.onnx", String(repeating: "x", count: 60)), ("a", String(repeating: "x", count: 41)),
      ],
      [("model.onnx", "x"), ("a", "x"), ("b", "x")],
    ] {
      let error = #expect(throws: RepositoryError.self) {
        try deploy(repository, limits: limits, files: files)
      }
      #expect(error?.code == .tooLarge)
    }
    #expect(folder.list("acme") == [])
  }

  @Test(arguments: ["../model.onnx", "/etc/passwd", "a/b", "", ".generation", "..", "a\u{0}"])
  func filesStayInTheirVersion(_ path: String) throws {
    let repository = try DirectoryRepository(path: folder.path)
    let staged = try repository.stage(key, limits: DeployLimits())
    let error = #expect(throws: RepositoryError.self) { try staged.append([1], to: path) }
    #expect(error?.code == .invalidName)
    staged.abort()
    #expect(folder.list("acme") == [])
  }

  @Test func aModelNeedsItsFile() throws {
    let repository = try DirectoryRepository(path: folder.path)
    let error = #expect(throws: RepositoryError.self) {
      try deploy(repository, files: [("config.pbtxt", "")])
    }
    #expect(error?.code == .incomplete)
    #expect(try repository.stored(key) == nil)
  }

  @Test func aDeploymentWithoutConfigurationKeepsTheLastOne() throws {
    let repository = try DirectoryRepository(path: folder.path)
    _ = try deploy(
      repository,
      files: [("config.pbtxt", "one"), ("labels.txt", "a\nb"), ("model.onnx", "model")])
    let staged = try repository.stage(key, limits: DeployLimits())
    try staged.append([1], to: "model.onnx")
    try staged.inheritConfiguration()
    #expect(try staged.commit(version: 0).number == 2)
    let (configuration, labels) = try #require(
      try repository.withVersion(key, 2) { (try $0.configuration(), try $0.labels("labels.txt")) })
    #expect(configuration == WrittenConfiguration(.text, Array("one".utf8)))
    #expect(labels == Array("a\nb".utf8))
  }

  @Test func aFolderOfHuggingFaceIsAModelWithoutAModelFile() throws {
    let repository = try DirectoryRepository(path: folder.path)
    _ = try deploy(repository, files: [("config.json", "{}"), ("model.safetensors", "x")])
    // Somebody's notes beside a model of another kind.
    _ = try deploy(repository, files: [("config.json", "{}"), ("model.onnx", "x")])
    let names = try (1...2).map { number in
      try #require(
        try repository.withVersion(key, Int64(number)) { files in
          files.modelPath.split(separator: "/").last.map(String.init)
        })
    }
    #expect(names == ["config.json", "model.onnx"])
  }

  @Test func filesOfTheModelServeAllVersions() throws {
    folder.write("acme/simple/config.pbtxt", Array("model".utf8))
    folder.write("acme/simple/1/model.onnx", [1])
    folder.write("acme/simple/2/model.onnx", [2])
    folder.write("acme/simple/2/config.pbtxt", Array("version".utf8))
    let repository = try DirectoryRepository(path: folder.path)
    let read = { (number: Int64) throws in
      try repository.withVersion(key, number) { try $0.configuration()?.bytes } ?? nil
    }
    #expect(try read(1) == Array("model".utf8))
    #expect(try read(2) == Array("version".utf8))
    #expect(
      try repository.stored(key)?.newestConfiguration
        == WrittenConfiguration(.text, Array("version".utf8)))
  }
}
