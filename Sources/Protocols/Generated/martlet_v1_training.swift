// Generated from Proto/martlet/v1/training.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// `TrainingState` of the protocol.
  public struct TrainingState: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `TRAINING_STATE_UNSPECIFIED`.
    public static let unspecified = TrainingState(rawValue: 0)
    /// Waits for its turn, or for a process to go on with it.
    public static let waiting = TrainingState(rawValue: 1)
    /// `TRAINING_STATE_RUNNING`.
    public static let running = TrainingState(rawValue: 2)
    /// Ends at its next step because somebody asked for that.
    public static let cancelling = TrainingState(rawValue: 3)
    /// `TRAINING_STATE_CANCELLED`.
    public static let cancelled = TrainingState(rawValue: 4)
    /// `TRAINING_STATE_FAILED`.
    public static let failed = TrainingState(rawValue: 5)
    /// `TRAINING_STATE_FINISHED`.
    public static let finished = TrainingState(rawValue: 6)
  }
  /// A stream of parts. The first says what is to be made; each part appends to one of its files. The job
  /// exists whole, after the last part, or not at all.
  public struct CreateTrainingRequest: ProtobufValue {
    /// Required in the first message: the model whose next version this becomes. Later ones leave it empty
    /// or repeat it.
    public var model: String = ""
    /// First message only: the description of the model and of its training, JSON (docs/training.md).
    public var specification: String = ""
    /// `options`.
    public var options: MartletV1.TrainingOptions?
    /// `training` or `validation`, with the ending that says what the file is, e.g. `training.npz`; or
    /// `initial.onnx`, the model to begin with.
    public var file: String = ""
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What is left out is as the description says, or else as the service does by itself.
  public struct TrainingOptions: ProtobufValue {
    /// One of the alternatives of `given_seed`.
    public enum GivenSeed: Sendable, Hashable {
      /// `seed`.
      case seed(UInt64)
    }
    /// The alternative that is set, if any.
    public var givenSeed: GivenSeed?
    /// The column or array that is to be learned.
    public var target: String = ""
    /// Processes that compute gradients of a network; 0: as the description's `distribute` says.
    public var workers: UInt32 = 0
    /// Threads; 0: as many as the service allows.
    public var threads: UInt32 = 0
    /// Keep what was trained without serving it: FetchModel reads it.
    public var noDeploy: Bool = false
    /// Processes that hold the parameters of a network; 0: as the description says.
    public var servers: UInt32 = 0
    /// `synchronous`, `asynchronous` or `bounded`.
    public var mode: String = ""
    /// `none`, `fp16`, `bf16` or `top_k`.
    public var compression: String = ""
    /// The version whose weights a network begins with: `MODEL` for the newest one, or `MODEL:VERSION`; or the
    /// name of an .onnx file that is sent as `initial.onnx`.
    public var initialModel: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CreateTrainingResponse` of the protocol.
  public struct CreateTrainingResponse: ProtobufValue {
    /// `job`.
    public var job: MartletV1.TrainingJob?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TrainingMetric` of the protocol.
  public struct TrainingMetric: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `value`.
    public var value: Double = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TrainingProgress` of the protocol.
  public struct TrainingProgress: ProtobufValue {
    /// The epoch (or round, or tree) under way, from 1.
    public var epoch: UInt32 = 0
    /// `epoch_count`.
    public var epochCount: UInt32 = 0
    /// Steps done of the epoch.
    public var step: UInt64 = 0
    /// `step_count`.
    public var stepCount: UInt64 = 0
    /// Means over the epoch so far; at its end the validation's too (`val_…`).
    public var metrics: [MartletV1.TrainingMetric] = []
    /// `examples_per_second`.
    public var examplesPerSecond: Double = 0
    /// `seconds_left`.
    public var secondsLeft: Double = 0
    /// `ends_epoch`.
    public var endsEpoch: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TrainingJob` of the protocol.
  public struct TrainingJob: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// `model`.
    public var model: String = ""
    /// `state`.
    public var state: MartletV1.TrainingState = MartletV1.TrainingState(rawValue: 0)
    /// Milliseconds since 1970.
    public var createdMs: Int64 = 0
    /// `ended_ms`.
    public var endedMs: Int64 = 0
    /// Why it failed or was cancelled: a sentence that says what to do.
    public var message: String = ""
    /// What to branch on when it failed: `specification`, `data`, `diverged` or `resources`.
    public var code: String = ""
    /// The version that was made of it; 0: none.
    public var version: Int64 = 0
    /// The last ones, when it has ended.
    public var metrics: [MartletV1.TrainingMetric] = []
    /// What a person should know: that it stopped early, which columns were categories.
    public var notes: [String] = []
    /// Bytes of its data, its checkpoint and its result.
    public var byteSize: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TrainingEvent` of the protocol.
  public struct TrainingEvent: ProtobufValue {
    /// Where a later Watch goes on after this event.
    public var offset: UInt64 = 0
    /// `time_ms`.
    public var timeMs: Int64 = 0
    /// One of the alternatives of `event`.
    public enum Event: Sendable, Hashable {
      /// `progress`.
      case progress(MartletV1.TrainingProgress)
      /// It has begun, or goes on from its last checkpoint; a sentence.
      case started(String)
      /// It has ended; always the last event of a stream.
      case ended(MartletV1.TrainingJob)
    }
    /// The alternative that is set, if any.
    public var event: Event?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `WatchTrainingRequest` of the protocol.
  public struct WatchTrainingRequest: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// 0, or an event's offset: what came before is left out.
    public var offset: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `GetTrainingRequest` of the protocol.
  public struct GetTrainingRequest: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `GetTrainingResponse` of the protocol.
  public struct GetTrainingResponse: ProtobufValue {
    /// `job`.
    public var job: MartletV1.TrainingJob?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListTrainingsRequest` of the protocol.
  public struct ListTrainingsRequest: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ListTrainingsResponse` of the protocol.
  public struct ListTrainingsResponse: ProtobufValue {
    /// The newest first.
    public var jobs: [MartletV1.TrainingJob] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CancelTrainingRequest` of the protocol.
  public struct CancelTrainingRequest: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `CancelTrainingResponse` of the protocol.
  public struct CancelTrainingResponse: ProtobufValue {
    /// `job`.
    public var job: MartletV1.TrainingJob?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A job that failed or was cancelled goes on from its last checkpoint.
  public struct ResumeTrainingRequest: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ResumeTrainingResponse` of the protocol.
  public struct ResumeTrainingResponse: ProtobufValue {
    /// `job`.
    public var job: MartletV1.TrainingJob?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// Removes a job with its data, its checkpoint and its result; one that runs ends. What was deployed stays.
  public struct DeleteTrainingRequest: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `DeleteTrainingResponse` of the protocol.
  public struct DeleteTrainingResponse: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `FetchTrainedModelRequest` of the protocol.
  public struct FetchTrainedModelRequest: ProtobufValue {
    /// `id`.
    public var id: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A part of the trained model's ONNX file.
  public struct FetchTrainedModelResponse: ProtobufValue {
    /// `data`.
    public var data: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.CreateTrainingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CreateTrainingRequest>? {
    martlet__v1__create_training_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CreateTrainingRequest>) throws(ProtobufError) {
    self.init()
    model = try utf8Text(c.pointee.model!)
    specification = try utf8Text(c.pointee.specification!)
    if let value = c.pointee.options {
      options = try MartletV1.TrainingOptions(c: value)
    }
    file = try utf8Text(c.pointee.file!)
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CreateTrainingRequest> {
    let c = arena.allocate(Martlet__V1__CreateTrainingRequest.self)
    martlet__v1__create_training_request__init(c)
    c.pointee.model = arena.text(model)
    c.pointee.specification = arena.text(specification)
    c.pointee.options = options?.makeC(arena)
    c.pointee.file = arena.text(file)
    c.pointee.data = arena.bytes(data)
    return c
  }
}

extension MartletV1.TrainingOptions: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TrainingOptions>? {
    martlet__v1__training_options__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TrainingOptions>) throws(ProtobufError) {
    self.init()
    switch c.pointee.given_seed_case {
    case MARTLET__V1__TRAINING_OPTIONS__GIVEN_SEED_SEED:
      givenSeed = .seed(c.pointee.seed)
    default: break
    }
    target = try utf8Text(c.pointee.target!)
    workers = c.pointee.workers
    threads = c.pointee.threads
    noDeploy = c.pointee.no_deploy != 0
    servers = c.pointee.servers
    mode = try utf8Text(c.pointee.mode!)
    compression = try utf8Text(c.pointee.compression!)
    initialModel = try utf8Text(c.pointee.initial_model!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TrainingOptions> {
    let c = arena.allocate(Martlet__V1__TrainingOptions.self)
    martlet__v1__training_options__init(c)
    switch givenSeed {
    case .seed(let value):
      c.pointee.given_seed_case = MARTLET__V1__TRAINING_OPTIONS__GIVEN_SEED_SEED
      c.pointee.seed = value
    case nil: break
    }
    c.pointee.target = arena.text(target)
    c.pointee.workers = workers
    c.pointee.threads = threads
    c.pointee.no_deploy = noDeploy ? 1 : 0
    c.pointee.servers = servers
    c.pointee.mode = arena.text(mode)
    c.pointee.compression = arena.text(compression)
    c.pointee.initial_model = arena.text(initialModel)
    return c
  }
}

extension MartletV1.CreateTrainingResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CreateTrainingResponse>? {
    martlet__v1__create_training_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CreateTrainingResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.job {
      job = try MartletV1.TrainingJob(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CreateTrainingResponse> {
    let c = arena.allocate(Martlet__V1__CreateTrainingResponse.self)
    martlet__v1__create_training_response__init(c)
    c.pointee.job = job?.makeC(arena)
    return c
  }
}

extension MartletV1.TrainingMetric: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TrainingMetric>? {
    martlet__v1__training_metric__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TrainingMetric>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    value = c.pointee.value
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TrainingMetric> {
    let c = arena.allocate(Martlet__V1__TrainingMetric.self)
    martlet__v1__training_metric__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.value = value
    return c
  }
}

extension MartletV1.TrainingProgress: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TrainingProgress>? {
    martlet__v1__training_progress__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TrainingProgress>) throws(ProtobufError) {
    self.init()
    epoch = c.pointee.epoch
    epochCount = c.pointee.epoch_count
    step = c.pointee.step
    stepCount = c.pointee.step_count
    metrics.reserveCapacity(c.pointee.n_metrics)
    for i in 0..<c.pointee.n_metrics {
      metrics.append(try MartletV1.TrainingMetric(c: c.pointee.metrics[i]!))
    }
    examplesPerSecond = c.pointee.examples_per_second
    secondsLeft = c.pointee.seconds_left
    endsEpoch = c.pointee.ends_epoch != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TrainingProgress> {
    let c = arena.allocate(Martlet__V1__TrainingProgress.self)
    martlet__v1__training_progress__init(c)
    c.pointee.epoch = epoch
    c.pointee.epoch_count = epochCount
    c.pointee.step = step
    c.pointee.step_count = stepCount
    c.pointee.n_metrics = metrics.count
    c.pointee.metrics = arena.array(metrics) { $0.makeC(arena) }
    c.pointee.examples_per_second = examplesPerSecond
    c.pointee.seconds_left = secondsLeft
    c.pointee.ends_epoch = endsEpoch ? 1 : 0
    return c
  }
}

extension MartletV1.TrainingJob: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TrainingJob>? {
    martlet__v1__training_job__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TrainingJob>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
    model = try utf8Text(c.pointee.model!)
    state = MartletV1.TrainingState(c: c.pointee.state.rawValue)
    createdMs = c.pointee.created_ms
    endedMs = c.pointee.ended_ms
    message = try utf8Text(c.pointee.message!)
    code = try utf8Text(c.pointee.code!)
    version = c.pointee.version
    metrics.reserveCapacity(c.pointee.n_metrics)
    for i in 0..<c.pointee.n_metrics {
      metrics.append(try MartletV1.TrainingMetric(c: c.pointee.metrics[i]!))
    }
    notes.reserveCapacity(c.pointee.n_notes)
    for i in 0..<c.pointee.n_notes {
      notes.append(try utf8Text(c.pointee.notes[i]!))
    }
    byteSize = c.pointee.byte_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TrainingJob> {
    let c = arena.allocate(Martlet__V1__TrainingJob.self)
    martlet__v1__training_job__init(c)
    c.pointee.id = arena.text(id)
    c.pointee.model = arena.text(model)
    c.pointee.state = Martlet__V1__TrainingState(UInt32(bitPattern: state.rawValue))
    c.pointee.created_ms = createdMs
    c.pointee.ended_ms = endedMs
    c.pointee.message = arena.text(message)
    c.pointee.code = arena.text(code)
    c.pointee.version = version
    c.pointee.n_metrics = metrics.count
    c.pointee.metrics = arena.array(metrics) { $0.makeC(arena) }
    c.pointee.n_notes = notes.count
    c.pointee.notes = arena.array(notes) { arena.text($0) }
    c.pointee.byte_size = byteSize
    return c
  }
}

extension MartletV1.TrainingEvent: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TrainingEvent>? {
    martlet__v1__training_event__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TrainingEvent>) throws(ProtobufError) {
    self.init()
    offset = c.pointee.offset
    timeMs = c.pointee.time_ms
    switch c.pointee.event_case {
    case MARTLET__V1__TRAINING_EVENT__EVENT_PROGRESS:
      event = .progress(try MartletV1.TrainingProgress(c: c.pointee.progress!))
    case MARTLET__V1__TRAINING_EVENT__EVENT_STARTED:
      event = .started(try utf8Text(c.pointee.started!))
    case MARTLET__V1__TRAINING_EVENT__EVENT_ENDED:
      event = .ended(try MartletV1.TrainingJob(c: c.pointee.ended!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TrainingEvent> {
    let c = arena.allocate(Martlet__V1__TrainingEvent.self)
    martlet__v1__training_event__init(c)
    c.pointee.offset = offset
    c.pointee.time_ms = timeMs
    switch event {
    case .progress(let value):
      c.pointee.event_case = MARTLET__V1__TRAINING_EVENT__EVENT_PROGRESS
      c.pointee.progress = value.makeC(arena)
    case .started(let value):
      c.pointee.event_case = MARTLET__V1__TRAINING_EVENT__EVENT_STARTED
      c.pointee.started = arena.text(value)
    case .ended(let value):
      c.pointee.event_case = MARTLET__V1__TRAINING_EVENT__EVENT_ENDED
      c.pointee.ended = value.makeC(arena)
    case nil: break
    }
    return c
  }
}

extension MartletV1.WatchTrainingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__WatchTrainingRequest>? {
    martlet__v1__watch_training_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__WatchTrainingRequest>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
    offset = c.pointee.offset
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__WatchTrainingRequest> {
    let c = arena.allocate(Martlet__V1__WatchTrainingRequest.self)
    martlet__v1__watch_training_request__init(c)
    c.pointee.id = arena.text(id)
    c.pointee.offset = offset
    return c
  }
}

extension MartletV1.GetTrainingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__GetTrainingRequest>? {
    martlet__v1__get_training_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__GetTrainingRequest>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__GetTrainingRequest> {
    let c = arena.allocate(Martlet__V1__GetTrainingRequest.self)
    martlet__v1__get_training_request__init(c)
    c.pointee.id = arena.text(id)
    return c
  }
}

extension MartletV1.GetTrainingResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__GetTrainingResponse>? {
    martlet__v1__get_training_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__GetTrainingResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.job {
      job = try MartletV1.TrainingJob(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__GetTrainingResponse> {
    let c = arena.allocate(Martlet__V1__GetTrainingResponse.self)
    martlet__v1__get_training_response__init(c)
    c.pointee.job = job?.makeC(arena)
    return c
  }
}

extension MartletV1.ListTrainingsRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListTrainingsRequest>? {
    martlet__v1__list_trainings_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListTrainingsRequest>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListTrainingsRequest> {
    let c = arena.allocate(Martlet__V1__ListTrainingsRequest.self)
    martlet__v1__list_trainings_request__init(c)
    return c
  }
}

extension MartletV1.ListTrainingsResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ListTrainingsResponse>? {
    martlet__v1__list_trainings_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ListTrainingsResponse>) throws(ProtobufError) {
    self.init()
    jobs.reserveCapacity(c.pointee.n_jobs)
    for i in 0..<c.pointee.n_jobs {
      jobs.append(try MartletV1.TrainingJob(c: c.pointee.jobs[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ListTrainingsResponse> {
    let c = arena.allocate(Martlet__V1__ListTrainingsResponse.self)
    martlet__v1__list_trainings_response__init(c)
    c.pointee.n_jobs = jobs.count
    c.pointee.jobs = arena.array(jobs) { $0.makeC(arena) }
    return c
  }
}

extension MartletV1.CancelTrainingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CancelTrainingRequest>? {
    martlet__v1__cancel_training_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CancelTrainingRequest>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CancelTrainingRequest> {
    let c = arena.allocate(Martlet__V1__CancelTrainingRequest.self)
    martlet__v1__cancel_training_request__init(c)
    c.pointee.id = arena.text(id)
    return c
  }
}

extension MartletV1.CancelTrainingResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__CancelTrainingResponse>? {
    martlet__v1__cancel_training_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__CancelTrainingResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.job {
      job = try MartletV1.TrainingJob(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__CancelTrainingResponse> {
    let c = arena.allocate(Martlet__V1__CancelTrainingResponse.self)
    martlet__v1__cancel_training_response__init(c)
    c.pointee.job = job?.makeC(arena)
    return c
  }
}

extension MartletV1.ResumeTrainingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ResumeTrainingRequest>? {
    martlet__v1__resume_training_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ResumeTrainingRequest>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ResumeTrainingRequest> {
    let c = arena.allocate(Martlet__V1__ResumeTrainingRequest.self)
    martlet__v1__resume_training_request__init(c)
    c.pointee.id = arena.text(id)
    return c
  }
}

extension MartletV1.ResumeTrainingResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ResumeTrainingResponse>? {
    martlet__v1__resume_training_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ResumeTrainingResponse>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.job {
      job = try MartletV1.TrainingJob(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ResumeTrainingResponse> {
    let c = arena.allocate(Martlet__V1__ResumeTrainingResponse.self)
    martlet__v1__resume_training_response__init(c)
    c.pointee.job = job?.makeC(arena)
    return c
  }
}

extension MartletV1.DeleteTrainingRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeleteTrainingRequest>? {
    martlet__v1__delete_training_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeleteTrainingRequest>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeleteTrainingRequest> {
    let c = arena.allocate(Martlet__V1__DeleteTrainingRequest.self)
    martlet__v1__delete_training_request__init(c)
    c.pointee.id = arena.text(id)
    return c
  }
}

extension MartletV1.DeleteTrainingResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__DeleteTrainingResponse>? {
    martlet__v1__delete_training_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__DeleteTrainingResponse>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__DeleteTrainingResponse> {
    let c = arena.allocate(Martlet__V1__DeleteTrainingResponse.self)
    martlet__v1__delete_training_response__init(c)
    return c
  }
}

extension MartletV1.FetchTrainedModelRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__FetchTrainedModelRequest>? {
    martlet__v1__fetch_trained_model_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__FetchTrainedModelRequest>) throws(ProtobufError) {
    self.init()
    id = try utf8Text(c.pointee.id!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__FetchTrainedModelRequest> {
    let c = arena.allocate(Martlet__V1__FetchTrainedModelRequest.self)
    martlet__v1__fetch_trained_model_request__init(c)
    c.pointee.id = arena.text(id)
    return c
  }
}

extension MartletV1.FetchTrainedModelResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__FetchTrainedModelResponse>? {
    martlet__v1__fetch_trained_model_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__FetchTrainedModelResponse>) throws(ProtobufError) {
    self.init()
    data = bytes(c.pointee.data)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__FetchTrainedModelResponse> {
    let c = arena.allocate(Martlet__V1__FetchTrainedModelResponse.self)
    martlet__v1__fetch_trained_model_response__init(c)
    c.pointee.data = arena.bytes(data)
    return c
  }
}
