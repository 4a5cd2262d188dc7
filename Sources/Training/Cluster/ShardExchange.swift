package import JSON

/// A server's side of a worker's call, without waiting.
package struct ShardExchange {
  package let shard: ParameterShard
  let codec: GradientCodec

  init(shard: ParameterShard, codec: GradientCodec) {
    (self.shard, self.codec) = (shard, codec)
  }

  /// A server of a description, empty.
  package init(
    specification: JSONValue, range: ServerRange, parameterCount: Int
  ) throws(TrainingError) {
    let specification = try TrainingSpecification(specification)
    self.init(
      shard: ParameterShard(
        ParameterShard.Rules(
          specification, range: range, parameterCount: parameterCount)),
      codec: GradientCodec(compression: specification.distribution.compression))
  }

  /// Takes what a request brings. Returns false if another assignment is in force.
  package func receive(_ request: ExchangeRequest) -> Bool {
    guard request.generation == shard.generation else { return false }
    if let (push, encoded) = request.push {
      var whole = push
      if push.exampleCount > 0 {
        guard let gradient = codec.decode(encoded, count: shard.rules.range.activeCount) else {
          return false
        }
        whole.gradient = gradient
      } else {
        whole.gradient = [Float](repeating: 0, count: shard.rules.range.activeCount)
      }
      guard shard.push(whole) == .taken else { return false }
    }
    if let (step, squares) = request.squares { shard.finish(step: step, squares: squares) }
    return true
  }

  /// The answer to a request that was received; nil as long as there is none.
  package func answer(_ request: ExchangeRequest) -> ExchangeReply? {
    guard request.generation == shard.generation else { return .stale }
    if let step = request.normsOf {
      guard let ended = shard.endedSquares, ended.step == step else { return nil }
      return .norms(step: step, ended.squares)
    }
    // Who wants the present step's parameters gives its gradient once more: it may be that another server lacks it.
    if let squares = shard.squares, let step = request.step, step > shard.version,
      request.squares?.step != shard.version
    {
      return .norms(step: shard.version, squares)
    }
    let found = request.step.map { shard.values(for: $0) } ?? shard.values
    guard let values = found else { return nil }
    let count = request.wantsAll ? values.count : shard.rules.range.activeCount
    let encoded =
      request.wantsAll
      ? EncodedNumbers(values[...]) : codec.encode(parameters: values[..<count])
    return .values(encoded, clocks: shard.clocks)
  }
}

extension ParameterShard.Rules {
  init(_ specification: TrainingSpecification, range: ServerRange, parameterCount: Int) {
    self.init(
      range: range, optimizer: specification.optimizer, mode: specification.distribution.mode,
      shardCount: specification.distribution.shardCount, batchSize: specification.fit.batchSize,
      parameterCount: parameterCount)
  }
}
