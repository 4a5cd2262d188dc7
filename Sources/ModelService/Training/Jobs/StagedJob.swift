internal import Crypto
internal import Synchronization

/// A job being received into a hidden folder. The folder is locked while the object lives; one without
/// a lock belongs to a process that is gone, and is swept away.
final class StagedJob: Sendable {
  private struct Received {
    var files: [String: (descriptor: Int32, byteCount: UInt64)] = [:]
    var byteCount: UInt64 = 0
    /// Where the tenant's quota is looked at again.
    var nextCheck: UInt64 = 0
  }

  private let store: JobStore
  private let tenant: String
  private let jobs: Folder
  private let folder: Folder
  private let folderName: String
  private let received = Mutex(Received())
  private static let checkInterval: UInt64 = 64 << 20
  /// Room for the job's last words on a full disk.
  private static let reserveByteCount = 64 << 10

  init(_ store: JobStore, tenant: String, jobs: Folder) throws(RepositoryError) {
    self.store = store
    self.tenant = tenant
    self.jobs = jobs
    try store.checkQuota(tenant, adding: 0, countsNewJob: true)
    folderName = DirectoryRepository.randomName(DirectoryRepository.stagingPrefix)
    try store.step("create the staging folder")
    folder = try jobs.makeFolder(folderName)
    _ = try folder.lock(wait: true)
  }

  deinit {
    received.withLock { for file in $0.files.values { Folder.close(file: file.descriptor) } }
  }

  /// Bytes received of a file; nil when it was not mentioned.
  func byteCount(of file: String) -> UInt64? { received.withLock { $0.files[file]?.byteCount } }

  /// Names of the files received.
  var fileNames: [String] { received.withLock { $0.files.keys.sorted() } }

  /// Appends to a file of data, whose name the caller has checked.
  func append(_ data: ArraySlice<UInt8>, to name: String) throws(RepositoryError) {
    try received.withLock { received throws(RepositoryError) in
      var file: (descriptor: Int32, byteCount: UInt64)
      if let known = received.files[name] {
        file = known
      } else {
        file = (try folder.createFile(name), 0)
      }
      received.files[name] = file
      file.byteCount += UInt64(data.count)
      received.byteCount += UInt64(data.count)
      guard file.byteCount <= store.limits.fileByteCountMax else {
        throw RepositoryError(
          .tooLarge,
          "expected a file of at most \(store.limits.fileByteCountMax) bytes, got more")
      }
      if received.byteCount >= received.nextCheck {
        try store.checkQuota(tenant, adding: received.byteCount, countsNewJob: false)
        received.nextCheck = received.byteCount + Self.checkInterval
      }
      try store.step("write")
      try Folder.write(data, to: file.descriptor)
      received.files[name] = file
    }
  }

  /// Makes the job durable, then visible.
  func commit(_ order: JobOrder, specification: [UInt8]) throws(RepositoryError) -> JobFolder {
    try write([UInt8](repeating: 0, count: Self.reserveByteCount), as: JobFolder.reserveFile)
    try write(specification, as: JobFolder.specificationFile)
    try write(order.bytes, as: JobFolder.orderFile)
    try received.withLock { received throws(RepositoryError) in
      for (name, file) in received.files.sorted(by: { $0.key < $1.key }) {
        try store.step("sync '\(name)'")
        try Folder.sync(file: file.descriptor)
        Folder.close(file: file.descriptor)
        received.files[name] = nil
      }
    }
    try store.step("sync the staging folder")
    try folder.sync()
    // One at a time, so that two jobs of a tenant don't both find the last place free.
    guard let lock = try jobs.folder(".") else {
      throw RepositoryError(.storage, "the folder of jobs was removed meanwhile")
    }
    _ = try lock.lock(wait: true)
    defer { lock.unlock() }
    let byteCount = received.withLock { $0.byteCount } + UInt64(Self.reserveByteCount)
    try store.checkQuota(tenant, adding: byteCount, countsNewJob: true)
    let id = Self.newID()
    try store.step("rename the job into place")
    try jobs.rename(folderName, into: jobs, as: id)
    try store.step("sync the folder of jobs")
    try jobs.sync()
    folder.unlock()
    store.shared.increment()
    return JobFolder(JobKey(tenant: tenant, id: id), folder, step: store.step)
  }

  private func write(_ bytes: [UInt8], as name: String) throws(RepositoryError) {
    try store.step("write '\(name)'")
    let file = try folder.createFile(name)
    defer { Folder.close(file: file) }
    try Folder.write(bytes[...], to: file)
    try Folder.sync(file: file)
  }

  /// Forgets what was received.
  func abort() { jobs.removeTree(folderName) }

  /// Names that nobody can guess and everybody can type.
  private static func newID() -> String { DirectoryRepository.randomName("t") }
}
