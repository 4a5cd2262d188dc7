internal import Crypto

/// The jobs of all tenants: folders `TENANT/.training/ID` beside the tenant's models.
///
/// The directory is the truth. A job that no process has locked is anybody's who has time for it.
final class JobStore: Sendable {
  static let folderName = ".training"

  let limits: TrainingLimits
  /// Grows with every change that another process should look at.
  let shared: SharedGeneration
  private let root: Folder
  let step: DirectoryRepository.StepHook

  /// Opens the jobs of a repository and clears away what dead processes left half done.
  init(
    path: String, limits: TrainingLimits,
    step: @escaping DirectoryRepository.StepHook = { _ throws(RepositoryError) in }
  ) throws(RepositoryError) {
    root = try Folder(root: path)
    shared = try SharedGeneration(root, name: ".training-generation")
    self.limits = limits
    self.step = step
    try sweep()
    // A process that died before it said what it had changed said nothing; now it is said.
    shared.increment()
  }

  /// Every tenant that has trained something, sorted.
  func tenants() throws(RepositoryError) -> [String] {
    var found: [String] = []
    for name in try root.entries() {
      if case .some = try jobsFolder(name) { found.append(name) }
    }
    return found
  }

  /// A tenant's jobs, in no order.
  func jobs(of tenant: String) throws(RepositoryError) -> [JobFolder] {
    guard let jobs = try jobsFolder(tenant) else { return [] }
    var found: [JobFolder] = []
    for id in try jobs.entries() where RepositoryName.isValid(id) {
      // It may have been deleted since it was listed.
      guard let folder = try jobs.folder(id) else { continue }
      found.append(JobFolder(JobKey(tenant: tenant, id: id), folder, step: step))
    }
    return found
  }

  /// One job, nil when the tenant has none of that name.
  func job(_ key: JobKey) throws(RepositoryError) -> JobFolder? {
    guard RepositoryName.isValid(key.id), let folder = try jobsFolder(key.tenant)?.folder(key.id)
    else { return nil }
    return JobFolder(key, folder, step: step)
  }

  /// Begins to receive a job of a tenant.
  func stage(_ tenant: String) throws(RepositoryError) -> StagedJob {
    guard RepositoryName.isValid(tenant) else {
      throw RepositoryError(.invalidName, "expected a tenant's name")
    }
    try step("create the folder of jobs")
    let jobs = try root.makeFolder(tenant).makeFolder(Self.folderName)
    return try StagedJob(self, tenant: tenant, jobs: jobs)
  }

  /// Removes a job for good, in one step. Whoever computes it notices.
  func delete(_ key: JobKey) throws(RepositoryError) {
    guard let jobs = try jobsFolder(key.tenant), let job = try job(key) else { return }
    let trash = DirectoryRepository.randomName(DirectoryRepository.trashPrefix)
    try step("rename to trash")
    try jobs.rename(key.id, into: jobs, as: trash)
    try step("sync the folder of jobs")
    try jobs.sync()
    // What computes it finds no order any more.
    _ = try job.folder.removeFile(JobFolder.orderFile)
    try step("empty the trash")
    jobs.removeTree(trash)
    shared.increment()
  }

  /// Refuses a further job, or further bytes, of a tenant that has its share. Open jobs are those that
  /// have not ended.
  func checkQuota(
    _ tenant: String, adding byteCount: UInt64, countsNewJob: Bool
  ) throws(RepositoryError) {
    var (total, count, openCount) = (byteCount, 0, 0)
    for job in try jobs(of: tenant) {
      total += job.byteCount
      count += 1
      if try !job.state().isEnded { openCount += 1 }
    }
    guard total <= limits.tenantByteCountMax else {
      throw RepositoryError(
        .tooLarge,
        "expected trainings of at most \(limits.tenantByteCountMax) bytes together, got more: delete "
          + "some that are not needed")
    }
    guard countsNewJob else { return }
    guard count < limits.tenantJobCountMax else {
      throw RepositoryError(
        .tooLarge,
        "expected at most \(limits.tenantJobCountMax) trainings, got one more: delete some that have "
          + "ended")
    }
    guard openCount < limits.tenantOpenJobCountMax else {
      throw RepositoryError(
        .tooLarge,
        "expected at most \(limits.tenantOpenJobCountMax) trainings that wait or run, got one more: "
          + "come back when one has ended")
    }
  }

  private func jobsFolder(_ tenant: String) throws(RepositoryError) -> Folder? {
    guard RepositoryName.isValid(tenant) else { return nil }
    return try root.folder(tenant)?.folder(Self.folderName)
  }

  /// Removes staging folders whose process is gone, and trash.
  private func sweep() throws(RepositoryError) {
    for tenant in try root.entries() {
      guard let jobs = try jobsFolder(tenant) else { continue }
      for entry in try jobs.entries() {
        if entry.hasPrefix(DirectoryRepository.trashPrefix) {
          jobs.removeTree(entry)
        } else if entry.hasPrefix(DirectoryRepository.stagingPrefix),
          let staging = try jobs.folder(entry), try staging.lock(wait: false)
        {
          jobs.removeTree(entry)
        }
      }
    }
  }
}
