internal import Synchronization

/// A version being received into a hidden folder beside the models.
///
/// The folder is locked while the object lives; one without a lock belongs to a process that is
/// gone, and is swept away.
final class DirectoryStagedVersion: StagedVersion {
  private struct Received {
    var files: [String: (descriptor: Int32, byteCount: UInt64)] = [:]
    var byteCount: UInt64 = 0
    var isFinished = false
  }

  private let repository: DirectoryRepository
  private let tenant: Folder
  private let folder: Folder
  private let folderName: String
  private let key: ModelKey
  private let limits: DeployLimits
  private let received = Mutex(Received())

  init(
    _ repository: DirectoryRepository, tenant: Folder, key: ModelKey, limits: DeployLimits
  ) throws(RepositoryError) {
    self.repository = repository
    self.tenant = tenant
    self.key = key
    self.limits = limits
    folderName = DirectoryRepository.randomName(DirectoryRepository.stagingPrefix)
    try repository.step("create the staging folder")
    folder = try tenant.makeFolder(folderName)
    _ = try folder.lock(wait: true)
  }

  deinit {
    received.withLock { received in
      for file in received.files.values { Folder.close(file: file.descriptor) }
    }
  }

  func append(_ data: ArraySlice<UInt8>, to path: String) throws(RepositoryError) {
    guard RepositoryName.isValid(path) else {
      throw RepositoryError(
        .invalidName,
        "expected a plain file name such as 'model.onnx' (letters, digits, '_', '-', '.', '+'), "
          + "got \(path.utf8.count) bytes that are not one")
    }
    try received.withLock { received throws(RepositoryError) in
      guard !received.isFinished else {
        throw RepositoryError(.incomplete, "the deployment has ended already")
      }
      var file: (descriptor: Int32, byteCount: UInt64)
      if let known = received.files[path] {
        file = known
      } else {
        file = try open(path, count: received.files.count)
      }
      received.files[path] = file
      file.byteCount += UInt64(data.count)
      received.byteCount += UInt64(data.count)
      guard file.byteCount <= limits.fileByteCountMax else {
        throw RepositoryError(
          .tooLarge, "'\(path)': expected at most \(limits.fileByteCountMax) bytes, got more")
      }
      guard received.byteCount <= limits.byteCountMax else {
        throw RepositoryError(
          .tooLarge, "expected at most \(limits.byteCountMax) bytes in all files, got more")
      }
      try repository.step("write")
      try Folder.write(data, to: file.descriptor)
      received.files[path] = file
    }
  }

  private func open(
    _ path: String, count: Int
  ) throws(RepositoryError) -> (descriptor: Int32, byteCount: UInt64) {
    guard count < limits.fileCountMax else {
      throw RepositoryError(.tooLarge, "expected at most \(limits.fileCountMax) files, got more")
    }
    return (try folder.createFile(path), 0)
  }

  /// A model keeps its configuration until a deployment brings another: the files of the newest
  /// version are copied, so that each version stays whole by itself.
  func inheritConfiguration() throws(RepositoryError) {
    let hasOwn = received.withLock {
      $0.files[DirectoryRepository.configurationFile] != nil
    }
    guard !hasOwn, let model = try tenant.folder(key.name),
      let newest = try ModelFolder(model).deployed().last,
      let version = try model.folder(String(newest.number)),
      let configuration = try version.read(
        DirectoryRepository.configurationFile,
        byteCountMax: VersionFiles.configurationByteCountMax)
    else { return }
    try append(configuration[...], to: DirectoryRepository.configurationFile)
    for entry in try version.entries() where entry.hasSuffix(".txt") {
      let isSent = received.withLock { $0.files[entry] != nil }
      guard !isSent, RepositoryName.isValid(entry),
        let labels = try version.read(entry, byteCountMax: VersionFiles.labelsByteCountMax)
      else { continue }
      try append(labels[...], to: entry)
    }
  }

  func withFiles<Result>(_ body: (VersionFiles) throws -> Result) throws -> Result {
    try ModelFolder.withFiles(folder, common: try tenant.folder(key.name), body)
  }

  func commit(version wanted: Int64) throws(RepositoryError) -> StoredVersion {
    _ = try ModelFolder.modelFile(folder)
    guard wanted >= 0 else {
      throw RepositoryError(
        .invalidName, "expected a version of 1 or more, or 0 for the next, got \(wanted)")
    }
    try syncFiles()
    _ = try tenant.lock(wait: true)
    defer { tenant.unlock() }
    try repository.step("create the model's folder")
    let model = try tenant.makeFolder(key.name)
    let newest = try ModelFolder(model).deployed().last?.number ?? 0
    let number = wanted == 0 ? newest + 1 : wanted
    guard model.status(String(number)) == nil else {
      throw RepositoryError(
        .alreadyExists, "'\(key.name)' version \(number) exists; a version never changes")
    }
    // A new version is wanted, whatever was said about the older ones.
    try repository.removeOverrides(model, of: tenant)
    try repository.step("rename the version into place")
    try tenant.rename(folderName, into: model, as: String(number))
    try model.removeFile(DirectoryRepository.unloadedMarker)
    try repository.step("sync the model's folder")
    try model.sync()
    try repository.step("sync the tenant's folder")
    try tenant.sync()
    try repository.step("announce")
    repository.shared.increment()
    let versions = try ModelFolder(model).deployed()
    guard let version = versions.first(where: { $0.number == number }) else {
      throw RepositoryError(.storage, "'\(key.name)' version \(number) was removed meanwhile")
    }
    return version
  }

  private func syncFiles() throws(RepositoryError) {
    try received.withLock { received throws(RepositoryError) in
      received.isFinished = true
      for (path, file) in received.files.sorted(by: { $0.key < $1.key }) {
        try repository.step("sync '\(path)'")
        try Folder.sync(file: file.descriptor)
        Folder.close(file: file.descriptor)
        received.files[path] = nil
      }
    }
    try repository.step("sync the staging folder")
    try folder.sync()
  }

  func abort() {
    received.withLock { $0.isFinished = true }
    tenant.removeTree(folderName)
  }
}
