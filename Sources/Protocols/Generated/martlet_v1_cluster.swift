// Generated from Proto/martlet/v1/cluster.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// `ParameterKind` of the protocol.
  public struct ParameterKind: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `PARAMETER_KIND_FIXED`.
    public static let fixed = ParameterKind(rawValue: 0)
    /// `PARAMETER_KIND_TRAINED`.
    public static let trained = ParameterKind(rawValue: 1)
    /// A running statistic.
    public static let followed = ParameterKind(rawValue: 2)
  }
  /// `ExchangeState` of the protocol.
  public struct ExchangeState: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `EXCHANGE_STATE_UNSPECIFIED`.
    public static let unspecified = ExchangeState(rawValue: 0)
    /// Another assignment is in force.
    public static let stale = ExchangeState(rawValue: 1)
    /// What was brought was taken; the step waits for others.
    public static let pending = ExchangeState(rawValue: 2)
    /// The step waits for the norms of the whole gradient; here are this server's.
    public static let norms = ExchangeState(rawValue: 3)
    /// `EXCHANGE_STATE_VALUES`.
    public static let values = ExchangeState(rawValue: 4)
  }
  /// A process tells who it is, and later perhaps why it cannot go on.
  public struct JoinClusterRequest: ProtobufValue {
    /// First message: `worker` or `server`.
    public var role: String = ""
    /// One of the alternatives of `given_number`.
    public enum GivenNumber: Sendable, Hashable {
      /// `number`.
      case number(UInt32)
    }
    /// The alternative that is set, if any.
    public var givenNumber: GivenNumber?
    /// First message of a server: where it is reached, host:port.
    public var address: String = ""
    /// Later: a sentence, and the kind of failure.
    public var failure: String = ""
    /// `failure_code`.
    public var failureCode: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `JoinClusterResponse` of the protocol.
  public struct JoinClusterResponse: ProtobufValue {
    /// First message.
    public var task: MartletV1.ClusterTask?
    /// Later: what to do from now on.
    public var assignment: MartletV1.ClusterAssignment?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What is trained.
  public struct ClusterTask: ProtobufValue {
    /// JSON (docs/training.md).
    public var specification: String = ""
    /// The file of examples; without a leading slash it lies beside the training's folder.
    public var training: String = ""
    /// Of them, those to learn from.
    public var exampleCount: UInt64 = 0
    /// `threads`.
    public var threads: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ClusterAssignment` of the protocol.
  public struct ClusterAssignment: ProtobufValue {
    /// `generation`.
    public var generation: UInt64 = 0
    /// Of the data: those whose gradients the worker computes.
    public var shards: [UInt32] = []
    /// `is_over`.
    public var isOver: Bool = false
    /// Where the parameter servers are, in their order.
    public var servers: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A run of one parameter's numbers.
  public struct ParameterPiece: ProtobufValue {
    /// `offset`.
    public var offset: UInt64 = 0
    /// `count`.
    public var count: UInt64 = 0
    /// `parameter`.
    public var parameter: UInt32 = 0
    /// `kind`.
    public var kind: MartletV1.ParameterKind = MartletV1.ParameterKind(rawValue: 0)
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Begins at a checkpoint. The first message says which, all carry a part of the numbers: the parameters,
  /// then each of the optimizer's slots, float32 in little-endian order.
  public struct LoadParametersRequest: ProtobufValue {
    /// `generation`.
    public var generation: UInt64 = 0
    /// `step`.
    public var step: UInt64 = 0
    /// `sums`.
    public var sums: [Double] = []
    /// `marks`.
    public var marks: UInt64 = 0
    /// `specification`.
    public var specification: String = ""
    /// `pieces`.
    public var pieces: [MartletV1.ParameterPiece] = []
    /// Of the whole network.
    public var parameterCount: UInt32 = 0
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `LoadParametersResponse` of the protocol.
  public struct LoadParametersResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Puts an assignment in force, and lets steps below the limit be computed.
  public struct ProceedRequest: ProtobufValue {
    /// `generation`.
    public var generation: UInt64 = 0
    /// `limit`.
    public var limit: UInt64 = 0
    /// How many sums begin anew; 0: they go on.
    public var sumCount: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ProceedResponse` of the protocol.
  public struct ProceedResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ShardStatusRequest` of the protocol.
  public struct ShardStatusRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Comes when the limit is reached, or a moment later.
  public struct ShardStatusResponse: ProtobufValue {
    /// `is_at_limit`.
    public var isAtLimit: Bool = false
    /// `version`.
    public var version: UInt64 = 0
    /// `sums`.
    public var sums: [Double] = []
    /// `marks`.
    public var marks: UInt64 = 0
    /// Since the process began: of gradients that came, and of parameters that went.
    public var receivedBytes: UInt64 = 0
    /// `sent_bytes`.
    public var sentBytes: UInt64 = 0
    /// Steps that these were of.
    public var steps: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ParametersRequest` of the protocol.
  public struct ParametersRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Parameters and slots, as in LoadParametersRequest.
  public struct ParametersResponse: ProtobufValue {
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `StepNorms` of the protocol.
  public struct StepNorms: ProtobufValue {
    /// `step`.
    public var step: UInt64 = 0
    /// Squares of the norms, of each parameter.
    public var squares: [Double] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A worker's gradient of one step.
  public struct StepGradient: ProtobufValue {
    /// `step`.
    public var step: UInt64 = 0
    /// `shards`.
    public var shards: [UInt32] = []
    /// Examples, and loss and metrics times examples.
    public var sums: [Double] = []
    /// `marks`.
    public var marks: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// The first message says what is asked and what is brought; all carry a part of the encoded gradient.
  public struct ExchangeRequest: ProtobufValue {
    /// `generation`.
    public var generation: UInt64 = 0
    /// `gradient`.
    public var gradient: MartletV1.StepGradient?
    /// `norms`.
    public var norms: MartletV1.StepNorms?
    /// One of the alternatives of `wanted_step`.
    public enum WantedStep: Sendable, Hashable {
      /// `step`.
      case step(UInt64)
    }
    /// The alternative that is set, if any.
    public var wantedStep: WantedStep?
    /// Those that never change are wanted too.
    public var wantsAll: Bool = false
    /// One of the alternatives of `wanted_norms`.
    public enum WantedNorms: Sendable, Hashable {
      /// `norms_of`.
      case normsOf(UInt64)
    }
    /// The alternative that is set, if any.
    public var wantedNorms: WantedNorms?
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// The first message says what it is; all carry a part of the encoded parameters.
  public struct ExchangeResponse: ProtobufValue {
    /// `state`.
    public var state: MartletV1.ExchangeState = MartletV1.ExchangeState(rawValue: 0)
    /// `norms`.
    public var norms: MartletV1.StepNorms?
    /// The next step of each shard of the data.
    public var clocks: [UInt64] = []
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.JoinClusterRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__JoinClusterRequest>? {
    martlet__v1__join_cluster_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__JoinClusterRequest>) throws(ProtobufError) {
    self.init()
    role = try utf8Text(c.pointee.role!)
    switch c.pointee.given_number_case {
    case MARTLET__V1__JOIN_CLUSTER_REQUEST__GIVEN_NUMBER_NUMBER:
      givenNumber = .number(c.pointee.number)
    default: break
    }
    address = try utf8Text(c.pointee.address!)
    failure = try utf8Text(c.pointee.failure!)
    failureCode = try utf8Text(c.pointee.failure_code!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__JoinClusterRequest> {
    let c = arena.allocate(Martlet__V1__JoinClusterRequest.self)
    martlet__v1__join_cluster_request__init(c)
    c.pointee.role = arena.text(role)
    switch givenNumber {
    case .number(let value):
      c.pointee.given_number_case = MARTLET__V1__JOIN_CLUSTER_REQUEST__GIVEN_NUMBER_NUMBER
      c.pointee.number = value
    case nil: break
    }
    c.pointee.address = arena.text(address)
    c.pointee.failure = arena.text(failure)
    c.pointee.failure_code = arena.text(failureCode)
    return c
  }
}

extension MartletV1.JoinClusterResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__JoinClusterResponse>? {
    martlet__v1__join_cluster_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__JoinClusterResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.task {
      task = try MartletV1.ClusterTask(c: value)
    }
    if let value = c.pointee.assignment {
      assignment = try MartletV1.ClusterAssignment(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__JoinClusterResponse> {
    let c = arena.allocate(Martlet__V1__JoinClusterResponse.self)
    martlet__v1__join_cluster_response__init(c)
    c.pointee.task = task?.makeC(arena)
    c.pointee.assignment = assignment?.makeC(arena)
    return c
  }
}

extension MartletV1.ClusterTask: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ClusterTask>? {
    martlet__v1__cluster_task__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ClusterTask>) throws(ProtobufError) {
    self.init()
    specification = try utf8Text(c.pointee.specification!)
    training = try utf8Text(c.pointee.training!)
    exampleCount = c.pointee.example_count
    threads = c.pointee.threads
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ClusterTask> {
    let c = arena.allocate(Martlet__V1__ClusterTask.self)
    martlet__v1__cluster_task__init(c)
    c.pointee.specification = arena.text(specification)
    c.pointee.training = arena.text(training)
    c.pointee.example_count = exampleCount
    c.pointee.threads = threads
    return c
  }
}

extension MartletV1.ClusterAssignment: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ClusterAssignment>? {
    martlet__v1__cluster_assignment__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ClusterAssignment>) throws(ProtobufError) {
    self.init()
    generation = c.pointee.generation
    shards.reserveCapacity(c.pointee.n_shards)
    for i in 0..<c.pointee.n_shards {
      shards.append(c.pointee.shards[i])
    }
    isOver = c.pointee.is_over != 0
    servers.reserveCapacity(c.pointee.n_servers)
    for i in 0..<c.pointee.n_servers {
      servers.append(try utf8Text(c.pointee.servers[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ClusterAssignment> {
    let c = arena.allocate(Martlet__V1__ClusterAssignment.self)
    martlet__v1__cluster_assignment__init(c)
    c.pointee.generation = generation
    c.pointee.n_shards = shards.count
    c.pointee.shards = arena.array(shards) { $0 }
    c.pointee.is_over = isOver ? 1 : 0
    c.pointee.n_servers = servers.count
    c.pointee.servers = arena.array(servers) { arena.text($0) }
    return c
  }
}

extension MartletV1.ParameterPiece: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ParameterPiece>? {
    martlet__v1__parameter_piece__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ParameterPiece>) throws(ProtobufError) {
    self.init()
    offset = c.pointee.offset
    count = c.pointee.count
    parameter = c.pointee.parameter
    kind = MartletV1.ParameterKind(c: c.pointee.kind.rawValue)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ParameterPiece> {
    let c = arena.allocate(Martlet__V1__ParameterPiece.self)
    martlet__v1__parameter_piece__init(c)
    c.pointee.offset = offset
    c.pointee.count = count
    c.pointee.parameter = parameter
    c.pointee.kind = Martlet__V1__ParameterKind(UInt32(bitPattern: kind.rawValue))
    return c
  }
}

extension MartletV1.LoadParametersRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__LoadParametersRequest>? {
    martlet__v1__load_parameters_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__LoadParametersRequest>) throws(ProtobufError) {
    self.init()
    generation = c.pointee.generation
    step = c.pointee.step
    sums.reserveCapacity(c.pointee.n_sums)
    for i in 0..<c.pointee.n_sums {
      sums.append(c.pointee.sums[i])
    }
    marks = c.pointee.marks
    specification = try utf8Text(c.pointee.specification!)
    pieces.reserveCapacity(c.pointee.n_pieces)
    for i in 0..<c.pointee.n_pieces {
      pieces.append(try MartletV1.ParameterPiece(c: c.pointee.pieces[i]!))
    }
    parameterCount = c.pointee.parameter_count
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__LoadParametersRequest> {
    let c = arena.allocate(Martlet__V1__LoadParametersRequest.self)
    martlet__v1__load_parameters_request__init(c)
    c.pointee.generation = generation
    c.pointee.step = step
    c.pointee.n_sums = sums.count
    c.pointee.sums = arena.array(sums) { $0 }
    c.pointee.marks = marks
    c.pointee.specification = arena.text(specification)
    c.pointee.n_pieces = pieces.count
    c.pointee.pieces = arena.array(pieces) { $0.makeC(arena) }
    c.pointee.parameter_count = parameterCount
    c.pointee.data = arena.bytes(data)
    return c
  }
}

extension MartletV1.LoadParametersResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__LoadParametersResponse>? {
    martlet__v1__load_parameters_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__LoadParametersResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__LoadParametersResponse> {
    let c = arena.allocate(Martlet__V1__LoadParametersResponse.self)
    martlet__v1__load_parameters_response__init(c)
    return c
  }
}

extension MartletV1.ProceedRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ProceedRequest>? {
    martlet__v1__proceed_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ProceedRequest>) throws(ProtobufError) {
    self.init()
    generation = c.pointee.generation
    limit = c.pointee.limit
    sumCount = c.pointee.sum_count
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ProceedRequest> {
    let c = arena.allocate(Martlet__V1__ProceedRequest.self)
    martlet__v1__proceed_request__init(c)
    c.pointee.generation = generation
    c.pointee.limit = limit
    c.pointee.sum_count = sumCount
    return c
  }
}

extension MartletV1.ProceedResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ProceedResponse>? {
    martlet__v1__proceed_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ProceedResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ProceedResponse> {
    let c = arena.allocate(Martlet__V1__ProceedResponse.self)
    martlet__v1__proceed_response__init(c)
    return c
  }
}

extension MartletV1.ShardStatusRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ShardStatusRequest>? {
    martlet__v1__shard_status_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ShardStatusRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ShardStatusRequest> {
    let c = arena.allocate(Martlet__V1__ShardStatusRequest.self)
    martlet__v1__shard_status_request__init(c)
    return c
  }
}

extension MartletV1.ShardStatusResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ShardStatusResponse>? {
    martlet__v1__shard_status_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ShardStatusResponse>) throws(ProtobufError) {
    self.init()
    isAtLimit = c.pointee.is_at_limit != 0
    version = c.pointee.version
    sums.reserveCapacity(c.pointee.n_sums)
    for i in 0..<c.pointee.n_sums {
      sums.append(c.pointee.sums[i])
    }
    marks = c.pointee.marks
    receivedBytes = c.pointee.received_bytes
    sentBytes = c.pointee.sent_bytes
    steps = c.pointee.steps
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ShardStatusResponse> {
    let c = arena.allocate(Martlet__V1__ShardStatusResponse.self)
    martlet__v1__shard_status_response__init(c)
    c.pointee.is_at_limit = isAtLimit ? 1 : 0
    c.pointee.version = version
    c.pointee.n_sums = sums.count
    c.pointee.sums = arena.array(sums) { $0 }
    c.pointee.marks = marks
    c.pointee.received_bytes = receivedBytes
    c.pointee.sent_bytes = sentBytes
    c.pointee.steps = steps
    return c
  }
}

extension MartletV1.ParametersRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ParametersRequest>? {
    martlet__v1__parameters_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ParametersRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ParametersRequest> {
    let c = arena.allocate(Martlet__V1__ParametersRequest.self)
    martlet__v1__parameters_request__init(c)
    return c
  }
}

extension MartletV1.ParametersResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ParametersResponse>? {
    martlet__v1__parameters_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ParametersResponse>) throws(ProtobufError) {
    self.init()
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ParametersResponse> {
    let c = arena.allocate(Martlet__V1__ParametersResponse.self)
    martlet__v1__parameters_response__init(c)
    c.pointee.data = arena.bytes(data)
    return c
  }
}

extension MartletV1.StepNorms: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__StepNorms>? {
    martlet__v1__step_norms__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__StepNorms>) throws(ProtobufError) {
    self.init()
    step = c.pointee.step
    squares.reserveCapacity(c.pointee.n_squares)
    for i in 0..<c.pointee.n_squares {
      squares.append(c.pointee.squares[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__StepNorms> {
    let c = arena.allocate(Martlet__V1__StepNorms.self)
    martlet__v1__step_norms__init(c)
    c.pointee.step = step
    c.pointee.n_squares = squares.count
    c.pointee.squares = arena.array(squares) { $0 }
    return c
  }
}

extension MartletV1.StepGradient: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__StepGradient>? {
    martlet__v1__step_gradient__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__StepGradient>) throws(ProtobufError) {
    self.init()
    step = c.pointee.step
    shards.reserveCapacity(c.pointee.n_shards)
    for i in 0..<c.pointee.n_shards {
      shards.append(c.pointee.shards[i])
    }
    sums.reserveCapacity(c.pointee.n_sums)
    for i in 0..<c.pointee.n_sums {
      sums.append(c.pointee.sums[i])
    }
    marks = c.pointee.marks
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__StepGradient> {
    let c = arena.allocate(Martlet__V1__StepGradient.self)
    martlet__v1__step_gradient__init(c)
    c.pointee.step = step
    c.pointee.n_shards = shards.count
    c.pointee.shards = arena.array(shards) { $0 }
    c.pointee.n_sums = sums.count
    c.pointee.sums = arena.array(sums) { $0 }
    c.pointee.marks = marks
    return c
  }
}

extension MartletV1.ExchangeRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ExchangeRequest>? {
    martlet__v1__exchange_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ExchangeRequest>) throws(ProtobufError) {
    self.init()
    generation = c.pointee.generation
    if let value = c.pointee.gradient {
      gradient = try MartletV1.StepGradient(c: value)
    }
    if let value = c.pointee.norms {
      norms = try MartletV1.StepNorms(c: value)
    }
    switch c.pointee.wanted_step_case {
    case MARTLET__V1__EXCHANGE_REQUEST__WANTED_STEP_STEP:
      wantedStep = .step(c.pointee.step)
    default: break
    }
    wantsAll = c.pointee.wants_all != 0
    switch c.pointee.wanted_norms_case {
    case MARTLET__V1__EXCHANGE_REQUEST__WANTED_NORMS_NORMS_OF:
      wantedNorms = .normsOf(c.pointee.norms_of)
    default: break
    }
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ExchangeRequest> {
    let c = arena.allocate(Martlet__V1__ExchangeRequest.self)
    martlet__v1__exchange_request__init(c)
    c.pointee.generation = generation
    c.pointee.gradient = gradient?.makeC(arena)
    c.pointee.norms = norms?.makeC(arena)
    switch wantedStep {
    case .step(let value):
      c.pointee.wanted_step_case = MARTLET__V1__EXCHANGE_REQUEST__WANTED_STEP_STEP
      c.pointee.step = value
    case nil: break
    }
    c.pointee.wants_all = wantsAll ? 1 : 0
    switch wantedNorms {
    case .normsOf(let value):
      c.pointee.wanted_norms_case = MARTLET__V1__EXCHANGE_REQUEST__WANTED_NORMS_NORMS_OF
      c.pointee.norms_of = value
    case nil: break
    }
    c.pointee.data = arena.bytes(data)
    return c
  }
}

extension MartletV1.ExchangeResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ExchangeResponse>? {
    martlet__v1__exchange_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ExchangeResponse>) throws(ProtobufError) {
    self.init()
    state = MartletV1.ExchangeState(c: c.pointee.state.rawValue)
    if let value = c.pointee.norms {
      norms = try MartletV1.StepNorms(c: value)
    }
    clocks.reserveCapacity(c.pointee.n_clocks)
    for i in 0..<c.pointee.n_clocks {
      clocks.append(c.pointee.clocks[i])
    }
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ExchangeResponse> {
    let c = arena.allocate(Martlet__V1__ExchangeResponse.self)
    martlet__v1__exchange_response__init(c)
    c.pointee.state = Martlet__V1__ExchangeState(UInt32(bitPattern: state.rawValue))
    c.pointee.norms = norms?.makeC(arena)
    c.pointee.n_clocks = clocks.count
    c.pointee.clocks = arena.array(clocks) { $0 }
    c.pointee.data = arena.bytes(data)
    return c
  }
}
