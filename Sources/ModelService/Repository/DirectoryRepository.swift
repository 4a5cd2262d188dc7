internal import Crypto

/// Models in `ROOT/TENANT/MODEL/VERSION/model.onnx`, with `config.pbtxt` and label files beside the
/// model file or, for all versions, one level above.
///
/// A deployment stores its configuration with the version, so that one rename makes model and
/// configuration visible together. Folders that begin with a dot are the repository's own.
public final class DirectoryRepository: ModelRepository {
  /// Told before every step that a crash could separate from the next; tests throw from it.
  typealias StepHook = @Sendable (_ step: String) throws(RepositoryError) -> Void

  static let modelFile = "model.onnx"
  static let configurationFile = "config.pbtxt"
  static let unloadedMarker = ".unloaded"
  static let stagingPrefix = ".staging-"
  static let trashPrefix = ".trash-"

  let root: Folder
  let shared: SharedGeneration
  let step: StepHook

  /// Opens a repository and clears away what dead processes left half done.
  public convenience init(path: String) throws(RepositoryError) {
    try self.init(path: path, step: { _ throws(RepositoryError) in })
  }

  init(path: String, step: @escaping StepHook) throws(RepositoryError) {
    root = try Folder(root: path)
    shared = try SharedGeneration(root)
    self.step = step
    try sweep()
    shared.increment()
  }

  /// Grows with every change.
  public var generation: UInt64 { shared.value }

  /// Every tenant that has a folder, sorted.
  public func tenants() throws(RepositoryError) -> [String] {
    try root.entries().filter { RepositoryName.isValid($0) && root.status($0)?.isFolder == true }
  }

  /// The models of a tenant, sorted.
  public func models(of tenant: String) throws(RepositoryError) -> [String] {
    guard let folder = try tenantFolder(tenant) else { return [] }
    return try folder.entries().filter {
      RepositoryName.isValid($0) && folder.status($0)?.isFolder == true
    }
  }

  /// What is stored for a model, or nil when no version is.
  public func stored(_ key: ModelKey) throws(RepositoryError) -> StoredModel? {
    guard let model = try modelFolder(key) else { return nil }
    return try Self.stored(model)
  }

  /// Lends one version's files to `body`.
  public func withVersion<Result>(
    _ key: ModelKey, _ number: Int64, _ body: (VersionFiles) throws -> Result
  ) throws -> Result? {
    guard let model = try modelFolder(key), let version = try model.folder(String(number)) else {
      return nil
    }
    return try Self.withFiles(version, model: model, body)
  }

  func tenantFolder(_ tenant: String) throws(RepositoryError) -> Folder? {
    guard RepositoryName.isValid(tenant) else { return nil }
    return try root.folder(tenant)
  }

  func modelFolder(_ key: ModelKey) throws(RepositoryError) -> Folder? {
    guard RepositoryName.isValid(key.name), let tenant = try tenantFolder(key.tenant) else {
      return nil
    }
    return try tenant.folder(key.name)
  }

  static func randomName(_ prefix: String) -> String {
    prefix + String(decoding: Base62.encode(secureRandomBytes(8), width: 11), as: UTF8.self)
  }
}

// MARK: - Reading

extension DirectoryRepository {
  static func stored(_ model: Folder) throws(RepositoryError) -> StoredModel? {
    var numbers: [Int64] = []
    var common = ContentStamp()
    for entry in try model.entries() {
      guard let status = model.status(entry) else { continue }
      if status.isFolder, let number = RepositoryName.version(entry) {
        numbers.append(number)
      } else if status.isFile, RepositoryName.isValid(entry) {
        common.add(entry, status)
      }
    }
    guard !numbers.isEmpty else { return nil }
    var versions: [StoredVersion] = []
    for number in numbers.sorted() {
      // Between listing and opening, another process may have deleted it.
      guard let folder = try model.folder(String(number)) else { continue }
      versions.append(try describe(folder, number: number, common: common))
    }
    guard let newest = versions.last?.number else { return nil }
    return StoredModel(
      isUnloaded: model.status(unloadedMarker) != nil, versions: versions,
      newestConfiguration: try configuration(of: newest, in: model))
  }

  private static func configuration(
    of number: Int64, in model: Folder
  ) throws(RepositoryError) -> [UInt8]? {
    if let version = try model.folder(String(number)),
      let own = try version.read(
        configurationFile, byteCountMax: VersionFiles.configurationByteCountMax)
    {
      return own
    }
    return try model.read(configurationFile, byteCountMax: VersionFiles.configurationByteCountMax)
  }

  static func describe(
    _ version: Folder, number: Int64, common: ContentStamp
  ) throws(RepositoryError) -> StoredVersion {
    var stamp = common
    var byteCount: UInt64 = 0
    for entry in try version.entries() {
      guard let status = version.status(entry), status.isFile else { continue }
      stamp.add(entry, status)
      byteCount += status.byteCount
    }
    return StoredVersion(number: number, stamp: stamp.value, byteCount: byteCount)
  }

  static func withFiles<Result>(
    _ version: Folder, model: Folder?, _ body: (VersionFiles) throws -> Result
  ) throws -> Result {
    guard version.status(modelFile)?.isFile == true else {
      throw RepositoryError(.incomplete, "expected a file \(modelFile), got none")
    }
    let stored = try describe(version, number: 1, common: ContentStamp())
    // Loaders want a path, and this one can't be led astray: it starts at the open folder.
    let files = VersionFiles(
      modelPath: "/proc/self/fd/\(version.descriptor)/./\(modelFile)",
      byteCount: stored.byteCount
    ) { name, byteCountMax throws(RepositoryError) in
      if let own = try version.read(name, byteCountMax: byteCountMax) { return own }
      return try model?.read(name, byteCountMax: byteCountMax)
    }
    return try withExtendedLifetime(version) { try body(files) }
  }
}

/// A hash over names, sizes, inodes and times of files: equal while nobody touched them.
struct ContentStamp {
  /// FNV-1a, which needs to tell changes apart, not to resist anybody.
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ name: String, _ status: Folder.Status) {
    for byte in name.utf8 { mix(UInt64(byte)) }
    mix(status.inode)
    mix(status.byteCount)
    mix(UInt64(bitPattern: status.modifiedSeconds))
    mix(UInt64(bitPattern: status.modifiedNanoseconds))
  }

  private mutating func mix(_ part: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      value = (value ^ (part >> shift & 0xff)) &* 0x0000_0100_0000_01b3
    }
  }
}
