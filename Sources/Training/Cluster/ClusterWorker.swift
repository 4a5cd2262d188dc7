internal import Glibc

/// Computes gradients of the shards that it is given, step by step, and sends them to the servers.
package final class ClusterWorker {
  private let steps: NetworkSteps
  private let ranges: [ServerRange]
  private let codec: GradientCodec
  private let mode: Distribution.Mode
  private let links: any WorkerLinks
  private var batches: BatchSequence
  /// Parameters as they came from each server, those that change first.
  private var pulled: [[Float]]
  private var residuals: [[Float]]
  private var clocks: [[Int]]
  /// Before a server that refused something is asked again.
  private static let pauseMicroseconds: UInt32 = 20_000

  init(
    _ steps: NetworkSteps, exampleCount: Int, links: any WorkerLinks
  ) throws(TrainingError) {
    self.steps = steps
    self.links = links
    let distribution = steps.specification.distribution
    (codec, mode) = (GradientCodec(compression: distribution.compression), distribution.mode)
    ranges = try steps.serverRanges()
    batches = try BatchSequence(steps.specification, steps.reader, exampleCount: exampleCount)
    pulled = ranges.map { _ in [] }
    residuals = pulled
    clocks = ranges.map { _ in [] }
  }

  /// A worker of the request's description and data.
  package convenience init(
    _ request: TrainingRequest, exampleCount: Int, links: any WorkerLinks
  ) throws(TrainingError) {
    let steps = try NetworkSteps(
      try TrainingSpecification(request.specification), request.training,
      threadCount: request.threadCount)
    try self.init(steps, exampleCount: exampleCount, links: links)
  }

  /// Works until the training has ended.
  package func run() throws(TrainingError) {
    var generation = -1
    while true {
      let assignment = try links.assignment(after: generation)
      if assignment.isOver { return }
      generation = assignment.generation
      guard !assignment.shards.isEmpty else { continue }
      // What a server refuses for another reason than a new assignment is asked anew, from its clocks.
      var isFirst = true
      repeat {
        if !isFirst { usleep(Self.pauseMicroseconds) }
        isFirst = false
        try work(assignment)
      } while links.isCurrent(generation)
    }
  }

  /// Works as long as the assignment is in force.
  private func work(_ assignment: ClusterAssignment) throws(TrainingError) {
    let generation = assignment.generation
    // Any step's parameters, to learn the clocks and what never changes.
    let known = clocks
    clocks = ranges.map { _ in [] }
    guard try pull(generation, nil, wantsAll: true) else { return }
    // Servers that went back to a checkpoint never saw what the steps since then left out.
    let wentBack = zip(known, clocks).contains { zip($0, $1).contains { $0 > $1 } }
    if wentBack { residuals = ranges.map { _ in [] } }
    /// Whether the parameters are those of the next step: they come with the answer to a gradient.
    var isReady = false
    while true {
      let positions = assignment.shards.map { shard in
        clocks.map { $0[shard] }.min() ?? 0
      }
      guard let step = positions.min() else { return }
      let isLevel = clocks.allSatisfy { clocks in
        assignment.shards.allSatisfy { clocks[$0] == step }
      }
      // What a dead worker had sent to some servers and not to others is computed shard by shard: those who
      // have it know it again.
      let shards =
        isLevel ? assignment.shards : [assignment.shards[positions.firstIndex(of: step)!]]
      if !isReady {
        guard try pull(generation, step, wantsAll: false) else { return }
        isReady = true
      }
      let before = residuals
      let pushes = try compute(step, shards, generation)
      guard try exchange(assignment, pushes) else {
        // Nobody counts what was sent: what was left out of it is left out no more.
        residuals = before
        return
      }
    }
  }

  /// Gets the parameters for a step, or of any step. Returns false when the assignment is no longer in force.
  private func pull(
    _ generation: Int, _ step: Int?, wantsAll: Bool
  ) throws(TrainingError) -> Bool {
    let request = ExchangeRequest(
      generation: generation, step: step, wantsAll: wantsAll)
    return try talk(
      generation, Dictionary(uniqueKeysWithValues: ranges.indices.map { ($0, request) }))
  }

  /// Sends gradients of a step and gets the parameters of the next. That may be the same step once more, for
  /// another shard: nobody waits for a step that waits for himself.
  private func exchange(
    _ assignment: ClusterAssignment, _ pushes: [(GradientPush, encoded: EncodedNumbers)]
  ) throws(TrainingError) -> Bool {
    for (server, push) in pushes.enumerated() {
      for shard in push.0.shards {
        clocks[server][shard] = max(clocks[server][shard], push.0.step + 1)
      }
    }
    let next = clocks.map { clocks in assignment.shards.map { clocks[$0] }.min() ?? 0 }.min()
    var requests: [Int: ExchangeRequest] = [:]
    for (server, push) in pushes.enumerated() {
      requests[server] = ExchangeRequest(
        generation: assignment.generation, push: push, step: next)
    }
    return try talk(assignment.generation, requests)
  }

  /// Asks until every server has answered. A request whose gradient was taken is not sent again.
  private func talk(
    _ generation: Int, _ first: [Int: ExchangeRequest]
  ) throws(TrainingError) -> Bool {
    var open = first
    var norms: [Int: (step: Int, squares: [Double])] = [:]
    while !open.isEmpty {
      for (server, reply) in try links.exchange(open) {
        switch reply {
        case .stale: return false
        case .pending:
          open[server]?.push = nil
          open[server]?.squares = nil
        case .norms(let step, let squares):
          norms[server] = (step, squares)
          if open[server]?.normsOf != nil {
            open[server] = nil
          } else {
            open[server]?.push = nil
            open[server]?.squares = nil
          }
        case .values(let encoded, let clocks):
          try take(server, encoded, first[server]?.wantsAll == true)
          self.clocks[server] = clocks
          open[server] = nil
        }
      }
      if let step = norms.values.first?.step {
        // Somebody died between telling some servers the norms and others: those have ended the step.
        for server in ranges.indices where open[server] == nil && norms[server] == nil {
          open[server] = ExchangeRequest(generation: generation, normsOf: step)
        }
      }
      if norms.count == ranges.count {
        let step = norms[0]?.step ?? 0
        var sum = norms[0]?.squares ?? []
        for server in ranges.indices.dropFirst() {
          for (index, value) in (norms[server]?.squares ?? []).enumerated() { sum[index] += value }
        }
        for server in open.keys where open[server]?.normsOf == nil {
          open[server]?.squares = (step, sum)
        }
        norms = [:]
      }
      if !open.isEmpty, !links.isCurrent(generation) { return false }
    }
    return true
  }

  private func take(
    _ server: Int, _ encoded: EncodedNumbers, _ isWhole: Bool
  ) throws(TrainingError) {
    let range = ranges[server]
    let values =
      isWhole
      ? GradientCodec.floats(encoded, count: range.count)
      : codec.decode(parameters: encoded, count: range.activeCount)
    guard let values else {
      throw TrainingError(.resources, "a parameter server sent other parameters than it should")
    }
    pulled[server] = values
    range.scatter(values, to: steps.memory.base)
  }

  private func compute(
    _ step: Int, _ shards: [Int], _ generation: Int
  ) throws(TrainingError) -> [(GradientPush, encoded: EncodedNumbers)] {
    let (epoch, own) = (step / batches.stepCount, step % batches.stepCount)
    let parts = batches.rows(epoch: epoch, step: own)
    let rows = shards.flatMap { parts[$0] }
    let marks = rows.reduce(UInt64(0)) { $0 &+ GradientPush.exampleMark($1) }
    var push = GradientPush(
      generation: generation, step: step, shards: shards,
      sums: [Double](repeating: 0, count: 1 + steps.specification.measureNames.count),
      marks: marks, gradient: [])
    guard !rows.isEmpty else { return ranges.map { _ in (push, encoded: EncodedNumbers()) } }
    let runner = try steps.read(rows)
    let first = parts[..<shards[0]].reduce(0) { $0 + $1.count }
    var (isFinite, gradients) = (true, [[Float]]())
    let (optimizer, memory) = (steps.specification.optimizer, steps.memory)
    try runner.run(step: step, firstExample: first) { loss, metrics, found in
      isFinite = loss.isFinite
      guard isFinite else { return }
      StepSums.add(rows.count, loss, metrics, to: &push.sums)
      // An update of its own is as long as it will be; others are clipped when they are whole.
      if mode != .synchronous, optimizer.clipsByNorm {
        optimizer.clip(
          found.map { UnsafeMutablePointer(mutating: $0) },
          counts: runner.trained.map { memory.parameters[$0].count })
      }
      var places = [UnsafePointer<Float>?](repeating: nil, count: memory.parameters.count)
      for (gradient, index) in zip(found, runner.trained) {
        places[index] = UnsafePointer(gradient)
      }
      for index in runner.followed { places[index] = UnsafePointer(memory.pointer(index)) }
      gradients = ranges.map { range in
        range.gather(count: range.activeCount) { piece in
          places[piece.parameter].map { $0 + piece.offset - memory.offsets[piece.parameter] }
        }
      }
    }
    guard isFinite else { throw StepSums.divergence(step: own, epoch: epoch) }
    for (server, range) in ranges.enumerated() {
      var place = 0
      for piece in range.pieces where piece.kind != .fixed {
        if piece.kind == .followed {
          for index in place..<(place + piece.count) {
            gradients[server][index] -= pulled[server][index]
          }
        }
        place += piece.count
      }
    }
    return gradients.enumerated().map { server, gradient in
      // Who has it already does not count it again, nor may the next one lack what this one leaves out.
      let counts = shards.contains { clocks[server][$0] <= step }
      var residual = residuals[server]
      let encoded = codec.encode(gradient, residual: &residual)
      if counts { residuals[server] = residual }
      return (push, encoded: encoded)
    }
  }
}

extension NetworkSteps {
  /// What each server holds.
  func serverRanges() throws(TrainingError) -> [ServerRange] {
    let followed = Set(try stepper(min(specification.fit.batchSize, reader.source.count)).followed)
    return ParameterLayout.ranges(
      memory.parameters, offsets: memory.offsets, followed: followed,
      serverCount: specification.distribution.servers)
  }
}
