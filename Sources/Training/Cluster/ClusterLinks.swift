/// What a worker is told to do.
struct ClusterAssignment: Equatable, Sendable {
  /// Later ones have larger numbers.
  var generation: Int
  /// The shards whose gradients the worker computes, ascending.
  var shards: [Int]
  /// The training has ended.
  var isOver = false
}

/// A worker's call of one server.
struct ExchangeRequest: Sendable {
  var generation: Int
  /// A gradient, encoded; its push has none.
  var push: (GradientPush, encoded: [UInt8])?
  /// Norms of the whole gradient of a step.
  var squares: (step: Int, [Double])?
  /// The step whose parameters are wanted; nil for those that there are.
  var step: Int?
  /// Whether those that never change are wanted too.
  var wantsAll = false
}

/// A server's answer.
enum ExchangeReply: Sendable {
  /// Another assignment is in force: ask for it.
  case stale
  /// The step has to wait for others.
  case pending
  /// The step waits for the norms of the whole gradient; here are this server's.
  case norms(step: Int, [Double])
  /// Encoded parameters, and the clocks of all shards of the data.
  case values([UInt8], clocks: [Int])
}

/// How a worker reaches the others. Calls block; what they throw ends the worker.
protocol WorkerLinks: AnyObject {
  /// The next assignment after a generation.
  func assignment(after generation: Int) throws(TrainingError) -> ClusterAssignment
  /// Whether an assignment is still in force, as far as is known here.
  func isCurrent(_ generation: Int) -> Bool
  /// Asks all servers, one request each; nil for one that could not be reached or stays silent for a moment.
  func exchange(_ requests: [Int: ExchangeRequest]) throws(TrainingError) -> [Int: ExchangeReply]
}

/// How far a server is.
struct ShardStatus: Sendable {
  var isAtLimit: Bool
  var version: Int
  var sums: [Double]
  var marks: UInt64
}

/// What a server begins with, or what it has.
struct ShardContents: Sendable {
  var values: [Float]
  var slots: [[Float]]
}

/// A server that a call did not reach.
struct ServerLost: Error, Equatable {
  var server: Int
}

/// Processes of a training, as its coordinator sees them. Calls block.
protocol ClusterControl: AnyObject {
  /// Makes sure that every server can be reached; one that died begins again, empty.
  func startServers(_ rules: [ParameterShard.Rules]) throws(TrainingError)
  /// Begins at a checkpoint.
  func load(
    _ server: Int, generation: Int, step: Int, _ contents: ShardContents, sums: [Double],
    marks: UInt64
  ) throws(ServerLost)
  /// Puts an assignment in force and lets steps below `limit` be computed.
  func proceed(_ server: Int, generation: Int, limit: Int, resetsSums: Int?) throws(ServerLost)
  /// Waits a moment for the limit.
  func status(_ server: Int) throws(ServerLost) -> ShardStatus
  func contents(_ server: Int) throws(ServerLost) -> ShardContents
  /// Workers that live, by number. Throws what one of them failed with.
  func workers() throws(TrainingError) -> [Int]
  /// Tells the workers what to do, by number; the others nothing.
  func assign(_ assignments: [Int: ClusterAssignment])
}
