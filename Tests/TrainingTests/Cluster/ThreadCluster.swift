import Foundation
import Glibc

@testable import Training

/// Workers and servers as threads of one process, which can be killed one by one. Everything that they say to each
/// other passes the lock.
final class ThreadCluster: ClusterControl, @unchecked Sendable {
  struct State {
    var shards: [ParameterShard?] = []
    var assignments: [Int: ClusterAssignment] = [:]
    var alive: Set<Int> = []
    var killed: Set<Int> = []
    var failure: TrainingError?
    var startCount = 0
    var pushCount = 0
    var squaresCount = 0
  }

  let request: TrainingRequest
  let codec: GradientCodec
  let lock = Locked(State())
  private var rules: [ParameterShard.Rules] = []
  private var nextWorker = 0
  private let exampleCount: Int
  /// Called at each push, with how many there were; may kill.
  var atPush: (@Sendable (ThreadCluster, Int) -> Void)?
  /// Called when a server is told a gradient's norms, with how many were told before; may kill.
  var atSquares: (@Sendable (ThreadCluster, Int) -> Void)?

  init(_ request: TrainingRequest, exampleCount: Int) throws {
    self.request = request
    self.exampleCount = exampleCount
    let specification = try TrainingSpecification(request.specification)
    codec = GradientCodec(compression: specification.distribution.compression)
    for _ in 0..<specification.distribution.workers { startWorker() }
  }

  func startWorker() {
    let number = nextWorker
    nextWorker += 1
    lock.withLock { _ = $0.alive.insert(number) }
    Thread.detachNewThread { [self] in
      do {
        let specification = try TrainingSpecification(request.specification)
        let steps = try NetworkSteps(specification, request.training, threadCount: 1)
        let links = ThreadLinks(self, number)
        try ClusterWorker(steps, exampleCount: exampleCount, links: links).run()
      } catch let error as TrainingError where error.code != .cancelled {
        lock.withLock { $0.failure = error }
      } catch {}
      lock.withLock { _ = $0.alive.remove(number) }
    }
  }

  func killWorker(_ number: Int) {
    lock.withLock { state in
      state.killed.insert(number)
      state.alive.remove(number)
    }
  }

  func killServer(_ number: Int) { lock.withLock { $0.shards[number] = nil } }

  // MARK: - The coordinator's calls

  func startServers(
    _ rules: [ParameterShard.Rules], pause: () throws(TrainingError) -> Void
  ) throws(TrainingError) {
    try pause()
    lock.withLock { state in
      state.startCount += 1
      state.shards = rules.indices.map { index in
        (index < state.shards.count ? state.shards[index] : nil) ?? ParameterShard(rules[index])
      }
    }
  }

  private func with<R>(_ server: Int, _ body: (ParameterShard) -> R) throws(ServerLost) -> R {
    let result: R? = lock.withLock { state in state.shards[server].map(body) }
    guard let result else { throw ServerLost(server: server) }
    return result
  }

  func load(
    _ server: Int, generation: Int, step: Int, _ contents: ShardContents, sums: [Double],
    marks: UInt64, rules: ParameterShard.Rules
  ) throws(ServerLost) {
    try with(server) {
      $0.load(
        generation: generation, step: step, values: contents.values, slots: contents.slots,
        sums: sums, marks: marks)
    }
  }

  func proceed(
    _ server: Int, generation: Int, limit: Int, resetsSums: Int?
  ) throws(ServerLost) {
    try with(server) { shard in
      if let resetsSums { shard.resetSums(count: resetsSums) }
      shard.proceed(generation: generation, limit: limit)
    }
  }

  func status(_ server: Int) throws(ServerLost) -> ShardStatus {
    usleep(10_000)
    return try with(server) {
      ShardStatus(isAtLimit: $0.isAtLimit, version: $0.version, sums: $0.sums, marks: $0.marks)
    }
  }

  func contents(
    _ server: Int, rules: ParameterShard.Rules
  ) throws(ServerLost) -> ShardContents {
    try with(server) { ShardContents(values: $0.values, slots: $0.slots) }
  }

  func workers() throws(TrainingError) -> [Int] {
    let (failure, alive) = lock.withLock { ($0.failure, $0.alive.sorted()) }
    if let failure { throw failure }
    return alive
  }

  func assign(_ assignments: [Int: ClusterAssignment]) {
    lock.withLock { $0.assignments = assignments }
  }

  func end() {
    let over = ClusterAssignment(generation: Int.max, shards: [], isOver: true)
    lock.withLock { state in
      state.assignments = Dictionary(uniqueKeysWithValues: state.alive.map { ($0, over) })
    }
  }

  var summary: String? { nil }
}

/// One worker's view.
final class ThreadLinks: WorkerLinks {
  private let cluster: ThreadCluster
  private let number: Int

  init(_ cluster: ThreadCluster, _ number: Int) {
    self.cluster = cluster
    self.number = number
  }

  private func check(_ state: ThreadCluster.State) throws(TrainingError) {
    if state.killed.contains(number) { throw TrainingError(.cancelled, "killed") }
  }

  func assignment(after generation: Int) throws(TrainingError) -> ClusterAssignment {
    while true {
      let state = cluster.lock.withLock { $0 }
      try check(state)
      if let found = state.assignments[number], found.generation > generation { return found }
      usleep(500)
    }
  }

  func isCurrent(_ generation: Int) -> Bool {
    cluster.lock.withLock { $0.assignments[number]?.generation == generation }
  }

  func exchange(
    _ requests: [Int: ExchangeRequest]
  ) throws(TrainingError) -> [Int: ExchangeReply] {
    var replies: [Int: ExchangeReply] = [:]
    // One server after the other, so that a death may lie between two of them.
    for (server, request) in requests.sorted(by: { $0.key < $1.key }) {
      if request.push != nil {
        let count = cluster.lock.withLock { state in
          state.pushCount += 1
          return state.pushCount
        }
        cluster.atPush?(cluster, count)
      }
      if request.squares != nil {
        let count = cluster.lock.withLock { state in
          state.squaresCount += 1
          return state.squaresCount
        }
        cluster.atSquares?(cluster, count)
      }
      try check(cluster.lock.withLock { $0 })
      replies[server] = cluster.lock.withLock { state -> ExchangeReply? in
        guard let shard = state.shards[server] else { return nil }
        let exchange = ShardExchange(shard: shard, codec: cluster.codec)
        guard exchange.receive(request) else { return .stale }
        return .some(exchange.answer(request) ?? .pending)
      }
    }
    usleep(200)
    return replies
  }
}

/// A value under a lock, which may hold what must not leave its thread otherwise.
final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<R>(_ body: (inout Value) -> R) -> R {
    lock.lock()
    defer { lock.unlock() }
    return body(&value)
  }
}
