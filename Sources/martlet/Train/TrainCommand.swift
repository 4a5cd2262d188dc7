internal import ArgumentParser
internal import Protocols
internal import RPC
internal import Training

/// `martlet train`: trains a model on the service, and looks after trainings.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on data; when done, the new version is served.",
    usage: """
      martlet train SPEC.json --data FILE [--validation FILE] --name N [OPTION…] \
      (`martlet train run --help` lists them)
      martlet train SUBCOMMAND
      """,
    discussion: """
      SPEC.json describes the model and how to train it: a Keras model (`model.to_json()`) with \
      compile and fit, or an estimator of scikit-learn such as \
      {"class_name": "Ridge", "fit": {"target": "price"}} (docs/training.md). \
      The training goes on at the service whatever happens here: Ctrl-C lets go of it, \
      `martlet train watch ID` shows it again, `martlet train cancel ID` ends it. One that failed or was \
      cancelled goes on from its last checkpoint with `martlet train resume ID`.

      The exit code is 0 when it finished, 65 when the description or the data are wrong or the \
      loss left the finite numbers, 75 when it can be resumed, and 130 after Ctrl-C.
      """,
    subcommands: [
      Run.self, List.self, Show.self, Watch.self, Cancel.self, Resume.self, Delete.self,
      Fetch.self,
    ], defaultSubcommand: Run.self)

  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Train: what happens without a subcommand.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The description: a JSON file.") var specification: String
    @Option(help: "Examples to learn from: .npz, .npy or .csv.") var data: String
    @Option(help: "Examples to judge by only.") var validation: String?
    @Option(help: "The model's name; its next version is what is trained.") var name: String?
    @Flag(
      help: """
        Train in the processes that mpirun or srun --mpi=pmix started, without a service (the same without \
        this flag, where these have left their mark in the environment).
        """)
    var mpi = false
    @Option(help: "With MPI: the folder of the checkpoint to go on from, and to keep.")
    var checkpoint: String?
    @Option(help: "With MPI: where rank 0 writes the model, .onnx, beside serving it or instead.")
    var output: String?
    @Option(help: "The column or array to learn, instead of the description's.") var target: String?
    @Option(
      help: """
        The model whose weights a network begins with, layer by layer of the same name: MODEL or \
        MODEL:VERSION of the service, or an .onnx file.
        """)
    var from: String?
    @Option(
      help:
        "Processes that compute gradients of a network, instead of the description's distribute.")
    var workers: UInt32 = 0
    @Option(help: "With workers: processes that hold the parameters.") var servers: UInt32 = 0
    @Option(help: "With workers: synchronous, asynchronous or bounded.") var mode: String?
    @Option(help: "With workers: how gradients travel: none, fp16, bf16 or top_k.")
    var compression: String?
    @Option(help: "Threads; default: as many as the service allows.") var threads: UInt32 = 0
    @Option(help: "The seed, instead of the description's: the same one gives the same model.")
    var seed: UInt64?
    @Flag(help: "Print the training's id and leave it to the service.") var detach = false
    @Flag(help: "Keep the model without serving it: `martlet train fetch` reads it.")
    var noDeploy = false
    @OptionGroup var report: ReportOptions

    func run() async throws {
      if mpi || RankTraining.isStarted { try await trainAsRank() }
      guard checkpoint == nil, output == nil else {
        throw CommandFailure(
          .usage, "--checkpoint and --output are for training with MPI; run the command with mpirun"
        )
      }
      guard let name else {
        throw CommandFailure(.usage, "expected --name N, the name of the model to serve")
      }
      let specification = String(
        decoding: try FileBytes.read(specification), as: UTF8.self)
      var upload = TrainingUpload(model: name, specification: specification)
      if let seed { upload.options.givenSeed = .seed(seed) }
      upload.options.target = target ?? ""
      (upload.options.workers, upload.options.threads) = (workers, threads)
      upload.options.servers = servers
      (upload.options.mode, upload.options.compression) = (mode ?? "", compression ?? "")
      upload.options.noDeploy = noDeploy
      if let from {
        let isFile = from.hasSuffix(".onnx")
        // The service needs no path of this machine.
        upload.options.initialModel =
          isFile
          ? String(
            from[(from.lastIndex(of: "/").map { from.index(after: $0) } ?? from.startIndex)...])
          : from
        if isFile { try upload.addInitial(from) }
      }
      try upload.add("training", data)
      if let validation { try upload.add("validation", validation) }
      let connection = try options.connect()
      let job = try await upload.send(connection)
      if detach {
        if report.json { return try Output.json(TrainingRow(job)) }
        print(job.id)
        return
      }
      try await report.follow(job, connection, defaultLog: "\(name).training.jsonl")
    }

    private func trainAsRank() async throws -> Never {
      guard workers == 0, servers == 0, mode == nil, compression == nil else {
        throw CommandFailure(
          .usage,
          "--workers, --servers, --mode and --compression are for a service's processes; mpirun has its "
            + "ranks")
      }
      guard name != nil || output != nil, !detach, !(noDeploy && output == nil) else {
        throw CommandFailure(
          .usage,
          "expected --name N to serve the model, --output FILE.onnx to keep it, or both, and no --detach with "
            + "MPI: the training is these processes")
      }
      await RankTraining(
        specification: specification, data: data, validation: validation,
        options: SpecificationOptions(seed: seed, target: target, initialModel: from),
        threads: Int(max(1, threads)), checkpoint: checkpoint, output: output,
        name: noDeploy ? nil : name, client: options, report: report
      ).run()
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the tenant's trainings.")
    @OptionGroup var options: ClientOptions
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      let response: MartletV1.ListTrainingsResponse = try await options.connect().call(
        "/martlet.v1.Training/List", MartletV1.ListTrainingsRequest())
      let rows = response.jobs.map { TrainingRow($0) }
      if json { return try Output.json(rows) }
      Output.table(
        ["ID", "MODEL", "STATE", "VERSION", "CREATED", "BYTES", "MESSAGE"],
        rows.map {
          [
            $0.id, $0.model, $0.state, $0.version == 0 ? "-" : String($0.version), $0.created,
            String($0.bytes), $0.message,
          ]
        })
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show how far a training is, and what it gave.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The training.") var id: String
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      var request = MartletV1.GetTrainingRequest()
      request.id = id
      let response: MartletV1.GetTrainingResponse = try await options.connect().call(
        "/martlet.v1.Training/Get", request)
      try TrainingRow(response.job ?? .init()).show(asJSON: json)
    }
  }

  struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Follow a training to its end, from its beginning.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The training.") var id: String
    @OptionGroup var report: ReportOptions

    func run() async throws {
      let connection = try options.connect()
      var request = MartletV1.GetTrainingRequest()
      request.id = id
      let response: MartletV1.GetTrainingResponse = try await connection.call(
        "/martlet.v1.Training/Get", request)
      try await report.follow(response.job ?? .init(), connection, defaultLog: nil)
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a training at its next step; it can be resumed.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The training.") var id: String

    func run() async throws {
      var request = MartletV1.CancelTrainingRequest()
      request.id = id
      let response: MartletV1.CancelTrainingResponse = try await options.connect().call(
        "/martlet.v1.Training/Cancel", request)
      print("\(id) \(TrainingRow(response.job ?? .init()).state)")
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a training go on that failed or was cancelled, from its last checkpoint.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The training.") var id: String

    func run() async throws {
      var request = MartletV1.ResumeTrainingRequest()
      request.id = id
      let response: MartletV1.ResumeTrainingResponse = try await options.connect().call(
        "/martlet.v1.Training/Resume", request)
      print("\(id) \(TrainingRow(response.job ?? .init()).state)")
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a training with its data; what was deployed stays.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The training.") var id: String

    func run() async throws {
      var request = MartletV1.DeleteTrainingRequest()
      request.id = id
      let _: MartletV1.DeleteTrainingResponse = try await options.connect().call(
        "/martlet.v1.Training/Delete", request)
    }
  }

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read the trained model as an ONNX file.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The training.") var id: String
    @Option(help: "Where to write it.") var output: String

    func run() async throws {
      var request = MartletV1.FetchTrainedModelRequest()
      request.id = id
      let connection = try options.connect()
      let parts: ResponseStream<MartletV1.FetchTrainedModelResponse> =
        try await connection.client.serverStreaming(
          "/martlet.v1.Training/FetchModel", request, metadata: connection.metadata,
          deadline: connection.deadline)
      var bytes: [UInt8] = []
      while let part = try await parts.next() { bytes += part.data }
      try FileBytes.write(bytes, to: output)
    }
  }
}
