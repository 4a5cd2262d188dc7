/// What a training needs of the processes that it is shared among.
package struct ClusterPlan: Sendable {
  /// Processes that compute gradients.
  package var workers: Int
  /// Processes that hold the parameters.
  package var servers: Int
  /// Of the data, without those to judge by.
  package var exampleCount: Int
  /// Whether somebody else starts them, and they join.
  package var startsElsewhere = false

  package init(workers: Int, servers: Int, exampleCount: Int) {
    (self.workers, self.servers, self.exampleCount) = (workers, servers, exampleCount)
  }
}

/// What a worker is told to do.
package struct ClusterAssignment: Equatable, Sendable {
  /// Later ones have larger numbers.
  package var generation: Int
  /// The shards whose gradients the worker computes, ascending.
  package var shards: [Int]
  /// The training has ended.
  package var isOver = false

  package init(generation: Int, shards: [Int], isOver: Bool = false) {
    (self.generation, self.shards, self.isOver) = (generation, shards, isOver)
  }
}

/// A worker's call of one server.
package struct ExchangeRequest: Sendable {
  package var generation: Int
  /// A gradient, encoded; its push has none.
  package var push: (GradientPush, encoded: EncodedNumbers)?
  /// Norms of the whole gradient of a step.
  package var squares: (step: Int, [Double])?
  /// The step whose parameters are wanted; nil for those that there are.
  package var step: Int?
  /// Whether those that never change are wanted too.
  package var wantsAll = false
  /// Norms of an ended step are wanted, and nothing else: another server did not learn of them.
  package var normsOf: Int?

  package init(
    generation: Int, push: (GradientPush, encoded: EncodedNumbers)? = nil,
    squares: (step: Int, [Double])? = nil, step: Int? = nil, wantsAll: Bool = false,
    normsOf: Int? = nil
  ) {
    (self.generation, self.push, self.squares) = (generation, push, squares)
    (self.step, self.wantsAll, self.normsOf) = (step, wantsAll, normsOf)
  }
}

/// A server's answer.
package enum ExchangeReply: Sendable {
  /// Another assignment is in force: ask for it.
  case stale
  /// The step has to wait for others.
  case pending
  /// The step waits for the norms of the whole gradient; here are this server's.
  case norms(step: Int, [Double])
  /// Encoded parameters, and the clocks of all shards of the data.
  case values(EncodedNumbers, clocks: [Int])
}

/// How a worker reaches the others. Calls block; what they throw ends the worker.
package protocol WorkerLinks: AnyObject {
  /// The next assignment after a generation.
  func assignment(after generation: Int) throws(TrainingError) -> ClusterAssignment
  /// Whether an assignment is still in force, as far as is known here.
  func isCurrent(_ generation: Int) -> Bool
  /// Asks all servers, one request each; nil for one that could not be reached or stays silent for a moment.
  func exchange(_ requests: [Int: ExchangeRequest]) throws(TrainingError) -> [Int: ExchangeReply]
}

/// How far a server is.
package struct ShardStatus: Equatable, Sendable {
  package var isAtLimit: Bool
  package var version: Int
  package var sums: [Double]
  package var marks: UInt64

  package init(isAtLimit: Bool, version: Int, sums: [Double], marks: UInt64) {
    (self.isAtLimit, self.version, self.sums, self.marks) = (isAtLimit, version, sums, marks)
  }
}

/// What a server begins with, or what it has.
package struct ShardContents: Sendable {
  package var values: [Float]
  package var slots: [[Float]]

  package init(values: [Float], slots: [[Float]]) {
    (self.values, self.slots) = (values, slots)
  }
}

/// A server that a call did not reach.
package struct ServerLost: Error, Equatable {
  package var server: Int

  package init(server: Int) { self.server = server }
}

/// Processes of a training, as its coordinator sees them. Calls block.
package protocol ClusterControl: AnyObject {
  /// Makes sure that every server can be reached; one that died begins again, empty.
  /// `pause` is called now and then meanwhile; what it throws ends the call.
  func startServers(
    _ rules: [ParameterShard.Rules], pause: () throws(TrainingError) -> Void
  ) throws(TrainingError)
  /// Begins at a checkpoint.
  func load(
    _ server: Int, generation: Int, step: Int, _ contents: ShardContents, sums: [Double],
    marks: UInt64, rules: ParameterShard.Rules
  ) throws(ServerLost)
  /// Puts an assignment in force and lets steps below `limit` be computed.
  func proceed(_ server: Int, generation: Int, limit: Int, resetsSums: Int?) throws(ServerLost)
  /// Waits a moment for the limit.
  func status(_ server: Int) throws(ServerLost) -> ShardStatus
  func contents(_ server: Int, rules: ParameterShard.Rules) throws(ServerLost) -> ShardContents
  /// Workers that live, by number. Throws what one of them failed with.
  func workers() throws(TrainingError) -> [Int]
  /// Tells the workers what to do, by number; the others nothing.
  func assign(_ assignments: [Int: ClusterAssignment])
  /// Ends all processes: the training is over, or is not to go on.
  func end()
  /// What was moved between them, a sentence.
  var summary: String? { get }
}
