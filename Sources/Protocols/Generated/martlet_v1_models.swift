// Generated from Proto/martlet/v1/models.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// A stream of parts. The first names the model; each part appends to one file of the version. The
  /// version appears whole, after the last part, or not at all.
  public struct DeployRequest: ProtobufValue {
    /// Required in the first message; later ones leave it empty or repeat it.
    public var name: String = ""
    /// First message only. 0: one more than the newest.
    public var version: Int64 = 0
    /// The file below the version's folder, e.g. `model.onnx`; `config.pbtxt` and label files belong to
    /// the model. No `..`, no absolute path.
    public var path: String = ""
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `DeployResponse` of the protocol.
  public struct DeployResponse: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `version`.
    public var version: Int64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TensorInfo` of the protocol.
  public struct TensorInfo: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// An Open Inference Protocol datatype, e.g. FP32.
    public var datatype: String = ""
    /// -1: any size.
    public var shape: [Int64] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelVersion` of the protocol.
  public struct ModelVersion: ProtobufValue {
    /// `version`.
    public var version: Int64 = 0
    /// READY, UNAVAILABLE, LOADING or UNLOADING.
    public var state: String = ""
    /// `reason`.
    public var reason: String = ""
    /// `byte_size`.
    public var byteSize: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelInfo` of the protocol.
  public struct ModelInfo: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// e.g. onnx.
    public var platform: String = ""
    /// `versions`.
    public var versions: [MartletV1.ModelVersion] = []
    /// `inputs`.
    public var inputs: [MartletV1.TensorInfo] = []
    /// `outputs`.
    public var outputs: [MartletV1.TensorInfo] = []
    /// `max_batch_size`.
    public var maxBatchSize: Int32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListModelsRequest` of the protocol.
  public struct ListModelsRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListModelsResponse` of the protocol.
  public struct ListModelsResponse: ProtobufValue {
    /// `models`.
    public var models: [MartletV1.ModelInfo] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ShowModelRequest` of the protocol.
  public struct ShowModelRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ShowModelResponse` of the protocol.
  public struct ShowModelResponse: ProtobufValue {
    /// `model`.
    public var model: MartletV1.ModelInfo?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `LoadModelRequest` of the protocol.
  public struct LoadModelRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `LoadModelResponse` of the protocol.
  public struct LoadModelResponse: ProtobufValue {
    /// `model`.
    public var model: MartletV1.ModelInfo?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `UnloadModelRequest` of the protocol.
  public struct UnloadModelRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `UnloadModelResponse` of the protocol.
  public struct UnloadModelResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `DeleteModelRequest` of the protocol.
  public struct DeleteModelRequest: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// 0: the model with all of its versions.
    public var version: Int64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `DeleteModelResponse` of the protocol.
  public struct DeleteModelResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.DeployRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeployRequest>? {
    martlet__v1__deploy_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeployRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = c.pointee.version
    path = try utf8Text(c.pointee.path!)
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeployRequest> {
    let c = arena.allocate(Martlet__V1__DeployRequest.self)
    martlet__v1__deploy_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = version
    c.pointee.path = arena.text(path)
    c.pointee.data = arena.bytes(data)
    return c
  }
}

extension MartletV1.DeployResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeployResponse>? {
    martlet__v1__deploy_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeployResponse>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = c.pointee.version
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeployResponse> {
    let c = arena.allocate(Martlet__V1__DeployResponse.self)
    martlet__v1__deploy_response__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = version
    return c
  }
}

extension MartletV1.TensorInfo: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TensorInfo>? {
    martlet__v1__tensor_info__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TensorInfo>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    datatype = try utf8Text(c.pointee.datatype!)
    shape.reserveCapacity(c.pointee.n_shape)
    for i in 0..<c.pointee.n_shape {
      shape.append(c.pointee.shape[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TensorInfo> {
    let c = arena.allocate(Martlet__V1__TensorInfo.self)
    martlet__v1__tensor_info__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.datatype = arena.text(datatype)
    c.pointee.n_shape = shape.count
    c.pointee.shape = arena.array(shape) { $0 }
    return c
  }
}

extension MartletV1.ModelVersion: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ModelVersion>? {
    martlet__v1__model_version__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ModelVersion>) throws(ProtobufError) {
    self.init()
    version = c.pointee.version
    state = try utf8Text(c.pointee.state!)
    reason = try utf8Text(c.pointee.reason!)
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ModelVersion> {
    let c = arena.allocate(Martlet__V1__ModelVersion.self)
    martlet__v1__model_version__init(c)
    c.pointee.version = version
    c.pointee.state = arena.text(state)
    c.pointee.reason = arena.text(reason)
    c.pointee.byte_size = byteSize
    return c
  }
}

extension MartletV1.ModelInfo: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ModelInfo>? {
    martlet__v1__model_info__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ModelInfo>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    platform = try utf8Text(c.pointee.platform!)
    versions.reserveCapacity(c.pointee.n_versions)
    for i in 0..<c.pointee.n_versions {
      versions.append(try MartletV1.ModelVersion(c: c.pointee.versions[i]!))
    }
    inputs.reserveCapacity(c.pointee.n_inputs)
    for i in 0..<c.pointee.n_inputs {
      inputs.append(try MartletV1.TensorInfo(c: c.pointee.inputs[i]!))
    }
    outputs.reserveCapacity(c.pointee.n_outputs)
    for i in 0..<c.pointee.n_outputs {
      outputs.append(try MartletV1.TensorInfo(c: c.pointee.outputs[i]!))
    }
    maxBatchSize = c.pointee.max_batch_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ModelInfo> {
    let c = arena.allocate(Martlet__V1__ModelInfo.self)
    martlet__v1__model_info__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.platform = arena.text(platform)
    c.pointee.n_versions = versions.count
    c.pointee.versions = arena.array(versions) { $0.makeC(arena) }
    c.pointee.n_inputs = inputs.count
    c.pointee.inputs = arena.array(inputs) { $0.makeC(arena) }
    c.pointee.n_outputs = outputs.count
    c.pointee.outputs = arena.array(outputs) { $0.makeC(arena) }
    c.pointee.max_batch_size = maxBatchSize
    return c
  }
}

extension MartletV1.ListModelsRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListModelsRequest>? {
    martlet__v1__list_models_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListModelsRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListModelsRequest> {
    let c = arena.allocate(Martlet__V1__ListModelsRequest.self)
    martlet__v1__list_models_request__init(c)
    return c
  }
}

extension MartletV1.ListModelsResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListModelsResponse>? {
    martlet__v1__list_models_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListModelsResponse>) throws(ProtobufError) {
    self.init()
    models.reserveCapacity(c.pointee.n_models)
    for i in 0..<c.pointee.n_models {
      models.append(try MartletV1.ModelInfo(c: c.pointee.models[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListModelsResponse> {
    let c = arena.allocate(Martlet__V1__ListModelsResponse.self)
    martlet__v1__list_models_response__init(c)
    c.pointee.n_models = models.count
    c.pointee.models = arena.array(models) { $0.makeC(arena) }
    return c
  }
}

extension MartletV1.ShowModelRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ShowModelRequest>? {
    martlet__v1__show_model_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ShowModelRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ShowModelRequest> {
    let c = arena.allocate(Martlet__V1__ShowModelRequest.self)
    martlet__v1__show_model_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension MartletV1.ShowModelResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ShowModelResponse>? {
    martlet__v1__show_model_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ShowModelResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.model {
      model = try MartletV1.ModelInfo(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ShowModelResponse> {
    let c = arena.allocate(Martlet__V1__ShowModelResponse.self)
    martlet__v1__show_model_response__init(c)
    c.pointee.model = model?.makeC(arena)
    return c
  }
}

extension MartletV1.LoadModelRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__LoadModelRequest>? {
    martlet__v1__load_model_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__LoadModelRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__LoadModelRequest> {
    let c = arena.allocate(Martlet__V1__LoadModelRequest.self)
    martlet__v1__load_model_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension MartletV1.LoadModelResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__LoadModelResponse>? {
    martlet__v1__load_model_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__LoadModelResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.model {
      model = try MartletV1.ModelInfo(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__LoadModelResponse> {
    let c = arena.allocate(Martlet__V1__LoadModelResponse.self)
    martlet__v1__load_model_response__init(c)
    c.pointee.model = model?.makeC(arena)
    return c
  }
}

extension MartletV1.UnloadModelRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__UnloadModelRequest>? {
    martlet__v1__unload_model_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__UnloadModelRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__UnloadModelRequest> {
    let c = arena.allocate(Martlet__V1__UnloadModelRequest.self)
    martlet__v1__unload_model_request__init(c)
    c.pointee.name = arena.text(name)
    return c
  }
}

extension MartletV1.UnloadModelResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__UnloadModelResponse>? {
    martlet__v1__unload_model_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__UnloadModelResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__UnloadModelResponse> {
    let c = arena.allocate(Martlet__V1__UnloadModelResponse.self)
    martlet__v1__unload_model_response__init(c)
    return c
  }
}

extension MartletV1.DeleteModelRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeleteModelRequest>? {
    martlet__v1__delete_model_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeleteModelRequest>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    version = c.pointee.version
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeleteModelRequest> {
    let c = arena.allocate(Martlet__V1__DeleteModelRequest.self)
    martlet__v1__delete_model_request__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.version = version
    return c
  }
}

extension MartletV1.DeleteModelResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeleteModelResponse>? {
    martlet__v1__delete_model_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeleteModelResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeleteModelResponse> {
    let c = arena.allocate(Martlet__V1__DeleteModelResponse.self)
    martlet__v1__delete_model_response__init(c)
    return c
  }
}
