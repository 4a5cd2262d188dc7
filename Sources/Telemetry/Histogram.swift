/// Counts observations by size. Observations are whole numbers of a small unit (nanoseconds,
/// bytes), so that the sum is exact; ``scale`` turns them into the unit that is exposed.
public struct Histogram {
  /// Upper bounds, inclusive, in the unit of the observations and in ascending order; above the
  /// last comes one more bucket.
  public let bounds: [UInt64]
  /// What one unit of an observation is in the exposed unit: 1e-9 for nanoseconds as seconds.
  public let scale: Double

  private let table: UnsafePointer<UInt64>
  private let boundCount: Int
  let cells: Cells

  init(bounds: [UInt64], scale: Double, shardCount: Int) {
    precondition(
      !bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
      "histogram bounds: expected some, ascending, got \(bounds)")
    self.bounds = bounds
    self.scale = scale
    boundCount = bounds.count
    // A copy that is never freed, as the cells: reading the array would count references.
    let copy = UnsafeMutablePointer<UInt64>.allocate(capacity: bounds.count)
    copy.initialize(from: bounds, count: bounds.count)
    table = UnsafePointer(copy)
    cells = Cells(width: bounds.count + 2, shardCount: shardCount)
  }

  /// Counts one observation.
  @inline(__always)
  public func observe(_ value: UInt64, shard: Int = 0) {
    var low = 0
    var high = boundCount
    while low < high {
      let middle = (low + high) / 2
      if value <= table[middle] { high = middle } else { low = middle + 1 }
    }
    cells.add(1, to: low, shard: shard)
    cells.add(value, to: boundCount + 1, shard: shard)
  }

  /// Observations so far.
  public var count: UInt64 { (0...boundCount).reduce(0) { $0 &+ cells.total($1) } }
  /// The sum of all observations, in their unit.
  public var sum: UInt64 { cells.total(boundCount + 1) }
  /// Observations in bucket `index` alone; the last bucket has no upper bound.
  public func count(inBucket index: Int) -> UInt64 { cells.total(index) }

  /// 50 µs to 10 s in steps of about 2.2: durations of requests, observed in nanoseconds.
  public static let durationBounds: [UInt64] = [
    50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
    50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
    5_000_000_000, 10_000_000_000,
  ]
}

extension Histogram: @unchecked Sendable {
  // Sendable by hand: `table` points to memory that never changes and is never freed.
}
