internal import JSON

/// Who computes a training: the description's `distribute`. Without it one process does.
struct Distribution: Equatable {
  /// When a worker's step changes the parameters, and what it must wait for.
  enum Mode: Equatable {
    /// All workers compute the same step; the mean of their gradients is one update.
    case synchronous
    /// Each gradient is an update of its own, when it comes.
    case asynchronous
    /// The same, but nobody is more than so many steps ahead of the slowest.
    case bounded(staleness: Int)
  }

  /// How gradients travel.
  enum Compression: Equatable {
    case none
    case fp16
    case bf16
    /// Only the largest, this share of them.
    case topK(fraction: Double)
  }

  /// Processes that compute gradients; 0: none but the trainer's own.
  var workers = 0
  /// Processes that hold the parameters.
  var servers = 1
  /// Parts that the data are dealt out to; workers take over whole ones.
  var shardCount = 1
  var mode = Mode.synchronous
  var compression = Compression.none
  /// Whether the processes are started by somebody else, on other machines perhaps, and join.
  var startsElsewhere = false

  static let processCountMax = 1024

  init(_ value: JSONValue?) throws(TrainingError) {
    let config = try Configuration(value, place: "distribute")
    let counts = 1...Self.processCountMax
    workers = try config.int("workers", in: 0...Self.processCountMax) ?? (value == nil ? 0 : 1)
    servers = try config.int("servers", in: counts) ?? 1
    shardCount = try config.int("shards", in: counts) ?? max(1, workers)
    let staleness = try config.int("staleness", in: 0...1_000_000)
    switch try config.string(
      "mode", among: ["synchronous", "asynchronous", "bounded"],
      default: staleness == nil ? "synchronous" : "bounded")
    {
    case "asynchronous": mode = .asynchronous
    case "bounded": mode = .bounded(staleness: staleness ?? 4)
    default: mode = .synchronous
    }
    if staleness != nil, mode == .synchronous || mode == .asynchronous {
      throw TrainingError(
        .specification, "distribute: staleness is for the mode \"bounded\", got another")
    }
    let fraction = try config.number("fraction", in: 1e-6...1)
    switch try config.string(
      "compression", among: ["none", "fp16", "bf16", "top_k"],
      default: fraction == nil ? "none" : "top_k")
    {
    case "fp16": compression = .fp16
    case "bf16": compression = .bf16
    case "top_k": compression = .topK(fraction: fraction ?? 0.01)
    default: compression = .none
    }
    startsElsewhere =
      try config.string("start", among: ["here", "elsewhere"], default: "here") == "elsewhere"
    if fraction != nil {
      guard case .topK = compression else {
        throw TrainingError(
          .specification, "distribute: fraction is for the compression \"top_k\", got another")
      }
    }
    guard shardCount >= workers else {
      throw TrainingError(
        .specification,
        "distribute: shards must be at least as many as workers (\(workers)), got \(shardCount)")
    }
    try config.finish()
  }
}

/// How examples become shards: `fit.partition`.
enum DataPartition: Equatable {
  /// Each global batch is cut into pieces, one for each shard: who computes changes nothing about the
  /// order of examples.
  case batch
  /// Ranges of examples that lie side by side.
  case block
  /// By the hash of a column: equal keys meet in one shard.
  case hash(column: String)
  /// Every shard has the same share of every label.
  case stratified

  init(_ config: Configuration) throws(TrainingError) {
    let column = try config.string("partition_column")
    switch try config.string(
      "partition", among: ["batch", "block", "hash", "stratified"],
      default: column == nil ? "batch" : "hash")
    {
    case "block": self = .block
    case "stratified": self = .stratified
    case "hash":
      guard let column else {
        throw config.missing("partition_column", expected: "the column whose hash is taken")
      }
      self = .hash(column: column)
    default: self = .batch
    }
    if column != nil, self != .hash(column: column ?? "") {
      throw TrainingError(.specification, "fit: partition_column is for the partition \"hash\"")
    }
  }
}
