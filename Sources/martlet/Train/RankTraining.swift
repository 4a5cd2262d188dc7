internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import RPC
internal import Training

/// Trains in the processes that mpirun or srun started, each with its part of every batch. Rank 0 speaks,
/// keeps the checkpoint, writes the model and serves it; all end with the same exit code.
struct RankTraining {
  var specification: String
  var data: String
  var validation: String?
  var options = SpecificationOptions()
  var threads: Int
  var checkpoint: String?
  /// Where rank 0 writes the model, if anywhere.
  var output: String?
  /// What rank 0 serves the model as, if it does.
  var name: String?
  /// Where the gateway is: rank 0 alone connects.
  var client: ClientOptions
  var report: ReportOptions

  /// Whether this process is one of several that mpirun, or srun with PMIx, started.
  static var isStarted: Bool {
    ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK"].contains { ClientOptions.environment($0) != nil }
  }

  /// Ranks on this machine, as far as whoever started them says.
  private static var neighbourCount: Int {
    if let count = ClientOptions.environment("OMPI_COMM_WORLD_LOCAL_SIZE").flatMap({ Int($0) }) {
      return count
    }
    // "2(x3),1": two on each of three machines, then one.
    let tasks = ClientOptions.environment("SLURM_STEP_TASKS_PER_NODE") ?? ""
    return tasks.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 1
  }

  /// Trains, and ends the process. On a thread of its own, because it waits for other ranks and for the
  /// gateway: of the threads that run async code there may be one only.
  func run() async -> Never {
    let training = self
    Thread.spawn(name: "rank", stackByteCount: 8 << 20) { training.trainAndExit() }
    while true { try? await Task.sleep(for: .seconds(3_600)) }
  }

  private func trainAndExit() -> Never {
    let ranks: MPICollective
    do throws(TrainingError) { ranks = try MPICollective() } catch {
      CommandFailure(.unavailable, error.message).report()
    }
    var code: Int32 = 0
    do throws(TrainingError) { try train(ranks) } catch {
      // Before the others exit, for mpirun ends who is left.
      if ranks.rank == 0 { CommandFailure.tell(error.message) }
      let kind: CommandFailure.Code =
        error.code == .resources || error.code == .cancelled ? .temporary : .badData
      code = kind.rawValue
    }
    fflush(nil)
    ranks.finish()
    exit(code)
  }

  private func train(_ ranks: MPICollective) throws(TrainingError) {
    // srun without PMIx starts processes that know nothing of each other.
    let tasks = ClientOptions.environment("SLURM_STEP_NUM_TASKS").flatMap { Int($0) } ?? 1
    if ranks.size == 1, tasks > 1 {
      throw TrainingError(
        .specification,
        "srun started \(tasks) processes that MPI does not join; use srun "
          + "--mpi=pmix")
    }
    var opened: (request: TrainingRequest, digest: UInt64)?
    var failure: TrainingError?
    var deployment: RankDeployment?
    if ranks.rank == 0, let name {
      do throws(TrainingError) { deployment = try RankDeployment(name, client) } catch {
        failure = error
      }
    }
    try ranks.agree(failure)
    do throws(TrainingError) { opened = try open() } catch { failure = error }
    try ranks.agree(failure)
    guard var request = opened?.request, let digest = opened?.digest else { return }
    try ranks.agree(
      on: digest, otherwise: "has another description, or other data, than rank 0")
    request.collective = ranks
    var goesOn = false
    if let checkpoint {
      let found = try RankCheckpoints(ranks, FileCheckpoints(folder: checkpoint))
      (request.checkpoints, goesOn) = (found, found.isFound)
    }
    var made: (any Trainer)?
    do throws(TrainingError) { made = try Trainers.trainer(for: request) } catch {
      failure = error
    }
    try ranks.agree(failure)
    guard var trainer = made else { return }
    var teller: RankReport?
    if ranks.rank == 0 {
      do throws(TrainingError) { teller = try RankReport(report, name: name, output: output) } catch
      {
        failure = error
      }
    }
    try ranks.agree(failure)
    teller?.say(goesOn ? "goes on from its last checkpoint" : "begins")
    for note in trainer.openingNotes { teller?.say(note) }
    let result = try trainer.run { progress throws(TrainingError) in try teller?.take(progress) }
    if let teller {
      do throws(TrainingError) {
        try teller.finish(result, version: try keep(result, deployment))
      } catch {
        failure = error
      }
    }
    try ranks.agree(failure)
  }

  /// Writes and serves the model; gives the version that is served, 0 if none is.
  private func keep(
    _ result: TrainedModel, _ deployment: RankDeployment?
  ) throws(TrainingError) -> Int64 {
    if let output { try Self.write(result.onnx, to: output) }
    guard let deployment else { return 0 }
    do throws(TrainingError) { return try deployment.deploy(result.onnx) } catch {
      let path = output ?? deployment.name + ".onnx"
      if output == nil { try Self.write(result.onnx, to: path) }
      throw TrainingError(
        error.code,
        "was trained, but not deployed: \(error.message); `martlet model deploy \(path) --name "
          + "\(deployment.name)` tries again")
    }
  }

  private static func write(_ onnx: [UInt8], to path: String) throws(TrainingError) {
    do throws(CommandFailure) { try FileBytes.write(onnx, to: path) } catch {
      throw TrainingError(.resources, error.message)
    }
  }

  /// What is trained, and a number that is the same for the same description and data of the same form.
  private func open() throws(TrainingError) -> (TrainingRequest, UInt64) {
    do {
      let text = try FileBytes.read(specification)
      let value = options.applied(to: try JSONValue(parsing: text[...]))
      let training = try DataFile.open(data, name: data)
      let judged = try validation.map { try DataFile.open($0, name: $0) }
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      let form = "\(training.count) \(training.columns) \(judged?.count ?? 0)"
      for byte in value.serialized() + Array(form.utf8) {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      }
      var request = TrainingRequest(
        specification: value, training: training, validation: judged, threadCount: threads)
      request.availableMemory = AvailableMemory.current()?.shared(by: Self.neighbourCount)
      if let path = try SpecificationOptions.initialModel(of: value) {
        request.initialModel = InitialModel(name: "'\(path)'", path: path)
        for byte in try FileBytes.read(path) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      }
      return (request, hash)
    } catch let error as TrainingError {
      throw error
    } catch let error as CommandFailure {
      throw TrainingError(.data, error.message)
    } catch {
      throw TrainingError(.specification, "'\(specification)': \(error)")
    }
  }
}

/// The newest checkpoint as a file of a folder: written beside, made durable, then renamed.
private struct FileCheckpoints: CheckpointStore {
  let folder: String
  private var path: String { folder + "/checkpoint" }

  init(folder: String) { self.folder = folder }

  private func failed(_ what: String) -> TrainingError {
    TrainingError(
      .resources, "cannot \(what) '\(path)': \(String(cString: strerror(errno)))")
  }

  func load() throws(TrainingError) -> [UInt8]? {
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw failed("make the folder of") }
    guard access(path, F_OK) == 0 else { return nil }
    do throws(CommandFailure) { return try FileBytes.read(path) } catch {
      throw TrainingError(.resources, error.message)
    }
  }

  func save(_ bytes: [UInt8]) throws(TrainingError) {
    let temporary = path + ".new"
    let file = Glibc.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw failed("write") }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0, errno != EINTR { break }
      written += max(count, 0)
    }
    let isDurable = written == bytes.count && fsync(file) == 0
    guard close(file) == 0, isDurable, rename(temporary, path) == 0 else {
      let error = failed("write")
      unlink(temporary)
      throw error
    }
    let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }
}
