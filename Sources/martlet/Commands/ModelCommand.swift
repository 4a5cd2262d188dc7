internal import ArgumentParser
internal import Protocols
internal import RPC

/// `martlet model`: manages models; with `--config` it is the role itself.
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Deploy, list, show, load, unload and delete models; or run the role.",
    subcommands: [
      Deploy.self, List.self, Show.self, Load.self, Unload.self, Delete.self,
      ModelServiceCommand.self,
    ], defaultSubcommand: ModelServiceCommand.self)

  struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Store a model as a new version and load it.",
      discussion: """
        FILE is an .onnx or .gguf file. DIR holds model.onnx or model.gguf and, if wanted, config.pbtxt and label files; or \
        it is a language model as Hugging Face's libraries save it: config.json, tokenizer.json and model.safetensors, or \
        the files of model.safetensors.index.json; nothing else in it is sent. The version appears whole or not at all.
        """)
    @OptionGroup var options: ClientOptions
    @Argument(help: "An .onnx or .gguf file, or a model's folder.") var path: String
    @Option(help: "The model's name.") var name: String
    @Option(
      parsing: .unconditional, help: "The version's number; default: one more than the newest.",
      transform: Number.whole) var version: Int64 = 0
    @Option(
      help: """
        What the weights of a language model become that are F32, F16 or BF16: q8_0, q4_K, or none: they stay.
        """)
    var quantize: String?
    @Option(help: "How a language model keeps keys and values: f16 or q8_0.") var kvCache: String?
    @Flag(help: "With an administrator's key: every tenant may use the language model.")
    var shared = false

    func run() async throws {
      var files = try ModelFiles(path)
      if let quantize { try files.quantize(quantize) }
      if let kvCache { try files.set("kv_cache_type", kvCache, for: "--kv-cache") }
      if shared { try files.set("shared", "true", for: "--shared") }
      let response = try await options.connect().deploy(files.files, name: name, version: version)
      print("\(Output.safe(response.name)) version \(response.version)")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the tenant's models.")
    @OptionGroup var options: ClientOptions
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      let response: MartletV1.ListModelsResponse = try await options.connect().call(
        "/martlet.v1.Models/ListModels", MartletV1.ListModelsRequest())
      let rows = response.models.map { ModelRow($0) }
      if json { return try Output.json(rows) }
      Output.table(
        ["MODEL", "VERSION", "STATE", "PLATFORM", "BYTES"],
        rows.flatMap { model in
          model.versions.map {
            [model.name, String($0.version), $0.state, model.platform, String($0.bytes)]
          }
        })
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a model's versions, inputs and outputs.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The model.") var name: String
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      var request = MartletV1.ShowModelRequest()
      request.name = name
      let response: MartletV1.ShowModelResponse = try await options.connect().call(
        "/martlet.v1.Models/ShowModel", request)
      let row = ModelRow(response.model ?? .init())
      if json { return try Output.json(row) }
      print(
        Output.safe("\(row.name) (\(row.platform)), largest batch \(row.maxBatchSize)"))
      for version in row.versions {
        print(Output.safe("  version \(version.version)  \(version.state)  \(version.reason)"))
      }
      for (title, tensors) in [("inputs", row.inputs), ("outputs", row.outputs)] {
        print("  \(title)")
        for tensor in tensors {
          print(Output.safe("    \(tensor.name)  \(tensor.datatype) \(tensor.shape)"))
        }
      }
    }
  }

  struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Load a model that was unloaded.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The model.") var name: String

    func run() async throws {
      var request = MartletV1.LoadModelRequest()
      request.name = name
      let _: MartletV1.LoadModelResponse = try await options.connect().call(
        "/martlet.v1.Models/LoadModel", request)
    }
  }

  struct Unload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop serving a model; it stays stored.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The model.") var name: String

    func run() async throws {
      var request = MartletV1.UnloadModelRequest()
      request.name = name
      let _: MartletV1.UnloadModelResponse = try await options.connect().call(
        "/martlet.v1.Models/UnloadModel", request)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a model, or one of its versions, for good.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The model.") var name: String
    @Option(parsing: .unconditional, help: "Only this version.", transform: Number.whole)
    var version: Int64 = 0

    func run() async throws {
      var request = MartletV1.DeleteModelRequest()
      (request.name, request.version) = (name, version)
      let _: MartletV1.DeleteModelResponse = try await options.connect().call(
        "/martlet.v1.Models/DeleteModel", request)
    }
  }
}

/// A model as commands print it.
private struct ModelRow: Encodable {
  struct Version: Encodable {
    var version: Int64
    var state, reason: String
    var bytes: UInt64
  }
  struct Tensor: Encodable {
    var name, datatype: String
    var shape: [Int64]
  }

  var name, platform: String
  var versions: [Version]
  var inputs, outputs: [Tensor]
  var maxBatchSize: Int32

  init(_ model: MartletV1.ModelInfo) {
    (name, platform, maxBatchSize) = (model.name, model.platform, model.maxBatchSize)
    versions = model.versions.map {
      Version(version: $0.version, state: $0.state, reason: $0.reason, bytes: $0.byteSize)
    }
    let tensor = { (info: MartletV1.TensorInfo) in
      Tensor(name: info.name, datatype: info.datatype, shape: info.shape)
    }
    inputs = model.inputs.map(tensor)
    outputs = model.outputs.map(tensor)
  }
}
