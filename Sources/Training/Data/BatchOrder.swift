/// In which order an epoch's examples come: every one of them once, the same for the same seed and epoch.
///
/// Data that fit the window are shuffled as a whole. Larger ones are shuffled by blocks: the blocks come
/// in random order, and the examples of `windowBlockCount` blocks at a time are shuffled among each other,
/// so that a mapped file is read in pieces of a block and as many blocks are in memory as a window has.
public struct BatchOrder: Sendable {
  /// Examples.
  public let count: Int
  /// Examples of a block, which lie side by side in the file.
  public let blockLength: Int
  /// Blocks that are shuffled among each other.
  public let windowBlockCount: Int
  /// Without a seed, examples come as they lie.
  public let seed: UInt64?

  /// An order of `count` examples; 256 blocks of 256, some 50 MB of small images, unless said otherwise.
  public init(
    count: Int, seed: UInt64?, blockLength: Int = 256, windowBlockCount: Int = 256
  ) {
    precondition(count >= 0 && blockLength > 0 && windowBlockCount > 0, "sizes above 0")
    self.count = count
    self.seed = seed
    self.blockLength = blockLength
    self.windowBlockCount = windowBlockCount
  }

  /// The examples of an epoch in their order, a batch at a time; the last batch may be smaller.
  public func batches(of batchSize: Int, epoch: Int) -> Batches {
    precondition(batchSize > 0, "a batch: expected 1 example or more, got \(batchSize)")
    return Batches(order: self, batchSize: batchSize, epoch: epoch)
  }

  /// See ``BatchOrder/batches(of:epoch:)``.
  public struct Batches: Sequence, IteratorProtocol, Sendable {
    private let order: BatchOrder
    private let batchSize: Int
    private var random: RepeatableRandom
    private var blocks: [Int] = []
    private var nextBlock = 0
    /// Shuffled examples that have not come yet.
    private var window: [Int] = []
    private var nextExample = 0

    init(order: BatchOrder, batchSize: Int, epoch: Int) {
      self.order = order
      self.batchSize = batchSize
      random = RepeatableRandom(order.seed ?? 0, UInt64(bitPattern: Int64(epoch)))
      let blockCount = (order.count + order.blockLength - 1) / order.blockLength
      blocks = Array(0..<blockCount)
      if order.seed != nil, blockCount > order.windowBlockCount { random.shuffle(&blocks) }
    }

    /// The next batch; nil at the end of the epoch.
    public mutating func next() -> [Int]? {
      let batch = next(batchSize)
      return batch.isEmpty ? nil : batch
    }

    /// The next `count` examples, or what is left of the epoch.
    mutating func next(_ count: Int) -> [Int] {
      var batch: [Int] = []
      batch.reserveCapacity(count)
      while batch.count < count {
        if nextExample == window.count, !fill() { break }
        let taken = Swift.min(count - batch.count, window.count - nextExample)
        batch += window[nextExample..<nextExample + taken]
        nextExample += taken
      }
      return batch
    }

    private mutating func fill() -> Bool {
      guard nextBlock < blocks.count else { return false }
      let end = Swift.min(blocks.count, nextBlock + order.windowBlockCount)
      window.removeAll(keepingCapacity: true)
      for block in blocks[nextBlock..<end] {
        let start = block * order.blockLength
        window += start..<Swift.min(order.count, start + order.blockLength)
      }
      (nextBlock, nextExample) = (end, 0)
      if order.seed != nil { random.shuffle(&window) }
      return true
    }
  }
}
