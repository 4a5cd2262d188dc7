import JSON
import Testing

@testable import Training

@Suite struct ParameterShardTests {
  private static func optimizer(_ text: String) throws -> Optimizer {
    try Optimizer(JSONValue(parsing: Array(text.utf8)[...]))
  }

  private static func rules(
    _ mode: Distribution.Mode, shards: Int,
    optimizer: String = #"{"class_name": "SGD", "config": {"learning_rate": 1.0}}"#
  ) throws -> ParameterShard.Rules {
    let range = ServerRange(pieces: [
      ParameterPiece(offset: 0, count: 2, parameter: 0, kind: .trained),
      ParameterPiece(offset: 16, count: 1, parameter: 1, kind: .followed),
    ])
    return ParameterShard.Rules(
      range: range, optimizer: try Self.optimizer(optimizer), mode: mode, shardCount: shards,
      batchSize: 4, parameterCount: 2)
  }

  private func push(
    _ step: Int, _ shards: [Int], _ gradient: [Float], count: Double = 2, generation: Int = 1
  ) -> GradientPush {
    GradientPush(
      generation: generation, step: step, shards: shards, sums: [count, count * 0.5],
      marks: shards.reduce(0) { $0 &+ GradientPush.exampleMark(step * 100 + $1) },
      gradient: gradient)
  }

  private func begun(_ rules: ParameterShard.Rules, limit: Int = 10) -> ParameterShard {
    let shard = ParameterShard(rules)
    shard.load(
      generation: 1, step: 0, values: [0, 0, 0],
      slots: [[Float]](repeating: [0, 0, 0], count: rules.optimizer.slotCount), sums: [], marks: 0)
    shard.proceed(generation: 1, limit: limit)
    return shard
  }

  @Test func synchronouslyTheWeightedMeanIsOneUpdate() throws {
    let shard = begun(try Self.rules(.synchronous, shards: 2))
    #expect(shard.push(push(0, [1], [3, 0, 8], count: 3)) == .taken)
    #expect(shard.values(for: 1) == nil, "shard 0 is awaited")
    #expect(shard.values(for: 0) == [0, 0, 0])
    #expect(shard.push(push(0, [0], [1, 2, 4], count: 1)) == .taken)
    #expect(shard.values == [-2.5, -0.5, 7])
    #expect(shard.values(for: 1) == [-2.5, -0.5, 7])
    // Who took over a dead worker's shard within the step still gets what the step began with.
    #expect(shard.values(for: 0) == [0, 0, 0])
    #expect(shard.sums == [4, 2])
  }

