internal import Crypto

/// Models in `ROOT/TENANT/MODEL/VERSION/model.onnx`, with `config.pbtxt` and label files beside the
/// model file or, for all versions, one level above. What a load put in force for a while lies in
/// `MODEL/.override-N`, laid out in the same way.
///
/// A deployment stores its configuration with the version, so that one rename makes model and
/// configuration visible together. Folders that begin with a dot are the repository's own.
public final class DirectoryRepository: ModelRepository {
  /// Told before every step that a crash could separate from the next; tests throw from it.
  typealias StepHook = @Sendable (_ step: String) throws(RepositoryError) -> Void

  /// What a version's model may be called: its kind.
  static let modelFiles = ["model.onnx", "model.gguf"]
  /// What a version has instead whose model is a folder of Hugging Face. Others may have one too.
  static let folderFile = "config.json"
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
    return try ModelFolder(model).stored()
  }

  /// Lends one version's files to `body`.
  public func withVersion<Result>(
    _ key: ModelKey, _ number: Int64, _ body: (VersionFiles) throws -> Result
  ) throws -> Result? {
    guard let model = try modelFolder(key) else { return nil }
    return try ModelFolder(model).withVersion(number, body)
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
