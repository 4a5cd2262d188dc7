internal import Compute

/// A table's rows in blocks, within which the values of a feature lie side by side: so one weight meets
/// many rows at once, however few features there are.
struct TurnedBlocks {
  /// Rows of a block, a multiple of 8; those that the last one of a share lacks are zeros.
  let rowStride: Int
  private let values: Memory<Double>
  /// Where the block that begins with a row lies, by row.
  private let places: [Int: Int]

  /// Shares of rows are cut into blocks of `rowStride` from their beginnings on.
  init(_ data: DenseTable, shards: [Range<Int>], rowStride: Int, threads: ThreadPool?) {
    precondition(rowStride % 8 == 0)
    self.rowStride = rowStride
    var starts: [Range<Int>] = []
    for shard in shards {
      for row in stride(from: shard.lowerBound, to: shard.upperBound, by: rowStride) {
        starts.append(row..<min(row + rowStride, shard.upperBound))
      }
    }
    let features = data.featureCount
    let size = features * rowStride
    let values = Memory<Double>(uninitialized: starts.count * size)
    self.values = values
    places = Dictionary(
      uniqueKeysWithValues: starts.enumerated().map { ($1.lowerBound, $0 * size) })
    let tasks = min(starts.count, 64)
    Tasks.run(tasks, on: threads) { task in
      for block in starts.count * task / tasks..<starts.count * (task + 1) / tasks {
        let target = values.base + block * size
        let source = data.features.base + starts[block].lowerBound * features
        let count = starts[block].count
        for feature in 0..<features {
          for row in 0..<count {
            target[feature * rowStride + row] = source[row * features + feature]
          }
          for row in count..<max(count, rowStride) { target[feature * rowStride + row] = 0 }
        }
      }
    }
  }

  /// The block that begins with a row: feature by feature, `rowStride` values each.
  func block(_ row: Int) -> UnsafePointer<Double> {
    guard let place = places[row] else { preconditionFailure("no block begins with row \(row)") }
    return UnsafePointer(values.base + place)
  }
}
