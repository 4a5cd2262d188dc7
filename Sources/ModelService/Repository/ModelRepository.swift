/// Where models live: folders of versions per tenant and model. The directory is one
/// implementation; an object store can be another.
///
/// Every call may block and may be made from any thread. What a mutating call acknowledges by
/// returning is durable, and every process that shares the repository sees it at its next look at
/// ``generation``.
public protocol ModelRepository: Sendable {
  /// Grows with every change, whoever made it; costs one load from memory.
  var generation: UInt64 { get }

  /// The models of a tenant, sorted; empty for a tenant that has none.
  func models(of tenant: String) throws(RepositoryError) -> [String]

  /// Every tenant that has a folder, sorted.
  func tenants() throws(RepositoryError) -> [String]

  /// What is stored for a model, or nil when there is nothing.
  func stored(_ key: ModelKey) throws(RepositoryError) -> StoredModel?

  /// Lends one version's files to `body`, nil when the version does not exist.
  func withVersion<Result>(
    _ key: ModelKey, _ number: Int64, _ body: (VersionFiles) throws -> Result
  ) throws -> Result?

  /// Starts to receive a version.
  func stage(_ key: ModelKey, limits: DeployLimits) throws(RepositoryError) -> any StagedVersion

  /// Serves a model, for all processes, as `override` says, until the next `setUnloaded`, override
  /// or deployment. `check` gets what would be served, before it is: what it throws stops the change.
  func override(
    _ key: ModelKey, with override: ModelOverride, limits: DeployLimits,
    check: (OverrideCandidate) throws -> Void
  ) throws -> StoredModel

  /// Says what is wanted of a model, for all processes: unloaded, or served as deployed.
  func setUnloaded(_ isUnloaded: Bool, _ key: ModelKey) throws(RepositoryError)

  /// Removes one version, or the model with all of them when `number` is nil.
  func delete(_ key: ModelKey, version number: Int64?) throws(RepositoryError)
}

/// A model's name together with its owner: what every map of models is keyed by.
public struct ModelKey: Sendable, Hashable, Comparable {
  /// Whose model it is.
  public var tenant: String
  /// What the tenant calls it.
  public var name: String

  /// A key by its parts.
  public init(tenant: String, name: String) {
    self.tenant = tenant
    self.name = name
  }

  /// By tenant, then by name.
  public static func < (left: ModelKey, right: ModelKey) -> Bool {
    (left.tenant, left.name) < (right.tenant, right.name)
  }
}

/// What the repository holds of one model.
public struct StoredModel: Sendable, Equatable {
  /// Somebody asked for the model to be unloaded.
  public var isUnloaded: Bool
  /// In ascending order of their numbers.
  public var versions: [StoredVersion]
  /// The configuration of the newest version, which decides which versions are served.
  public var newestConfiguration: WrittenConfiguration?
}

/// What the repository holds of one version.
public struct StoredVersion: Sendable, Equatable {
  /// The folder's name.
  public var number: Int64
  /// Changes whenever the content does.
  public var stamp: UInt64
  /// Bytes of all its files.
  public var byteCount: UInt64
}

/// What would be served with an override that is not in force yet.
public struct OverrideCandidate {
  /// The versions, with the override's configuration.
  public let stored: StoredModel
  private let folder: ModelFolder

  init(_ folder: ModelFolder, _ stored: StoredModel) {
    self.folder = folder
    self.stored = stored
  }

  /// Lends one version's files to `body`, nil when the version does not exist.
  public func withVersion<Result>(
    _ number: Int64, _ body: (VersionFiles) throws -> Result
  ) throws -> Result? {
    try folder.withVersion(number, body)
  }
}

/// A version received file by file: it appears in the repository whole, or not at all.
public protocol StagedVersion: AnyObject, Sendable {
  /// Appends to a file of the version.
  func append(_ data: ArraySlice<UInt8>, to path: String) throws(RepositoryError)

  /// Takes over `config.pbtxt` and label files of the newest version where none were sent.
  func inheritConfiguration() throws(RepositoryError)

  /// Lends the files received so far to `body`, to check them.
  func withFiles<Result>(_ body: (VersionFiles) throws -> Result) throws -> Result

  /// Makes the version durable, then visible. 0 stands for one more than the newest.
  func commit(version number: Int64) throws(RepositoryError) -> StoredVersion

  /// Forgets what was received.
  func abort()
}

/// How much one deployment may bring.
public struct DeployLimits: Sendable, Hashable {
  /// Bytes of all files together.
  public var byteCountMax: UInt64 = 4 << 30
  /// Bytes of one file.
  public var fileByteCountMax: UInt64 = 2 << 30
  /// Files.
  public var fileCountMax = 64

  /// The defaults.
  public init() {}
}
