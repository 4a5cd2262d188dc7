/// What an address of the REST interface stands for: a gRPC method, and the model in its path.
struct RESTEndpoint: Equatable, Sendable {
  enum Operation: CaseIterable {
    case serverMetadata, serverLive, serverReady
    case modelMetadata, modelReady, modelConfig, modelStatistics
    case infer
    case repositoryIndex, repositoryLoad, repositoryUnload
  }

  var operation: Operation
  var model = ""
  /// Empty: the newest.
  var version = ""

  init(_ operation: Operation, model: String = "", version: String = "") {
    self.operation = operation
    self.model = model
    self.version = version
  }

  /// nil for a path that nothing has. Paths are taken by the letter: no escapes, no empty segments;
  /// no model that can be deployed needs them.
  init?(path: UnsafeRawBufferPointer) {
    let path = path.prefix { $0 != UInt8(ascii: "?") }
    guard path.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "%") }) else { return nil }
    let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count >= 2, parts[0].isEmpty, parts[1] == "v2",
      !parts[2...].contains(where: \.isEmpty)
    else { return nil }
    self.init(parts[2...])
  }

  private init?(_ parts: ArraySlice<String>) {
    switch parts.first {
    case nil: self.init(.serverMetadata)
    case "health" where parts.count == 2:
      switch parts.last {
      case "live": self.init(.serverLive)
      case "ready": self.init(.serverReady)
      default: return nil
      }
    case "repository": self.init(repository: Array(parts.dropFirst()))
    case "models" where parts.count >= 2: self.init(model: Array(parts.dropFirst()))
    default: return nil
    }
  }

  private init?(repository parts: [String]) {
    if parts == ["index"] {
      self.init(.repositoryIndex)
    } else if parts.count == 3, parts[0] == "models", parts[2] == "load" {
      self.init(.repositoryLoad, model: parts[1])
    } else if parts.count == 3, parts[0] == "models", parts[2] == "unload" {
      self.init(.repositoryUnload, model: parts[1])
    } else {
      return nil
    }
  }

  private init?(model parts: [String]) {
    if parts == ["stats"] {
      self.init(.modelStatistics)
      return
    }
    var rest = parts.dropFirst()
    var version = ""
    if rest.first == "versions", rest.count >= 2 {
      version = rest[rest.startIndex + 1]
      rest = rest.dropFirst(2)
    }
    let operation: Operation
    switch Array(rest) {
    case []: operation = .modelMetadata
    case ["ready"]: operation = .modelReady
    case ["config"]: operation = .modelConfig
    case ["stats"]: operation = .modelStatistics
    case ["infer"]: operation = .infer
    default: return nil
    }
    self.init(operation, model: parts[0], version: version)
  }

  /// Other requests are GET, or HEAD.
  var isPost: Bool {
    switch operation {
    case .infer, .repositoryIndex, .repositoryLoad, .repositoryUnload: true
    default: false
    }
  }

  /// For the field `allow`.
  var methods: StaticString { isPost ? "POST, OPTIONS" : "GET, HEAD, OPTIONS" }

  /// The method that serves it.
  var method: StaticString {
    switch operation {
    case .serverMetadata: "/inference.GRPCInferenceService/ServerMetadata"
    case .serverLive: "/inference.GRPCInferenceService/ServerLive"
    case .serverReady: "/inference.GRPCInferenceService/ServerReady"
    case .modelMetadata: "/inference.GRPCInferenceService/ModelMetadata"
    case .modelReady: "/inference.GRPCInferenceService/ModelReady"
    case .modelConfig: "/inference.GRPCInferenceService/ModelConfig"
    case .modelStatistics: "/inference.GRPCInferenceService/ModelStatistics"
    case .infer: "/inference.GRPCInferenceService/ModelInfer"
    case .repositoryIndex: "/inference.GRPCInferenceService/RepositoryIndex"
    case .repositoryLoad: "/inference.GRPCInferenceService/RepositoryModelLoad"
    case .repositoryUnload: "/inference.GRPCInferenceService/RepositoryModelUnload"
    }
  }
}
