internal import Compute
internal import JSON
internal import ModelFormats
internal import Protocols
internal import RPC
internal import Testing
internal import Training

@testable import ModelService

/// Which model a training begins with is settled when the job is made.
@Suite struct InitialModelTests {
  let folder = TemporaryFolder()

  /// An ONNX file with one weight.
  private static func file(_ value: Float) throws -> [UInt8] {
    try ONNX.write(
      Graph(
        nodes: [Node(opType: "Add", inputs: ["x", "d/bias"], outputs: ["y"])],
        inputs: [Graph.Value(name: "x", dataType: .fp32, shape: [1])],
        outputs: [Graph.Value(name: "y", dataType: .fp32, shape: [1])],
        initializers: ["d/bias": Tensor(fp32: [value], shape: [1])], opsets: ["": 21]))
  }

  private func store(_ versions: [Int], tenant: String = "acme") throws {
    for version in versions {
      folder.write(
        "\(tenant)/digits/\(version)/model.onnx", try Self.file(Float(version)))
    }
  }

  private static func specification(_ initial: String) -> String {
    #"{"epochs": 3, "fit": {"initial_model": "\#(initial)"}}"#
  }

  private static func isUnknown(_ error: any Error, _ name: String) -> Bool {
    guard let error = error as? RPCError else { return false }
    return error.code == .notFound && error.message == "the initial model '\(name)' is not found"
  }

  private func bytes(_ name: String) throws -> [UInt8] { try readAll("\(folder.path)/\(name)") }

  private func specification(of job: JobFolder) throws -> JSONValue {
    try JSONValue(parsing: bytes("acme/.training/\(job.key.id)/spec.json")[...])
  }

  @Test(arguments: [("digits", 3), ("digits:3", 3), ("digits:1", 1)])
  func theVersionIsSettledAndCopied(_ given: String, _ version: Int) throws {
    try store([1, 3])
    let fixture = try TrainingFixture(folder: folder)
    let job = try fixture.create(Self.specification(given))
    // What happens to the model from now on is nothing to the job.
    try store([4])
    try fixture.service.registry.repository.delete(
      ModelKey(tenant: "acme", name: "digits"), version: Int64(version))
    let settled = try specification(of: job)
    #expect(settled["fit"]?["initial_model"] == .string("digits:\(version)"))
    let path = "acme/.training/\(job.key.id)/initial.onnx"
    #expect(try bytes(path) == Self.file(Float(version)))
    #expect(try fixture.run(job)?.kind == .finished)
    #expect(try bytes(path) == [], "it is removed with the data")
  }

  @Test func optionsWinOverTheDescription() throws {
    try store([1, 2])
    let fixture = try TrainingFixture(folder: folder)
    var options = MartletV1.TrainingOptions()
    options.initialModel = "digits:1"
    let job = try fixture.create(Self.specification("digits:2"), options: options)
    #expect(try specification(of: job)["fit"]?["initial_model"] == .string("digits:1"))
  }

  @Test(arguments: ["digits:4", "digits:0", "digits:x", "other", "../digits", ":1", "digits:"])
  func whatIsNotThereIsNotFound(_ name: String) throws {
    try store([1])
    let fixture = try TrainingFixture(folder: folder)
    #expect {
      try fixture.create(Self.specification(name))
    } throws: { Self.isUnknown($0, name) }
    #expect(folder.list("acme/.training").isEmpty, "nothing of it stays")
  }

  @Test func whatIsNotTheCallersIsNotFound() throws {
    try store([1])
    try store([1], tenant: "system")
    let fixture = try TrainingFixture(folder: folder)
    let narrow = Caller(tenant: "acme", actions: [.deploy], modelPatterns: ["simple"])
    for caller in [Caller.stranger, narrow] {
      #expect {
        try fixture.create(Self.specification("digits:1"), caller: caller)
      } throws: { Self.isUnknown($0, "digits:1") }
    }
  }

  @Test func aFileThatIsNoNetworkIsRefused() throws {
    folder.write("acme/digits/1/model.onnx", Array("nonsense".utf8))
    folder.write("acme/speech/1/model.gguf", Array("GGUF".utf8))
    let fixture = try TrainingFixture(folder: folder)
    #expect {
      try fixture.create(Self.specification("digits"))
    } throws: { error in
      (error as? RPCError)?.code == .invalidArgument
        && "\(error)".contains("the initial model 'digits:1' cannot be read: ")
    }
    #expect {
      try fixture.create(Self.specification("speech"))
    } throws: { "\($0)".contains("which has none: only such models are trained further") }
    #expect {
      try fixture.create(#"{"epochs": 1, "fit": {"initial_model": 3}}"#)
    } throws: { "\($0)".contains("fit: initial_model must be a model's name") }
  }

  @Test func aFileMayBeSent() throws {
    let fixture = try TrainingFixture(folder: folder)
    func create(_ initial: String, sends: Bool) throws -> JobFolder {
      var first = MartletV1.CreateTrainingRequest()
      (first.model, first.specification) = ("simple", Self.specification(initial))
      let upload = try fixture.training.create(first, caller: .deployer)
      do {
        for (name, bytes) in [
          ("initial.onnx", try Self.file(7)), ("training.csv", Array(TrainingFixture.table.utf8)),
        ] where sends || name != "initial.onnx" {
          var part = MartletV1.CreateTrainingRequest()
          (part.file, part.data) = (name, bytes)
          try upload.receive(part)
        }
        return try upload.finish()
      } catch {
        upload.abort()
        throw error
      }
    }
    let job = try create("mine.onnx", sends: true)
    #expect(try bytes("acme/.training/\(job.key.id)/initial.onnx") == Self.file(7))
    #expect {
      try create("mine.onnx", sends: false)
    } throws: { "\($0)".contains("expected 'initial.onnx', for fit.initial_model names an .onnx") }
    try store([1])
    #expect {
      try create("digits", sends: true)
    } throws: { "\($0)".contains("fit.initial_model does not name an .onnx file") }
  }
}
