internal import FoundationEssentials
internal import Glibc
internal import JSON
internal import Training

/// Trains in the processes that mpirun or srun started, each with its part of every batch. Rank 0 speaks,
/// keeps the checkpoint and writes the model; all end with the same exit code.
struct RankTraining {
  var specification: String
  var data: String
  var validation: String?
  var options = SpecificationOptions()
  var threads: Int
  var checkpoint: String?
  var output: String
  var printsTable = true

  /// Whether this process is one of several that mpirun, or srun with PMIx, started.
  static var isStarted: Bool {
    ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK"].contains { ClientOptions.environment($0) != nil }
  }

  func run() throws -> Never {
    let ranks: MPICollective
    do throws(TrainingError) { ranks = try MPICollective() } catch {
      throw CommandFailure(.unavailable, error.message)
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
    do throws(TrainingError) { opened = try open() } catch { failure = error }
    try ranks.agree(failure)
    guard var request = opened?.request, let digest = opened?.digest else { return }
    try ranks.agree(
      on: digest, otherwise: "has another description, or other data, than rank 0")
    request.collective = ranks
    if let checkpoint {
      request.checkpoints = try RankCheckpoints(ranks, FileCheckpoints(folder: checkpoint))
    }
    var made: (any Trainer)?
    do throws(TrainingError) { made = try Trainers.trainer(for: request) } catch {
      failure = error
    }
    try ranks.agree(failure)
    guard var trainer = made else { return }
    let result = try trainer.run { progress throws(TrainingError) in
      guard ranks.rank == 0, progress.endsEpoch, printsTable else { return }
      let metrics = progress.metrics.map { "\($0.name) \(Output.fixed($0.value, 5))" }
      print(
        "epoch \(progress.epoch)/\(progress.epochCount): \(metrics.joined(separator: ", ")), "
          + "\(Output.fixed(progress.examplesPerSecond, 0)) examples/s")
      fflush(nil)
    }
    if ranks.rank == 0 {
      do throws(CommandFailure) { try FileBytes.write(result.onnx, to: output) } catch {
        failure = TrainingError(.resources, error.message)
      }
      for note in result.notes { print(note) }
    }
    try ranks.agree(failure)
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
      let request = TrainingRequest(
        specification: value, training: training, validation: judged, threadCount: threads)
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
