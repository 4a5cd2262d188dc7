internal import Glibc
internal import JSON
internal import Training
internal import TrainingCluster

/// Whose job, and which.
struct JobKey: Sendable, Hashable {
  var tenant: String
  var id: String
}

/// One job: a folder that holds all that is known about it, so that any process that shares the
/// repository can answer for it or go on with it.
///
/// `job.json` and `spec.json` are written once. Every other file is replaced whole, by rename, or
/// appended to. Whoever has the folder's lock computes the job, and alone writes its state.
final class JobFolder: Sendable {
  static let orderFile = "job.json"
  static let specificationFile = "spec.json"
  static let stateFile = "state.json"
  static let logFile = "log.jsonl"
  static let checkpointFile = "checkpoint"
  static let resultFile = "model.onnx"
  /// The model that it began with, from the moment on at which the job was made.
  static let initialFile = "initial.onnx"
  static let resultStateFile = "result.json"
  static let versionFile = "version"
  static let cancelMark = "cancel"
  /// Room that is given up when a full disk would keep the end of the job from being written.
  static let reserveFile = "reserve"
  /// Of the processes that share a training.
  static let clusterFolder = "cluster"
  static let temporaryPrefix = ".tmp-"

  let key: JobKey
  let folder: Folder
  private let step: DirectoryRepository.StepHook

  init(_ key: JobKey, _ folder: Folder, step: @escaping DirectoryRepository.StepHook) {
    self.key = key
    self.folder = folder
    self.step = step
  }

  /// What it was asked to do.
  func order() throws(RepositoryError) -> JobOrder {
    guard let bytes = try folder.read(Self.orderFile, byteCountMax: 1 << 16) else {
      throw RepositoryError(.notFound, "the training was deleted meanwhile")
    }
    return try JobOrder(bytes: bytes)
  }

  /// How far it is.
  func state() throws(RepositoryError) -> JobState {
    JobState(bytes: try folder.read(Self.stateFile, byteCountMax: 1 << 20) ?? [])
  }

  /// Whether somebody asked for its end.
  var isCancelRequested: Bool { folder.status(Self.cancelMark) != nil }

  /// Whether it was deleted while it is held here.
  var isDeleted: Bool { folder.status(Self.orderFile) == nil }

  /// Bytes of all its files.
  var byteCount: UInt64 {
    let names = (try? folder.entries()) as [String]? ?? []
    return names.reduce(0) { $0 + (folder.status($1)?.byteCount ?? 0) }
  }

  /// A path that opens one of its files, as long as this object lives.
  func path(_ name: String) -> String { "/proc/self/fd/\(folder.descriptor)/\(name)" }

  /// Takes the job for this process; false when another has it.
  func lock() throws(RepositoryError) -> Bool { try folder.lock(wait: false) }

  /// The same, but not put off by somebody who only looks whether it is taken, which takes microseconds.
  func lockDespiteLooks() throws(RepositoryError) -> Bool {
    for _ in 0..<5 {
      if try lock() { return true }
      Folder.pause()
    }
    return false
  }

  /// Gives it back.
  func unlock() { folder.unlock() }

  /// Whether some process computes it.
  var isHeld: Bool { folder.isLocked }
}

extension JobFolder {
  /// Replaces a file in one step, down to the disk. The last one stays if this fails.
  func replace(_ name: String, _ bytes: [UInt8]) throws(RepositoryError) {
    let temporary = DirectoryRepository.randomName(Self.temporaryPrefix)
    do {
      try step("create '\(name)'")
      let file = try folder.createFile(temporary)
      defer { Folder.close(file: file) }
      try step("write '\(name)'")
      try Folder.write(bytes[...], to: file)
      try step("sync '\(name)'")
      try Folder.sync(file: file)
      try step("rename '\(name)'")
      try folder.rename(temporary, into: folder, as: name)
    } catch {
      if error.code != .interrupted { _ = try? folder.removeFile(temporary) }
      throw error
    }
    try step("sync the folder of '\(name)'")
    try folder.sync()
  }

