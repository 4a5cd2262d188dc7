// Generated from Proto/inference/inference.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension Inference {
  /// `ServerLiveRequest` of the protocol.
  public struct ServerLiveRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerLiveResponse` of the protocol.
  public struct ServerLiveResponse: ProtobufValue {
    /// `live`.
    public var live: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerReadyRequest` of the protocol.
  public struct ServerReadyRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerReadyResponse` of the protocol.
  public struct ServerReadyResponse: ProtobufValue {
    /// `ready`.
    public var ready: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelReadyRequest` of the protocol.
  public struct ModelReadyRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelReadyResponse` of the protocol.
  public struct ModelReadyResponse: ProtobufValue {
    /// `ready`.
    public var ready: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerMetadataRequest` of the protocol.
  public struct ServerMetadataRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ServerMetadataResponse` of the protocol.
  public struct ServerMetadataResponse: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: String = ""
    /// Only what this server implements.
    public var extensions: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelMetadataRequest` of the protocol.
  public struct ModelMetadataRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelMetadataResponse` of the protocol.
  public struct ModelMetadataResponse: ProtobufValue {
    /// `TensorMetadata` of the protocol.
    public struct TensorMetadata: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `datatype`.
      public var datatype: String = ""
      /// `shape`.
      public var shape: [Int64] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `name`.
    public var name: String = ""
    /// `versions`.
    public var versions: [String] = []
    /// `platform`.
    public var platform: String = ""
    /// `inputs`.
    public var inputs: [Inference.ModelMetadataResponse.TensorMetadata] = []
    /// `outputs`.
    public var outputs: [Inference.ModelMetadataResponse.TensorMetadata] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelConfigRequest` of the protocol.
  public struct ModelConfigRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelConfigResponse` of the protocol.
  public struct ModelConfigResponse: ProtobufValue {
    /// `config`.
    public var config: Inference.ModelConfig?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelStatisticsRequest` of the protocol.
  public struct ModelStatisticsRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// How often something happened and how long it took altogether.
  public struct StatisticDuration: ProtobufValue {
    /// `count`.
    public var count: UInt64 = 0
    /// `ns`.
    public var ns: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `InferStatistics` of the protocol.
  public struct InferStatistics: ProtobufValue {
    /// `success`.
    public var success: Inference.StatisticDuration?
    /// `fail`.
    public var fail: Inference.StatisticDuration?
    /// `queue`.
    public var queue: Inference.StatisticDuration?
    /// `compute_input`.
    public var computeInput: Inference.StatisticDuration?
    /// `compute_infer`.
    public var computeInfer: Inference.StatisticDuration?
    /// `compute_output`.
    public var computeOutput: Inference.StatisticDuration?
    /// `cache_hit`.
    public var cacheHit: Inference.StatisticDuration?
    /// `cache_miss`.
    public var cacheMiss: Inference.StatisticDuration?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `InferResponseStatistics` of the protocol.
  public struct InferResponseStatistics: ProtobufValue {
    /// `compute_infer`.
    public var computeInfer: Inference.StatisticDuration?
    /// `compute_output`.
    public var computeOutput: Inference.StatisticDuration?
    /// `success`.
    public var success: Inference.StatisticDuration?
    /// `fail`.
    public var fail: Inference.StatisticDuration?
    /// `empty_response`.
    public var emptyResponse: Inference.StatisticDuration?
    /// `cancel`.
    public var cancel: Inference.StatisticDuration?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `InferBatchStatistics` of the protocol.
  public struct InferBatchStatistics: ProtobufValue {
    /// `batch_size`.
    public var batchSize: UInt64 = 0
    /// `compute_input`.
    public var computeInput: Inference.StatisticDuration?
    /// `compute_infer`.
    public var computeInfer: Inference.StatisticDuration?
    /// `compute_output`.
    public var computeOutput: Inference.StatisticDuration?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `MemoryUsage` of the protocol.
  public struct MemoryUsage: ProtobufValue {
    /// `type`.
    public var type: String = ""
    /// `id`.
    public var id: Int64 = 0
    /// `byte_size`.
    public var byteSize: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Counters since the model was loaded; `last_inference` is in milliseconds since 1970.
  public struct ModelStatistics: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: String = ""
    /// `last_inference`.
    public var lastInference: UInt64 = 0
    /// `inference_count`.
    public var inferenceCount: UInt64 = 0
    /// `execution_count`.
    public var executionCount: UInt64 = 0
    /// `inference_stats`.
    public var inferenceStats: Inference.InferStatistics?
    /// `batch_stats`.
    public var batchStats: [Inference.InferBatchStatistics] = []
    /// `memory_usage`.
    public var memoryUsage: [Inference.MemoryUsage] = []
    /// `response_stats`.
    public var responseStats: [String: Inference.InferResponseStatistics] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelStatisticsResponse` of the protocol.
  public struct ModelStatisticsResponse: ProtobufValue {
    /// `model_stats`.
    public var modelStats: [Inference.ModelStatistics] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelRepositoryParameter` of the protocol.
  public struct ModelRepositoryParameter: ProtobufValue {
    /// One of the alternatives of `parameter_choice`.
    public enum ParameterChoice: Sendable, Hashable {
      /// `bool_param`.
      case boolParam(Bool)
      /// `int64_param`.
      case int64Param(Int64)
      /// `string_param`.
      case stringParam(String)
      /// `bytes_param`.
      case bytesParam([UInt8])
    }
    /// The alternative that is set, if any.
    public var parameterChoice: ParameterChoice?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RepositoryIndexRequest` of the protocol.
  public struct RepositoryIndexRequest: ProtobufValue {
    /// `repository_name`.
    public var repositoryName: String = ""
    /// `ready`.
    public var ready: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RepositoryIndexResponse` of the protocol.
  public struct RepositoryIndexResponse: ProtobufValue {
    /// `ModelIndex` of the protocol.
    public struct ModelIndex: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `version`.
      public var version: String = ""
      /// READY, UNAVAILABLE, LOADING or UNLOADING.
      public var state: String = ""
      /// `reason`.
      public var reason: String = ""
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `models`.
    public var models: [Inference.RepositoryIndexResponse.ModelIndex] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `parameters` may hold `config` (JSON) and `file:<version>/<name>` (bytes; needs `config`).
  public struct RepositoryModelLoadRequest: ProtobufValue {
    /// `repository_name`.
    public var repositoryName: String = ""
    /// `model_name`.
    public var modelName: String = ""
    /// `parameters`.
    public var parameters: [String: Inference.ModelRepositoryParameter] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RepositoryModelLoadResponse` of the protocol.
  public struct RepositoryModelLoadResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RepositoryModelUnloadRequest` of the protocol.
  public struct RepositoryModelUnloadRequest: ProtobufValue {
    /// `repository_name`.
    public var repositoryName: String = ""
    /// `model_name`.
    public var modelName: String = ""
    /// `parameters`.
    public var parameters: [String: Inference.ModelRepositoryParameter] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `RepositoryModelUnloadResponse` of the protocol.
  public struct RepositoryModelUnloadResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SystemSharedMemoryStatusRequest` of the protocol.
  public struct SystemSharedMemoryStatusRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SystemSharedMemoryStatusResponse` of the protocol.
  public struct SystemSharedMemoryStatusResponse: ProtobufValue {
    /// `RegionStatus` of the protocol.
    public struct RegionStatus: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `key`.
      public var key: String = ""
      /// `offset`.
      public var offset: UInt64 = 0
      /// `byte_size`.
      public var byteSize: UInt64 = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `regions`.
    public var regions: [String: Inference.SystemSharedMemoryStatusResponse.RegionStatus] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SystemSharedMemoryRegisterRequest` of the protocol.
  public struct SystemSharedMemoryRegisterRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `key`.
    public var key: String = ""
    /// `offset`.
    public var offset: UInt64 = 0
    /// `byte_size`.
    public var byteSize: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SystemSharedMemoryRegisterResponse` of the protocol.
  public struct SystemSharedMemoryRegisterResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SystemSharedMemoryUnregisterRequest` of the protocol.
  public struct SystemSharedMemoryUnregisterRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `SystemSharedMemoryUnregisterResponse` of the protocol.
  public struct SystemSharedMemoryUnregisterResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CudaSharedMemoryStatusRequest` of the protocol.
  public struct CudaSharedMemoryStatusRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CudaSharedMemoryStatusResponse` of the protocol.
  public struct CudaSharedMemoryStatusResponse: ProtobufValue {
    /// `RegionStatus` of the protocol.
    public struct RegionStatus: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `device_id`.
      public var deviceID: UInt64 = 0
      /// `byte_size`.
      public var byteSize: UInt64 = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `regions`.
    public var regions: [String: Inference.CudaSharedMemoryStatusResponse.RegionStatus] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CudaSharedMemoryRegisterRequest` of the protocol.
  public struct CudaSharedMemoryRegisterRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `raw_handle`.
    public var rawHandle: [UInt8] = []
    /// `device_id`.
    public var deviceID: Int64 = 0
    /// `byte_size`.
    public var byteSize: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CudaSharedMemoryRegisterResponse` of the protocol.
  public struct CudaSharedMemoryRegisterResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CudaSharedMemoryUnregisterRequest` of the protocol.
  public struct CudaSharedMemoryUnregisterRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CudaSharedMemoryUnregisterResponse` of the protocol.
  public struct CudaSharedMemoryUnregisterResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TraceSettingRequest` of the protocol.
  public struct TraceSettingRequest: ProtobufValue {
    /// `SettingValue` of the protocol.
    public struct SettingValue: ProtobufValue {
      /// `value`.
      public var value: [String] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `settings`.
    public var settings: [String: Inference.TraceSettingRequest.SettingValue] = [:]
    /// `model_name`.
    public var modelName: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TraceSettingResponse` of the protocol.
  public struct TraceSettingResponse: ProtobufValue {
    /// `SettingValue` of the protocol.
    public struct SettingValue: ProtobufValue {
      /// `value`.
      public var value: [String] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `settings`.
    public var settings: [String: Inference.TraceSettingResponse.SettingValue] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `LogSettingsRequest` of the protocol.
  public struct LogSettingsRequest: ProtobufValue {
    /// `SettingValue` of the protocol.
    public struct SettingValue: ProtobufValue {
      /// One of the alternatives of `parameter_choice`.
      public enum ParameterChoice: Sendable, Hashable {
        /// `bool_param`.
        case boolParam(Bool)
        /// `uint32_param`.
        case uint32Param(UInt32)
        /// `string_param`.
        case stringParam(String)
      }
      /// The alternative that is set, if any.
      public var parameterChoice: ParameterChoice?
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `settings`.
    public var settings: [String: Inference.LogSettingsRequest.SettingValue] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `LogSettingsResponse` of the protocol.
  public struct LogSettingsResponse: ProtobufValue {
    /// `SettingValue` of the protocol.
    public struct SettingValue: ProtobufValue {
      /// One of the alternatives of `parameter_choice`.
      public enum ParameterChoice: Sendable, Hashable {
        /// `bool_param`.
        case boolParam(Bool)
        /// `uint32_param`.
        case uint32Param(UInt32)
        /// `string_param`.
        case stringParam(String)
      }
      /// The alternative that is set, if any.
      public var parameterChoice: ParameterChoice?
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `settings`.
    public var settings: [String: Inference.LogSettingsResponse.SettingValue] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension Inference.ServerLiveRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ServerLiveRequest>? {
    inference__server_live_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ServerLiveRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ServerLiveRequest> {
    let c = arena.allocate(Inference__ServerLiveRequest.self)
    inference__server_live_request__init(c)
    return c
  }
}

extension Inference.ServerLiveResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ServerLiveResponse>? {
    inference__server_live_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ServerLiveResponse>) throws(ProtobufError) {
    self.init()
    live = c.pointee.live != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ServerLiveResponse> {
    let c = arena.allocate(Inference__ServerLiveResponse.self)
    inference__server_live_response__init(c)
    c.pointee.live = live ? 1 : 0
    return c
  }
}

extension Inference.ServerReadyRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ServerReadyRequest>? {
    inference__server_ready_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ServerReadyRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ServerReadyRequest> {
    let c = arena.allocate(Inference__ServerReadyRequest.self)
    inference__server_ready_request__init(c)
    return c
  }
}

extension Inference.ServerReadyResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ServerReadyResponse>? {
    inference__server_ready_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ServerReadyResponse>) throws(ProtobufError) {
    self.init()
    ready = c.pointee.ready != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ServerReadyResponse> {
    let c = arena.allocate(Inference__ServerReadyResponse.self)
    inference__server_ready_response__init(c)
    c.pointee.ready = ready ? 1 : 0
    return c
  }
}

extension Inference.ModelReadyRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelReadyRequest>? {
    inference__model_ready_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelReadyRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelReadyRequest> {
    let c = arena.allocate(Inference__ModelReadyRequest.self)
    inference__model_ready_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    return c
  }
}

extension Inference.ModelReadyResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelReadyResponse>? {
    inference__model_ready_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelReadyResponse>) throws(ProtobufError) {
    self.init()
    ready = c.pointee.ready != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelReadyResponse> {
    let c = arena.allocate(Inference__ModelReadyResponse.self)
    inference__model_ready_response__init(c)
    c.pointee.ready = ready ? 1 : 0
    return c
  }
}

extension Inference.ServerMetadataRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ServerMetadataRequest>? {
    inference__server_metadata_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ServerMetadataRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ServerMetadataRequest> {
    let c = arena.allocate(Inference__ServerMetadataRequest.self)
    inference__server_metadata_request__init(c)
    return c
  }
}

extension Inference.ServerMetadataResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ServerMetadataResponse>? {
    inference__server_metadata_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ServerMetadataResponse>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
    extensions.reserveCapacity(c.pointee.n_extensions)
    for i in 0..<c.pointee.n_extensions {
      extensions.append(try utf8Text(c.pointee.extensions[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ServerMetadataResponse> {
    let c = arena.allocate(Inference__ServerMetadataResponse.self)
    inference__server_metadata_response__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    c.pointee.n_extensions = extensions.count
    c.pointee.extensions = arena.array(extensions) { arena.text($0) }
    return c
  }
}

extension Inference.ModelMetadataRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelMetadataRequest>? {
    inference__model_metadata_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelMetadataRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetadataRequest> {
    let c = arena.allocate(Inference__ModelMetadataRequest.self)
    inference__model_metadata_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    return c
  }
}

extension Inference.ModelMetadataResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelMetadataResponse>? {
    inference__model_metadata_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelMetadataResponse>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    versions.reserveCapacity(c.pointee.n_versions)
    for i in 0..<c.pointee.n_versions {
      versions.append(try utf8Text(c.pointee.versions[i]!))
    }
    platform = try utf8Text(c.pointee.platform!)
    inputs.reserveCapacity(c.pointee.n_inputs)
    for i in 0..<c.pointee.n_inputs {
      inputs.append(try Inference.ModelMetadataResponse.TensorMetadata(c: c.pointee.inputs[i]!))
    }
    outputs.reserveCapacity(c.pointee.n_outputs)
    for i in 0..<c.pointee.n_outputs {
      outputs.append(try Inference.ModelMetadataResponse.TensorMetadata(c: c.pointee.outputs[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetadataResponse> {
    let c = arena.allocate(Inference__ModelMetadataResponse.self)
    inference__model_metadata_response__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.n_versions = versions.count
    c.pointee.versions = arena.array(versions) { arena.text($0) }
    c.pointee.platform = arena.text(platform)
    c.pointee.n_inputs = inputs.count
    c.pointee.inputs = arena.array(inputs) { $0.makeC(arena) }
    c.pointee.n_outputs = outputs.count
    c.pointee.outputs = arena.array(outputs) { $0.makeC(arena) }
    return c
  }
}

extension Inference.ModelMetadataResponse.TensorMetadata: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelMetadataResponse__TensorMetadata>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    datatype = try utf8Text(c.pointee.datatype!)
    shape.reserveCapacity(c.pointee.n_shape)
    for i in 0..<c.pointee.n_shape {
      shape.append(c.pointee.shape[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetadataResponse__TensorMetadata> {
    let c = arena.allocate(Inference__ModelMetadataResponse__TensorMetadata.self)
    inference__model_metadata_response__tensor_metadata__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.datatype = arena.text(datatype)
    c.pointee.n_shape = shape.count
    c.pointee.shape = arena.array(shape) { $0 }
    return c
  }
}

extension Inference.ModelConfigRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelConfigRequest>? {
    inference__model_config_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelConfigRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelConfigRequest> {
    let c = arena.allocate(Inference__ModelConfigRequest.self)
    inference__model_config_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    return c
  }
}

extension Inference.ModelConfigResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelConfigResponse>? {
    inference__model_config_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelConfigResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.config {
      config = try Inference.ModelConfig(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelConfigResponse> {
    let c = arena.allocate(Inference__ModelConfigResponse.self)
    inference__model_config_response__init(c)
    c.pointee.config = config?.makeC(arena)
    return c
  }
}

extension Inference.ModelStatisticsRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelStatisticsRequest>? {
    inference__model_statistics_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelStatisticsRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelStatisticsRequest> {
    let c = arena.allocate(Inference__ModelStatisticsRequest.self)
    inference__model_statistics_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    return c
  }
}

extension Inference.StatisticDuration: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__StatisticDuration>? {
    inference__statistic_duration__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__StatisticDuration>) throws(ProtobufError) {
    self.init()
    count = c.pointee.count
    ns = c.pointee.ns
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__StatisticDuration> {
    let c = arena.allocate(Inference__StatisticDuration.self)
    inference__statistic_duration__init(c)
    c.pointee.count = count
    c.pointee.ns = ns
    return c
  }
}

extension Inference.InferStatistics: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__InferStatistics>? {
    inference__infer_statistics__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__InferStatistics>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.success {
      success = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.fail {
      fail = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.queue {
      queue = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.compute_input {
      computeInput = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.compute_infer {
      computeInfer = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.compute_output {
      computeOutput = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.cache_hit {
      cacheHit = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.cache_miss {
      cacheMiss = try Inference.StatisticDuration(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__InferStatistics> {
    let c = arena.allocate(Inference__InferStatistics.self)
    inference__infer_statistics__init(c)
    c.pointee.success = success?.makeC(arena)
    c.pointee.fail = fail?.makeC(arena)
    c.pointee.queue = queue?.makeC(arena)
    c.pointee.compute_input = computeInput?.makeC(arena)
    c.pointee.compute_infer = computeInfer?.makeC(arena)
    c.pointee.compute_output = computeOutput?.makeC(arena)
    c.pointee.cache_hit = cacheHit?.makeC(arena)
    c.pointee.cache_miss = cacheMiss?.makeC(arena)
    return c
  }
}

extension Inference.InferResponseStatistics: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__InferResponseStatistics>? {
    inference__infer_response_statistics__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__InferResponseStatistics>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.compute_infer {
      computeInfer = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.compute_output {
      computeOutput = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.success {
      success = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.fail {
      fail = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.empty_response {
      emptyResponse = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.cancel {
      cancel = try Inference.StatisticDuration(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__InferResponseStatistics> {
    let c = arena.allocate(Inference__InferResponseStatistics.self)
    inference__infer_response_statistics__init(c)
    c.pointee.compute_infer = computeInfer?.makeC(arena)
    c.pointee.compute_output = computeOutput?.makeC(arena)
    c.pointee.success = success?.makeC(arena)
    c.pointee.fail = fail?.makeC(arena)
    c.pointee.empty_response = emptyResponse?.makeC(arena)
    c.pointee.cancel = cancel?.makeC(arena)
    return c
  }
}

extension Inference.InferBatchStatistics: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__InferBatchStatistics>? {
    inference__infer_batch_statistics__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__InferBatchStatistics>) throws(ProtobufError) {
    self.init()
    batchSize = c.pointee.batch_size
    if let value = c.pointee.compute_input {
      computeInput = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.compute_infer {
      computeInfer = try Inference.StatisticDuration(c: value)
    }
    if let value = c.pointee.compute_output {
      computeOutput = try Inference.StatisticDuration(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__InferBatchStatistics> {
    let c = arena.allocate(Inference__InferBatchStatistics.self)
    inference__infer_batch_statistics__init(c)
    c.pointee.batch_size = batchSize
    c.pointee.compute_input = computeInput?.makeC(arena)
    c.pointee.compute_infer = computeInfer?.makeC(arena)
    c.pointee.compute_output = computeOutput?.makeC(arena)
    return c
  }
}

extension Inference.MemoryUsage: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__MemoryUsage>? {
    inference__memory_usage__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__MemoryUsage>) throws(ProtobufError) {
    self.init()
    type = try utf8Text(c.pointee.type!)
    id = c.pointee.id
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__MemoryUsage> {
    let c = arena.allocate(Inference__MemoryUsage.self)
    inference__memory_usage__init(c)
    c.pointee.type = arena.text(type)
    c.pointee.id = id
    c.pointee.byte_size = byteSize
    return c
  }
}

extension Inference.ModelStatistics: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelStatistics>? {
    inference__model_statistics__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelStatistics>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
    lastInference = c.pointee.last_inference
    inferenceCount = c.pointee.inference_count
    executionCount = c.pointee.execution_count
    if let value = c.pointee.inference_stats {
      inferenceStats = try Inference.InferStatistics(c: value)
    }
    batchStats.reserveCapacity(c.pointee.n_batch_stats)
    for i in 0..<c.pointee.n_batch_stats {
      batchStats.append(try Inference.InferBatchStatistics(c: c.pointee.batch_stats[i]!))
    }
    memoryUsage.reserveCapacity(c.pointee.n_memory_usage)
    for i in 0..<c.pointee.n_memory_usage {
      memoryUsage.append(try Inference.MemoryUsage(c: c.pointee.memory_usage[i]!))
    }
    for i in 0..<c.pointee.n_response_stats {
      let entry = c.pointee.response_stats[i]!
      guard let value = entry.pointee.value else { continue }
      responseStats[try utf8Text(entry.pointee.key!)] = try Inference.InferResponseStatistics(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelStatistics> {
    let c = arena.allocate(Inference__ModelStatistics.self)
    inference__model_statistics__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    c.pointee.last_inference = lastInference
    c.pointee.inference_count = inferenceCount
    c.pointee.execution_count = executionCount
    c.pointee.inference_stats = inferenceStats?.makeC(arena)
    c.pointee.n_batch_stats = batchStats.count
    c.pointee.batch_stats = arena.array(batchStats) { $0.makeC(arena) }
    c.pointee.n_memory_usage = memoryUsage.count
    c.pointee.memory_usage = arena.array(memoryUsage) { $0.makeC(arena) }
    c.pointee.n_response_stats = responseStats.count
    c.pointee.response_stats = arena.array(responseStats.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelStatistics__ResponseStatsEntry.self)
      inference__model_statistics__response_stats_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.ModelStatisticsResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelStatisticsResponse>? {
    inference__model_statistics_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelStatisticsResponse>) throws(ProtobufError) {
    self.init()
    modelStats.reserveCapacity(c.pointee.n_model_stats)
    for i in 0..<c.pointee.n_model_stats {
      modelStats.append(try Inference.ModelStatistics(c: c.pointee.model_stats[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelStatisticsResponse> {
    let c = arena.allocate(Inference__ModelStatisticsResponse.self)
    inference__model_statistics_response__init(c)
    c.pointee.n_model_stats = modelStats.count
    c.pointee.model_stats = arena.array(modelStats) { $0.makeC(arena) }
    return c
  }
}

extension Inference.ModelRepositoryParameter: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelRepositoryParameter>? {
    inference__model_repository_parameter__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelRepositoryParameter>) throws(ProtobufError) {
    self.init()
    switch c.pointee.parameter_choice_case {
    case INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_BOOL_PARAM:
      parameterChoice = .boolParam(c.pointee.bool_param != 0)
    case INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_INT64_PARAM:
      parameterChoice = .int64Param(c.pointee.int64_param)
    case INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_STRING_PARAM:
      parameterChoice = .stringParam(try utf8Text(c.pointee.string_param!))
    case INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_BYTES_PARAM:
      parameterChoice = .bytesParam(bytes(c.pointee.bytes_param))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelRepositoryParameter> {
    let c = arena.allocate(Inference__ModelRepositoryParameter.self)
    inference__model_repository_parameter__init(c)
    switch parameterChoice {
    case .boolParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_BOOL_PARAM
      c.pointee.bool_param = value ? 1 : 0
    case .int64Param(let value):
      c.pointee.parameter_choice_case = INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_INT64_PARAM
      c.pointee.int64_param = value
    case .stringParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_STRING_PARAM
      c.pointee.string_param = arena.text(value)
    case .bytesParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_BYTES_PARAM
      c.pointee.bytes_param = arena.bytes(value)
    case nil: break
    }
    return c
  }
}

extension Inference.RepositoryIndexRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__RepositoryIndexRequest>? {
    inference__repository_index_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__RepositoryIndexRequest>) throws(ProtobufError) {
    self.init()
    repositoryName = try utf8Text(c.pointee.repository_name!)
    ready = c.pointee.ready != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryIndexRequest> {
    let c = arena.allocate(Inference__RepositoryIndexRequest.self)
    inference__repository_index_request__init(c)
    c.pointee.repository_name = arena.text(repositoryName)
    c.pointee.ready = ready ? 1 : 0
    return c
  }
}

extension Inference.RepositoryIndexResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__RepositoryIndexResponse>? {
    inference__repository_index_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__RepositoryIndexResponse>) throws(ProtobufError) {
    self.init()
    models.reserveCapacity(c.pointee.n_models)
    for i in 0..<c.pointee.n_models {
      models.append(try Inference.RepositoryIndexResponse.ModelIndex(c: c.pointee.models[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryIndexResponse> {
    let c = arena.allocate(Inference__RepositoryIndexResponse.self)
    inference__repository_index_response__init(c)
    c.pointee.n_models = models.count
    c.pointee.models = arena.array(models) { $0.makeC(arena) }
    return c
  }
}

extension Inference.RepositoryIndexResponse.ModelIndex: CValue {
  init(c: UnsafeMutablePointer<Inference__RepositoryIndexResponse__ModelIndex>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = try utf8Text(c.pointee.version!)
    state = try utf8Text(c.pointee.state!)
    reason = try utf8Text(c.pointee.reason!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryIndexResponse__ModelIndex> {
    let c = arena.allocate(Inference__RepositoryIndexResponse__ModelIndex.self)
    inference__repository_index_response__model_index__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = arena.text(version)
    c.pointee.state = arena.text(state)
    c.pointee.reason = arena.text(reason)
    return c
  }
}

extension Inference.RepositoryModelLoadRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__RepositoryModelLoadRequest>? {
    inference__repository_model_load_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__RepositoryModelLoadRequest>) throws(ProtobufError) {
    self.init()
    repositoryName = try utf8Text(c.pointee.repository_name!)
    modelName = try utf8Text(c.pointee.model_name!)
    for i in 0..<c.pointee.n_parameters {
      let entry = c.pointee.parameters[i]!
      guard let value = entry.pointee.value else { continue }
      parameters[try utf8Text(entry.pointee.key!)] = try Inference.ModelRepositoryParameter(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryModelLoadRequest> {
    let c = arena.allocate(Inference__RepositoryModelLoadRequest.self)
    inference__repository_model_load_request__init(c)
    c.pointee.repository_name = arena.text(repositoryName)
    c.pointee.model_name = arena.text(modelName)
    c.pointee.n_parameters = parameters.count
    c.pointee.parameters = arena.array(parameters.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__RepositoryModelLoadRequest__ParametersEntry.self)
      inference__repository_model_load_request__parameters_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.RepositoryModelLoadResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__RepositoryModelLoadResponse>? {
    inference__repository_model_load_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__RepositoryModelLoadResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryModelLoadResponse> {
    let c = arena.allocate(Inference__RepositoryModelLoadResponse.self)
    inference__repository_model_load_response__init(c)
    return c
  }
}

extension Inference.RepositoryModelUnloadRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__RepositoryModelUnloadRequest>? {
    inference__repository_model_unload_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__RepositoryModelUnloadRequest>) throws(ProtobufError) {
    self.init()
    repositoryName = try utf8Text(c.pointee.repository_name!)
    modelName = try utf8Text(c.pointee.model_name!)
    for i in 0..<c.pointee.n_parameters {
      let entry = c.pointee.parameters[i]!
      guard let value = entry.pointee.value else { continue }
      parameters[try utf8Text(entry.pointee.key!)] = try Inference.ModelRepositoryParameter(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryModelUnloadRequest> {
    let c = arena.allocate(Inference__RepositoryModelUnloadRequest.self)
    inference__repository_model_unload_request__init(c)
    c.pointee.repository_name = arena.text(repositoryName)
    c.pointee.model_name = arena.text(modelName)
    c.pointee.n_parameters = parameters.count
    c.pointee.parameters = arena.array(parameters.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__RepositoryModelUnloadRequest__ParametersEntry.self)
      inference__repository_model_unload_request__parameters_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.RepositoryModelUnloadResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__RepositoryModelUnloadResponse>? {
    inference__repository_model_unload_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__RepositoryModelUnloadResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__RepositoryModelUnloadResponse> {
    let c = arena.allocate(Inference__RepositoryModelUnloadResponse.self)
    inference__repository_model_unload_response__init(c)
    return c
  }
}

extension Inference.SystemSharedMemoryStatusRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__SystemSharedMemoryStatusRequest>? {
    inference__system_shared_memory_status_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryStatusRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryStatusRequest> {
    let c = arena.allocate(Inference__SystemSharedMemoryStatusRequest.self)
    inference__system_shared_memory_status_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension Inference.SystemSharedMemoryStatusResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__SystemSharedMemoryStatusResponse>? {
    inference__system_shared_memory_status_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryStatusResponse>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_regions {
      let entry = c.pointee.regions[i]!
      guard let value = entry.pointee.value else { continue }
      regions[try utf8Text(entry.pointee.key!)] = try Inference.SystemSharedMemoryStatusResponse.RegionStatus(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryStatusResponse> {
    let c = arena.allocate(Inference__SystemSharedMemoryStatusResponse.self)
    inference__system_shared_memory_status_response__init(c)
    c.pointee.n_regions = regions.count
    c.pointee.regions = arena.array(regions.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__SystemSharedMemoryStatusResponse__RegionsEntry.self)
      inference__system_shared_memory_status_response__regions_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.SystemSharedMemoryStatusResponse.RegionStatus: CValue {
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryStatusResponse__RegionStatus>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    key = try utf8Text(c.pointee.key!)
    offset = c.pointee.offset
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryStatusResponse__RegionStatus> {
    let c = arena.allocate(Inference__SystemSharedMemoryStatusResponse__RegionStatus.self)
    inference__system_shared_memory_status_response__region_status__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.key = arena.text(key)
    c.pointee.offset = offset
    c.pointee.byte_size = byteSize
    return c
  }
}

extension Inference.SystemSharedMemoryRegisterRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__SystemSharedMemoryRegisterRequest>? {
    inference__system_shared_memory_register_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryRegisterRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    key = try utf8Text(c.pointee.key!)
    offset = c.pointee.offset
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryRegisterRequest> {
    let c = arena.allocate(Inference__SystemSharedMemoryRegisterRequest.self)
    inference__system_shared_memory_register_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.key = arena.text(key)
    c.pointee.offset = offset
    c.pointee.byte_size = byteSize
    return c
  }
}

extension Inference.SystemSharedMemoryRegisterResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__SystemSharedMemoryRegisterResponse>? {
    inference__system_shared_memory_register_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryRegisterResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryRegisterResponse> {
    let c = arena.allocate(Inference__SystemSharedMemoryRegisterResponse.self)
    inference__system_shared_memory_register_response__init(c)
    return c
  }
}

extension Inference.SystemSharedMemoryUnregisterRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__SystemSharedMemoryUnregisterRequest>? {
    inference__system_shared_memory_unregister_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryUnregisterRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryUnregisterRequest> {
    let c = arena.allocate(Inference__SystemSharedMemoryUnregisterRequest.self)
    inference__system_shared_memory_unregister_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension Inference.SystemSharedMemoryUnregisterResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__SystemSharedMemoryUnregisterResponse>? {
    inference__system_shared_memory_unregister_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__SystemSharedMemoryUnregisterResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__SystemSharedMemoryUnregisterResponse> {
    let c = arena.allocate(Inference__SystemSharedMemoryUnregisterResponse.self)
    inference__system_shared_memory_unregister_response__init(c)
    return c
  }
}

extension Inference.CudaSharedMemoryStatusRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__CudaSharedMemoryStatusRequest>? {
    inference__cuda_shared_memory_status_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryStatusRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryStatusRequest> {
    let c = arena.allocate(Inference__CudaSharedMemoryStatusRequest.self)
    inference__cuda_shared_memory_status_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension Inference.CudaSharedMemoryStatusResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__CudaSharedMemoryStatusResponse>? {
    inference__cuda_shared_memory_status_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryStatusResponse>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_regions {
      let entry = c.pointee.regions[i]!
      guard let value = entry.pointee.value else { continue }
      regions[try utf8Text(entry.pointee.key!)] = try Inference.CudaSharedMemoryStatusResponse.RegionStatus(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryStatusResponse> {
    let c = arena.allocate(Inference__CudaSharedMemoryStatusResponse.self)
    inference__cuda_shared_memory_status_response__init(c)
    c.pointee.n_regions = regions.count
    c.pointee.regions = arena.array(regions.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__CudaSharedMemoryStatusResponse__RegionsEntry.self)
      inference__cuda_shared_memory_status_response__regions_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.CudaSharedMemoryStatusResponse.RegionStatus: CValue {
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryStatusResponse__RegionStatus>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    deviceID = c.pointee.device_id
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryStatusResponse__RegionStatus> {
    let c = arena.allocate(Inference__CudaSharedMemoryStatusResponse__RegionStatus.self)
    inference__cuda_shared_memory_status_response__region_status__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.device_id = deviceID
    c.pointee.byte_size = byteSize
    return c
  }
}

extension Inference.CudaSharedMemoryRegisterRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__CudaSharedMemoryRegisterRequest>? {
    inference__cuda_shared_memory_register_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryRegisterRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    rawHandle = bytes(c.pointee.raw_handle)
    deviceID = c.pointee.device_id
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryRegisterRequest> {
    let c = arena.allocate(Inference__CudaSharedMemoryRegisterRequest.self)
    inference__cuda_shared_memory_register_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.raw_handle = arena.bytes(rawHandle)
    c.pointee.device_id = deviceID
    c.pointee.byte_size = byteSize
    return c
  }
}

extension Inference.CudaSharedMemoryRegisterResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__CudaSharedMemoryRegisterResponse>? {
    inference__cuda_shared_memory_register_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryRegisterResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryRegisterResponse> {
    let c = arena.allocate(Inference__CudaSharedMemoryRegisterResponse.self)
    inference__cuda_shared_memory_register_response__init(c)
    return c
  }
}

extension Inference.CudaSharedMemoryUnregisterRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__CudaSharedMemoryUnregisterRequest>? {
    inference__cuda_shared_memory_unregister_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryUnregisterRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryUnregisterRequest> {
    let c = arena.allocate(Inference__CudaSharedMemoryUnregisterRequest.self)
    inference__cuda_shared_memory_unregister_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension Inference.CudaSharedMemoryUnregisterResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__CudaSharedMemoryUnregisterResponse>? {
    inference__cuda_shared_memory_unregister_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__CudaSharedMemoryUnregisterResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__CudaSharedMemoryUnregisterResponse> {
    let c = arena.allocate(Inference__CudaSharedMemoryUnregisterResponse.self)
    inference__cuda_shared_memory_unregister_response__init(c)
    return c
  }
}

extension Inference.TraceSettingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__TraceSettingRequest>? {
    inference__trace_setting_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__TraceSettingRequest>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_settings {
      let entry = c.pointee.settings[i]!
      guard let value = entry.pointee.value else { continue }
      settings[try utf8Text(entry.pointee.key!)] = try Inference.TraceSettingRequest.SettingValue(c: value)
    }
    modelName = try utf8Text(c.pointee.model_name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__TraceSettingRequest> {
    let c = arena.allocate(Inference__TraceSettingRequest.self)
    inference__trace_setting_request__init(c)
    c.pointee.n_settings = settings.count
    c.pointee.settings = arena.array(settings.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__TraceSettingRequest__SettingsEntry.self)
      inference__trace_setting_request__settings_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    c.pointee.model_name = arena.text(modelName)
    return c
  }
}

extension Inference.TraceSettingRequest.SettingValue: CValue {
  init(c: UnsafeMutablePointer<Inference__TraceSettingRequest__SettingValue>) throws(ProtobufError) {
    self.init()
    value.reserveCapacity(c.pointee.n_value)
    for i in 0..<c.pointee.n_value {
      value.append(try utf8Text(c.pointee.value[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__TraceSettingRequest__SettingValue> {
    let c = arena.allocate(Inference__TraceSettingRequest__SettingValue.self)
    inference__trace_setting_request__setting_value__init(c)
    c.pointee.n_value = value.count
    c.pointee.value = arena.array(value) { arena.text($0) }
    return c
  }
}

extension Inference.TraceSettingResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__TraceSettingResponse>? {
    inference__trace_setting_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__TraceSettingResponse>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_settings {
      let entry = c.pointee.settings[i]!
      guard let value = entry.pointee.value else { continue }
      settings[try utf8Text(entry.pointee.key!)] = try Inference.TraceSettingResponse.SettingValue(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__TraceSettingResponse> {
    let c = arena.allocate(Inference__TraceSettingResponse.self)
    inference__trace_setting_response__init(c)
    c.pointee.n_settings = settings.count
    c.pointee.settings = arena.array(settings.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__TraceSettingResponse__SettingsEntry.self)
      inference__trace_setting_response__settings_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.TraceSettingResponse.SettingValue: CValue {
  init(c: UnsafeMutablePointer<Inference__TraceSettingResponse__SettingValue>) throws(ProtobufError) {
    self.init()
    value.reserveCapacity(c.pointee.n_value)
    for i in 0..<c.pointee.n_value {
      value.append(try utf8Text(c.pointee.value[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__TraceSettingResponse__SettingValue> {
    let c = arena.allocate(Inference__TraceSettingResponse__SettingValue.self)
    inference__trace_setting_response__setting_value__init(c)
    c.pointee.n_value = value.count
    c.pointee.value = arena.array(value) { arena.text($0) }
    return c
  }
}

extension Inference.LogSettingsRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__LogSettingsRequest>? {
    inference__log_settings_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__LogSettingsRequest>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_settings {
      let entry = c.pointee.settings[i]!
      guard let value = entry.pointee.value else { continue }
      settings[try utf8Text(entry.pointee.key!)] = try Inference.LogSettingsRequest.SettingValue(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__LogSettingsRequest> {
    let c = arena.allocate(Inference__LogSettingsRequest.self)
    inference__log_settings_request__init(c)
    c.pointee.n_settings = settings.count
    c.pointee.settings = arena.array(settings.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__LogSettingsRequest__SettingsEntry.self)
      inference__log_settings_request__settings_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.LogSettingsRequest.SettingValue: CValue {
  init(c: UnsafeMutablePointer<Inference__LogSettingsRequest__SettingValue>) throws(ProtobufError) {
    self.init()
    switch c.pointee.parameter_choice_case {
    case INFERENCE__LOG_SETTINGS_REQUEST__SETTING_VALUE__PARAMETER_CHOICE_BOOL_PARAM:
      parameterChoice = .boolParam(c.pointee.bool_param != 0)
    case INFERENCE__LOG_SETTINGS_REQUEST__SETTING_VALUE__PARAMETER_CHOICE_UINT32_PARAM:
      parameterChoice = .uint32Param(c.pointee.uint32_param)
    case INFERENCE__LOG_SETTINGS_REQUEST__SETTING_VALUE__PARAMETER_CHOICE_STRING_PARAM:
      parameterChoice = .stringParam(try utf8Text(c.pointee.string_param!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__LogSettingsRequest__SettingValue> {
    let c = arena.allocate(Inference__LogSettingsRequest__SettingValue.self)
    inference__log_settings_request__setting_value__init(c)
    switch parameterChoice {
    case .boolParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__LOG_SETTINGS_REQUEST__SETTING_VALUE__PARAMETER_CHOICE_BOOL_PARAM
      c.pointee.bool_param = value ? 1 : 0
    case .uint32Param(let value):
      c.pointee.parameter_choice_case = INFERENCE__LOG_SETTINGS_REQUEST__SETTING_VALUE__PARAMETER_CHOICE_UINT32_PARAM
      c.pointee.uint32_param = value
    case .stringParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__LOG_SETTINGS_REQUEST__SETTING_VALUE__PARAMETER_CHOICE_STRING_PARAM
      c.pointee.string_param = arena.text(value)
    case nil: break
    }
    return c
  }
}

extension Inference.LogSettingsResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__LogSettingsResponse>? {
    inference__log_settings_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__LogSettingsResponse>) throws(ProtobufError) {
    self.init()
    for i in 0..<c.pointee.n_settings {
      let entry = c.pointee.settings[i]!
      guard let value = entry.pointee.value else { continue }
      settings[try utf8Text(entry.pointee.key!)] = try Inference.LogSettingsResponse.SettingValue(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__LogSettingsResponse> {
    let c = arena.allocate(Inference__LogSettingsResponse.self)
    inference__log_settings_response__init(c)
    c.pointee.n_settings = settings.count
    c.pointee.settings = arena.array(settings.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__LogSettingsResponse__SettingsEntry.self)
      inference__log_settings_response__settings_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.LogSettingsResponse.SettingValue: CValue {
  init(c: UnsafeMutablePointer<Inference__LogSettingsResponse__SettingValue>) throws(ProtobufError) {
    self.init()
    switch c.pointee.parameter_choice_case {
    case INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_BOOL_PARAM:
      parameterChoice = .boolParam(c.pointee.bool_param != 0)
    case INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_UINT32_PARAM:
      parameterChoice = .uint32Param(c.pointee.uint32_param)
    case INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_STRING_PARAM:
      parameterChoice = .stringParam(try utf8Text(c.pointee.string_param!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__LogSettingsResponse__SettingValue> {
    let c = arena.allocate(Inference__LogSettingsResponse__SettingValue.self)
    inference__log_settings_response__setting_value__init(c)
    switch parameterChoice {
    case .boolParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_BOOL_PARAM
      c.pointee.bool_param = value ? 1 : 0
    case .uint32Param(let value):
      c.pointee.parameter_choice_case = INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_UINT32_PARAM
      c.pointee.uint32_param = value
    case .stringParam(let value):
      c.pointee.parameter_choice_case = INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_STRING_PARAM
      c.pointee.string_param = arena.text(value)
    case nil: break
    }
    return c
  }
}
