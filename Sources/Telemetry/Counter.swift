/// A number that only grows. A handle: copy it to where it is used; safe from any thread.
public struct Counter: Sendable {
  let cells: Cells

  /// Adds `amount` in the cells of `shard`, the caller's loop index. Two threads may share a
  /// shard; it only costs them time.
  @inline(__always)
  public func add(_ amount: Int = 1, shard: Int = 0) {
    cells.add(UInt64(truncatingIfNeeded: amount), to: 0, shard: shard)
  }

  /// The sum over all shards.
  public var value: UInt64 { cells.total(0) }
}

/// A number that goes up and down: the sum of what its shards hold.
public struct Gauge: Sendable {
  let cells: Cells

  /// Changes the value by `amount`, which may be negative.
  @inline(__always)
  public func add(_ amount: Int, shard: Int = 0) {
    cells.add(UInt64(bitPattern: Int64(amount)), to: 0, shard: shard)
  }

  /// Replaces this shard's part. A gauge is either set or added to in one shard, not both.
  @inline(__always)
  public func set(_ value: Int, shard: Int = 0) {
    cells.store(UInt64(bitPattern: Int64(value)), in: 0, shard: shard)
  }

  /// The sum over all shards.
  public var value: Int { Int(Int64(bitPattern: cells.total(0))) }
}