  /// Writes how far it is. If the disk is full, the reserve makes room for it.
  func write(_ state: JobState) throws(RepositoryError) {
    do {
      try replace(Self.stateFile, state.bytes)
    } catch {
      guard error.code == .full, try folder.removeFile(Self.reserveFile) else { throw error }
      try replace(Self.stateFile, state.bytes)
    }
  }

  /// Asks for its end, for all processes.
  func requestCancel() throws(RepositoryError) {
    if isCancelRequested { return }
    try replace(Self.cancelMark, [])
  }

  /// Lets a job that has ended go on from its last checkpoint. The caller has the lock.
  func reopen() throws(RepositoryError) {
    try step("remove the mark")
    try folder.removeFile(Self.cancelMark)
    try folder.sync()
    var state = JobState()
    state.kind = .waiting
    try write(state)
  }

  /// Removes what a process left behind that died while it wrote.
  func sweep() throws(RepositoryError) {
    for name in try folder.entries() where name.hasPrefix(Self.temporaryPrefix) {
      try folder.removeFile(name)
    }
  }

  /// Removes what nobody needs once the job is done: its data, the model it began with and its checkpoint.
  func removeInputs(_ order: JobOrder) {
    for name in [
      order.trainingFile, order.validationFile, Self.initialFile, Self.checkpointFile,
      Self.reserveFile,
    ] {
      if let name { _ = try? folder.removeFile(name) }
    }
    folder.removeTree(Self.clusterFolder)
  }

  /// Starts the processes of a training that is shared among several. They join by a folder of the job, where
  /// nobody else's can read.
  func cluster(
    _ order: JobOrder, _ specification: JSONValue, threadCount: Int, limits: TrainingLimits
  ) throws(TrainingError) -> @Sendable (ClusterPlan) throws(TrainingError) -> any ClusterControl {
    // Other processes open the folder by its name.
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/fd/\(folder.descriptor)", &buffer, buffer.count - 1)
    guard length > 0 else {
      throw TrainingError(.resources, "the training's folder has no name any more")
    }
    let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var task = ProcessCluster.Task(
      specification: specification, training: order.trainingFile, threadCount: threadCount,
      folder: "\(path)/\(Self.clusterFolder)", host: limits.nodeHost ?? "127.0.0.1")
    task.nodeCountMax = limits.nodeCountMax
    task.mayStartElsewhere = limits.nodeHost != nil
    let made = task
    return { [self] plan throws(TrainingError) in
      // What a process left that was killed.
      folder.removeTree(Self.clusterFolder)
      return try ProcessCluster(made, plan)
    }
  }
}

/// The checkpoints of one job: one file, replaced whole.
final class JobCheckpoints: CheckpointStore {
  private let job: JobFolder
  private let saved: @Sendable () -> Void
  /// Larger than any model that fits the service.
  private static let byteCountMax = 16 << 30

  /// `saved` is told of each that is on the disk.
  init(_ job: JobFolder, saved: @escaping @Sendable () -> Void) {
    self.job = job
    self.saved = saved
  }

  func save(_ bytes: [UInt8]) throws(TrainingError) {
    do {
      try job.replace(JobFolder.checkpointFile, bytes)
    } catch {
      throw TrainingError(job: error, what: "a checkpoint could not be written")
    }
    saved()
  }

  func load() throws(TrainingError) -> [UInt8]? {
    do {
      return try job.folder.read(JobFolder.checkpointFile, byteCountMax: Self.byteCountMax)
    } catch {
      throw TrainingError(job: error, what: "the checkpoint could not be read")
    }
  }
}

extension TrainingError {
  /// What the disk refused, as a sentence for the job's owner.
  init(job error: RepositoryError, what: String) {
    self.init(
      .resources,
      error.code == .full
        ? "\(what): the service's disk is full. Delete trainings or versions that are not needed, "
          + "then resume this one; its last checkpoint is intact"
        : "\(what): \(error.message). Its last checkpoint is intact: resume it")
  }
}
