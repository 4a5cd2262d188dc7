internal import Synchronization

/// The numbers behind one series: `width` counters for each shard, each shard on cache lines of
/// its own, so that loops never write to the same line.
///
/// The memory is never freed: a metric lives as long as its process, and a handle that owned
/// its cells would pay a reference count per call.
struct Cells: @unchecked Sendable {
  // Sendable by hand: every access is an atomic operation on memory that is never freed.
  private static let lineWords = 8

  private let base: UnsafeMutablePointer<Atomic<UInt64>>
  private let stride: Int
  let shardCount: Int
  let width: Int

  init(width: Int, shardCount: Int) {
    precondition(width > 0 && shardCount > 0, "expected at least one cell and one shard")
    self.width = width
    self.shardCount = shardCount
    stride = (width + Self.lineWords - 1) / Self.lineWords * Self.lineWords
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: stride * shardCount * 8, alignment: 64)
    base = memory.bindMemory(to: Atomic<UInt64>.self, capacity: stride * shardCount)
    for index in 0..<stride * shardCount { (base + index).initialize(to: Atomic(0)) }
  }

  /// Shards beyond the last share with the first ones: the sum stays right.
  @inline(__always)
  private func cell(_ index: Int, _ shard: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    let shard = shard < shardCount ? shard : shard % shardCount
    return base + (shard * stride + index)
  }

  @inline(__always)
  func add(_ amount: UInt64, to index: Int, shard: Int) {
    cell(index, shard).pointee.wrappingAdd(amount, ordering: .relaxed)
  }

  @inline(__always)
  func store(_ value: UInt64, in index: Int, shard: Int) {
    cell(index, shard).pointee.store(value, ordering: .relaxed)
  }

  /// The sum over all shards. Wraps, so that negative parts of a gauge cancel.
  func total(_ index: Int) -> UInt64 {
    (0..<shardCount).reduce(0) { $0 &+ cell(index, $1).pointee.load(ordering: .relaxed) }
  }
}
