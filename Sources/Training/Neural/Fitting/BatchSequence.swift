internal import Compute

/// The global batches of a training, each dealt out to shards: which examples a shard takes at a step is
/// a function of the description and the data alone, so that every process finds the same, whoever computes
/// a shard. Of every epoch each example is in one shard's part of one step.
struct BatchSequence {
  let shardCount: Int
  let stepCount: Int
  private let exampleCount: Int
  private let batchSize: Int
  private let seed: UInt64?
  /// The examples of each shard; nil where global batches are cut into pieces.
  private let shards: [[Int32]]?
  private var epoch = -1
  private var step = 0
  private var orders: [BatchOrder.Batches] = []
  /// The last step's, for who asks twice.
  private var last: [[Int]] = []

  /// Throws ``TrainingError`` where the data cannot be dealt out as the description says.
  init(
    _ specification: TrainingSpecification, _ reader: BatchReader, exampleCount: Int
  ) throws(TrainingError) {
    let fit = specification.fit
    self.exampleCount = exampleCount
    batchSize = fit.batchSize
    shardCount = specification.distribution.shardCount
    stepCount = (exampleCount + fit.batchSize - 1) / fit.batchSize
    seed = fit.shuffles ? specification.seed : nil
    guard shardCount <= fit.batchSize else {
      throw TrainingError(
        .specification,
        "fit: batch_size must be at least the number of shards (\(shardCount)), got \(fit.batchSize)"
      )
    }
    shards = try Self.shards(specification, reader, exampleCount)
  }

  /// Examples that may be dealt out one by one: their keys and homes take 24 bytes each, in memory that others
  /// share.
  static let dealtCountMax = 1 << 24

  private static func shards(
    _ specification: TrainingSpecification, _ reader: BatchReader, _ count: Int
  ) throws(TrainingError) -> [[Int32]]? {
    let (shardCount, seed) = (specification.distribution.shardCount, specification.seed)
    guard specification.fit.partition == .batch || count <= dealtCountMax else {
      throw TrainingError(
        .specification,
        "fit: a partition other than \"batch\" takes at most \(dealtCountMax) examples, got \(count)"
      )
    }
    let homes: [Int32]
    switch specification.fit.partition {
    case .batch: return nil
    case .block: homes = Partition.blocks(count: count, shardCount: shardCount, seed: seed)
    case .stratified:
      let labels = try reader.labels(count: count)
      homes = Partition.stratified(labels: labels, shardCount: shardCount, seed: seed)
    case .hash(let column):
      homes = try reader.keys(column: column, count: count).map {
        Int32(Partition.shard(ofKey: $0, shardCount: shardCount, seed: seed))
      }
    }
    var shards = [[Int32]](repeating: [], count: shardCount)
    for (example, home) in homes.enumerated() { shards[Int(home)].append(Int32(example)) }
    return shards
  }

  /// The examples of a step, by shard. Steps are cheap in their order.
  mutating func rows(epoch: Int, step: Int) -> [[Int]] {
    if epoch == self.epoch, step == self.step - 1 { return last }
    if epoch != self.epoch || step < self.step { begin(epoch) }
    while self.step <= step { advance() }
    return last
  }

  private mutating func begin(_ epoch: Int) {
    (self.epoch, step) = (epoch, 0)
    if let shards {
      orders = shards.enumerated().map { shard, examples in
        let seed = seed.map { RepeatableRandom.mix($0 &+ UInt64(shard + 1)) }
        return BatchOrder(count: examples.count, seed: seed).batches(of: batchSize, epoch: epoch)
      }
    } else {
      orders = [
        BatchOrder(count: exampleCount, seed: seed).batches(of: batchSize, epoch: epoch)
      ]
    }
  }

  private mutating func advance() {
    if let shards {
      // Each shard's examples are spread evenly over the steps, and shards out of step with each other.
      func end(_ shard: Int, _ step: Int) -> Int {
        if step >= stepCount { return shards[shard].count }
        return (shards[shard].count * step + stepCount * shard / shardCount) / stepCount
      }
      last = shards.indices.map { shard in
        let start = step == 0 ? 0 : end(shard, step)
        let rows = orders[shard].next(end(shard, step + 1) - start)
        return rows.map { Int(shards[shard][$0]) }
      }
    } else {
      let batch = orders[0].next(batchSize)
      last = (0..<shardCount).map { shard in
        Array(batch[(batch.count * shard / shardCount)..<(batch.count * (shard + 1) / shardCount)])
      }
    }
    step += 1
  }
}

extension BatchReader {
  /// The labels of the first `count` examples.
  func labels(count: Int) throws(TrainingError) -> [Int] {
    let column = source.columns[columns.target]
    guard column.elementCount == 1 else {
      throw TrainingError(
        .data,
        "fit: the partition \"stratified\" takes one label an example, '\(column.name)' has shape "
          + "\(column.shape)")
    }
    return try wholeNumbers(columns.target, count: count).map { Int($0) }
  }

  /// Keys of the first `count` examples.
  func keys(column name: String, count: Int) throws(TrainingError) -> [UInt64] {
    guard let column = source.columns.firstIndex(where: { $0.name == name }) else {
      let known = source.columns.map(\.name).joined(separator: ", ")
      throw TrainingError(
        .data, "fit: partition_column '\(name)' is not in the data; they have \(known)")
    }
    guard source.columns[column].dataType == .string else {
      return try wholeNumbers(column, count: count).map { UInt64(bitPattern: $0) }
    }
    let rows = Array(0..<count)
    var result: Result<[UInt64], TrainingError> = .success([])
    rows.withUnsafeBufferPointer { rows in
      do throws(TrainingError) {
        result = .success(try source.texts(column: column, rows: rows).map(Partition.key))
      } catch { result = .failure(error) }
    }
    return try result.get()
  }

  private func wholeNumbers(_ column: Int, count: Int) throws(TrainingError) -> [Int64] {
    let description = source.columns[column]
    guard description.elementCount == 1 else {
      throw TrainingError(
        .data,
        "fit: examples are dealt out by one number each, '\(description.name)' has shape "
          + "\(description.shape)")
    }
    var numbers = [Int64](repeating: 0, count: count)
    var scratch: [UInt8] = []
    let rows = Array(0..<count)
    var failure: TrainingError?
    numbers.withUnsafeMutableBytes { numbers in
      rows.withUnsafeBufferPointer { rows in
        do throws(TrainingError) {
          try read(column, rows, .int64, numbers.baseAddress!, &scratch)
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return numbers
  }
}
