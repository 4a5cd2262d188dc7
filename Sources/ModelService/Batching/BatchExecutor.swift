internal import Compute
internal import Glibc
internal import RPC
internal import Synchronization

/// Runs the engine for one request or for several at once, and gives each its own part.
final class BatchExecutor: Sendable {
  let statistics: ModelStatisticsRecorder
  private let engine: any Engine
  private let signature: ModelSignature
  private let now: @Sendable () -> UInt64
  /// Moving average of a run; the largest value until there was one.
  private let cost = Atomic<UInt64>(.max)

  init(
    engine: any Engine, signature: ModelSignature, statistics: ModelStatisticsRecorder,
    now: @escaping @Sendable () -> UInt64
  ) {
    self.engine = engine
    self.signature = signature
    self.statistics = statistics
    self.now = now
  }

  /// How long a run takes, to tell short models from long ones.
  var costNanoseconds: UInt64 { cost.load(ordering: .relaxed) }

  /// The same for who plans with it: 0 while nothing is known.
  var usualNanoseconds: UInt64 {
    let known = costNanoseconds
    return known == .max ? 0 : known
  }

  /// Settles every request.
  func run(_ batch: [PendingInference]) {
    let start = now()
    do {
      let results = try execute(batch, start)
      for (pending, result) in zip(batch, results) { pending.resolve(.success(result)) }
    } catch {
      guard batch.count == 1 else {
        // One bad request must not fail its neighbours: each runs alone.
        for pending in batch { run([pending]) }
        return
      }
      statistics.recordFailure(nanoseconds: now() &- batch[0].submittedNanoseconds)
      batch[0].resolve(.failure(Self.status(error)))
    }
  }

  private func execute(
    _ batch: [PendingInference], _ start: UInt64
  ) throws -> [InferenceResult] {
    let rowCounts = batch.map(\.request.rowCount)
    let merged = batch.count == 1 ? batch[0].request.inputs : Self.merge(batch.map(\.request))
    var results = [InferenceResult](
      repeating: InferenceResult(repeating: nil, count: signature.outputs.count),
      count: batch.count)
    var fault: RPCError?
    var inferStart: UInt64 = 0
    var inferEnd: UInt64 = 0
    try withViews(merged) { views in
      inferStart = now()
      try engine.run(views) { engineIndex, view in
        if inferEnd == 0 { inferEnd = now() }
        for (index, output) in signature.outputs.enumerated()
        where output.engineIndex == engineIndex {
          if batch.count == 1 {
            guard batch[0].request.wantsOutput[index] else { continue }
            results[0][index] = ResultTensor(
              dataType: view.dataType, shape: view.shape, bytes: Array(view.bytes))
          } else if let parts = Self.split(view, rowCounts) {
            for (position, pending) in batch.enumerated()
            where pending.request.wantsOutput[index] {
              results[position][index] = parts[position]
            }
          } else {
            fault = .internalFault(
              "output '\(output.name)' does not have one row per row of the batch")
          }
        }
      }
    }
    if let fault { throw fault }
    let end = now()
    if inferEnd == 0 { inferEnd = end }
    learn(end &- start)
    statistics.record(
      ModelStatisticsRecorder.Execution(
        rowCount: rowCounts.reduce(0, +),
        submittedNanoseconds: batch.map(\.submittedNanoseconds), startNanoseconds: start,
        inferNanoseconds: inferStart, outputNanoseconds: inferEnd, endNanoseconds: end),
      nowMilliseconds: Self.wallMilliseconds())
    return results
  }

  private func learn(_ nanoseconds: UInt64) {
    let before = cost.load(ordering: .relaxed)
    let capped = min(nanoseconds, 1 << 40)
    // Threads may overwrite each other's step; an average forgives that.
    cost.store(before == .max ? capped : (before * 7 + capped) / 8, ordering: .relaxed)
  }

  /// Lends the inputs as views in the engine's order.
  private func withViews(
    _ inputs: [PreparedInference.Input], _ body: ([TensorView]) throws -> Void
  ) throws {
    var views = [TensorView](
      repeating: TensorView(
        dataType: .fp32, shape: [], bytes: UnsafeRawBufferPointer(start: nil, count: 0)),
      count: inputs.count)
    func lend(_ index: Int) throws {
      guard index < inputs.count else { return try body(views) }
      let tensor = signature.inputs[index]
      try inputs[index].bytes.withUnsafeBytes { bytes in
        views[tensor.engineIndex] = TensorView(
          dataType: tensor.dataType, shape: inputs[index].shape, bytes: bytes)
        try lend(index + 1)
      }
    }
    try lend(0)
  }

  /// Rows of all requests behind one another; BYTES too, whose framing needs no change.
  private static func merge(_ requests: [PreparedInference]) -> [PreparedInference.Input] {
    (0..<requests[0].inputs.count).map { index in
      var shape = requests[0].inputs[index].shape
      shape[0] = requests.reduce(0) { $0 + $1.inputs[index].shape[0] }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(requests.reduce(0) { $0 + $1.inputs[index].bytes.count })
      for request in requests { bytes += request.inputs[index].bytes }
      return PreparedInference.Input(shape: shape, bytes: bytes[...])
    }
  }

  /// An output cut into the requests' rows; nil when its first dimension isn't the batch.
  static func split(_ view: TensorView, _ rowCounts: [Int]) -> [ResultTensor]? {
    let total = rowCounts.reduce(0, +)
    guard let first = view.shape.first, first == total, total > 0 else { return nil }
    var offset = 0
    return rowCounts.map { rowCount in
      let end: Int
      if view.dataType == .string {
        end = skipElements(view.bytes, offset, view.elementCount / total * rowCount)
      } else {
        end = offset + view.bytes.count / total * rowCount
      }
      var shape = view.shape
      shape[0] = rowCount
      defer { offset = end }
      return ResultTensor(
        dataType: view.dataType, shape: shape, bytes: Array(view.bytes[offset..<end]))
    }
  }

  /// Where `count` framed elements after `offset` end. The engine's framing is ours: it is right.
  private static func skipElements(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ count: Int
  ) -> Int {
    var offset = offset
    for _ in 0..<count {
      let length = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      offset += 4 + Int(UInt32(littleEndian: length))
    }
    return offset
  }

  private static func status(_ error: any Error) -> RPCError {
    switch error {
    case let error as RPCError: error
    case let error as ExecutionError:
      error.code == .resourceExhausted
        ? RPCError(code: .resourceExhausted, message: error.message)
        : .invalid(error.message)
    default: .internalFault("the model could not run")
    }
  }

  static func wallMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
  }
}