  @Test func whatComesTwiceOrTooLateOrTooEarlyCountsOnce() throws {
    for mode in [Distribution.Mode.synchronous, .asynchronous, .bounded(staleness: 1)] {
      let shard = begun(try Self.rules(mode, shards: 2), limit: 2)
      for _ in 0..<3 { #expect(shard.push(push(0, [0], [1, 1, 0])) == .taken) }
      #expect(shard.push(push(0, [1], [1, 1, 0], generation: 0)) == .stale, "another assignment")
      #expect(shard.push(push(5, [1], [1, 1, 0])) == .stale, "not its step")
      #expect(shard.push(push(0, [1, 2], [1, 1, 0])) == .stale, "no such shard")
      #expect(shard.push(push(0, [1], [1, 1])) == .stale, "not its parameters")
      #expect(shard.push(push(0, [1], [1, 1, 0])) == .taken)
      #expect(shard.sums.first == 4)
      for shards in [[0], [1]] { #expect(shard.push(push(1, shards, [1, 1, 0])) == .taken) }
      #expect(shard.isAtLimit)
      #expect(shard.push(push(2, [0], [1, 1, 0])) == .stale, "the limit")
      #expect(shard.values(for: 2) == nil)
      shard.proceed(generation: 1, limit: 3)
      #expect(shard.values(for: 2) != nil)
    }
  }

  @Test func nobodyIsFurtherAheadThanTheBound() throws {
    let shard = begun(try Self.rules(.bounded(staleness: 2), shards: 2))
    for step in 0..<3 { #expect(shard.push(push(step, [0], [1, 0, 0])) == .taken) }
    #expect(shard.values(for: 3) == nil)
    #expect(shard.push(push(0, [1], [0, 1, 0])) == .taken)
    #expect(shard.values(for: 3) != nil)
    #expect(shard.values == [-3, -1, 0])
  }

  @Test func normsAreOfTheWholeGradient() throws {
    let optimizer =
      #"{"class_name": "SGD", "config": {"learning_rate": 1.0, "global_clipnorm": 1.0}}"#
    let shard = begun(try Self.rules(.synchronous, shards: 1, optimizer: optimizer))
    #expect(shard.push(push(0, [0], [3, 0, 2])) == .taken)
    #expect(shard.squares == [9, 0])
    #expect(shard.values(for: 1) == nil)
    // Another server has a part whose square is 16.
    shard.finish(step: 0, squares: [25, 0])
    shard.finish(step: 0, squares: [100, 0])
    #expect(shard.values == [-3.0 / 5, 0, 2], "running statistics are not clipped")
  }

  /// Workers come, die, come back and send again in any order: every shard's every step counts once on every
  /// server, and all servers end with the same.
  @Test(arguments: 0..<300)
  func everyGradientCountsOnceWhoeverDies(seed: Int) throws {
    var random = RepeatableRandom(20_261_127, UInt64(seed))
    let (shardCount, serverCount, steps) = (1 + random.next(below: 5), 1 + random.next(below: 3), 6)
    let modes = [Distribution.Mode.synchronous, .asynchronous, .bounded(staleness: 1)]
    let mode = modes[random.next(below: 3)]
    let servers = try (0..<serverCount).map { _ in
      begun(try Self.rules(mode, shards: shardCount), limit: steps)
    }
    var generation = 1
    /// Owners' shards; what a worker has sent to some servers only.
    var owners = [Array(0..<shardCount)]
    for _ in 0..<20_000 where !servers.allSatisfy(\.isAtLimit) {
      if random.next(below: 12) == 0 {
        // Somebody died or came: other owners, another assignment, which servers learn one by one.
        generation += 1
        let count = 1 + random.next(below: shardCount)
        owners = (0..<count).map { owner in
          (0..<shardCount).filter { $0 * count / shardCount == owner }
        }
        for server in servers { server.proceed(generation: generation, limit: steps) }
      }
      let own = owners[random.next(below: owners.count)]
      let position = own.map { shard in servers.map { $0.clocks[shard] }.min()! }
      let step = position.min()!
      let isLevel = servers.allSatisfy { server in own.allSatisfy { server.clocks[$0] == step } }
      let shards = isLevel ? own : [own[position.firstIndex(of: step)!]]
      guard step < steps, servers.allSatisfy({ $0.values(for: step) != nil || $0.version > step })
      else { continue }
      // Each shard's gradient is 1 wherever it is computed, so that only counts matter.
      let isZombie = random.next(below: 8) == 0
      let gradient: [Float] = [1, 2, 0.5]
      let sent = push(
        step, shards, gradient, count: Double(shards.count),
        generation: isZombie ? generation - 1 : generation)
      // A worker may die after any server, or not hear an answer and send again.
      for server in servers {
        if random.next(below: 6) == 0 { break }
        for _ in 0...random.next(below: 2) {
          #expect(server.push(sent) == (isZombie ? .stale : .taken))
        }
      }
    }
    let marks = (0..<steps).reduce(UInt64(0)) { sum, step in
      (0..<shardCount).reduce(sum) { $0 &+ GradientPush.exampleMark(step * 100 + $1) }
    }
    for server in servers {
      #expect(server.isAtLimit)
      #expect(server.sums.first == Double(steps * shardCount))
      #expect(server.marks == marks)
      if mode == .synchronous { #expect(server.values.first == Float(-steps)) }
    }
  }
}
