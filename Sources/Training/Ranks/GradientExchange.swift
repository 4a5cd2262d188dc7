/// Makes one gradient of the gradients of all ranks, while the backward pass goes on.
///
/// Gradients are copied here as they become complete, weighted by the rank's share of the batch, and lie in
/// the order in which they do so. As soon as a run of some length of them is complete (a bucket), it is handed
/// over to be summed. The order is that of rank 0's first step; every rank hands over the same buckets in
/// the same order, whatever its own.
final class GradientExchange {
  /// Floats of a bucket: 1 MiB, where a sum takes as long as its bytes do, not as its messages. A small
  /// network has at least four, so that there is something to send while the rest is computed.
  private static let bucketLengthMax = 1 << 18
  private static let bucketCountMin = 4

  private let collective: any Collective
  private let thread: CommunicationThread
  private let counts: [Int]
  private let extraCount: Int
  private let memory: UnsafeMutablePointer<Float>
  private let length: Int
  /// Where each gradient lies, and in which bucket.
  private var offsets: [Int] = []
  private var bucketOf: [Int] = []
  /// Where each bucket ends, and gradients that it misses at the beginning of a step and now.
  private var ends: [Int] = []
  private var sizes: [Int] = []
  private var missing: [Int] = []
  private var handed = 0
  private var weight: Float = 0
  private var isReady: [Bool]
  /// Gradients in the order in which they became complete in this step.
  private var arrived: [Int] = []
  private var isOrdered = false
  /// Steps done, and buckets that were handed over while gradients were still missing.
  private(set) var stepCount = 0
  private(set) var earlyBucketCount = 0

  /// - Parameters:
  ///   - counts: elements of each gradient.
  ///   - extraCount: numbers that are summed beside them, such as the loss.
  init(_ collective: any Collective, counts: [Int], extraCount: Int) {
    self.collective = collective
    self.counts = counts
    self.extraCount = extraCount
    thread = CommunicationThread(collective)
    length = counts.reduce(0) { $0 + Self.padded($1) } + Self.padded(extraCount)
    memory = ParameterMemory.allocate(length)
    isReady = [Bool](repeating: false, count: counts.count)
    // What is computed first forward comes last backward.
    lay(Array(counts.indices.reversed()))
  }

  deinit {
    thread.finish()
    memory.deallocate()
  }

  private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Places gradients in an order and cuts them into buckets; the numbers beside them end the last one.
  private func lay(_ order: [Int]) {
    let limit = min(Self.bucketLengthMax, length / Self.bucketCountMin)
    offsets = [Int](repeating: 0, count: counts.count)
    bucketOf = offsets
    (ends, sizes) = ([], [0])
    var (end, start) = (0, 0)
    for (place, index) in order.enumerated() {
      offsets[index] = end
      bucketOf[index] = ends.count
      end += Self.padded(counts[index])
      sizes[ends.count] += 1
      if end - start >= limit, place < order.count - 1 {
        ends.append(end)
        sizes.append(0)
        start = end
      }
    }
    ends.append(length)
  }

  // MARK: - A step

  /// Begins a step with this rank's share of the batch.
  func begin(weight: Double) {
    self.weight = Float(weight)
    missing = sizes
    handed = 0
    arrived.removeAll(keepingCapacity: true)
    for index in isReady.indices { isReady[index] = false }
  }

  /// Takes a gradient that is complete.
  func take(_ index: Int, _ gradient: UnsafePointer<Float>) {
    guard !isReady[index] else { return }
    let target = memory + offsets[index]
    for place in 0..<counts[index] { target[place] = gradient[place] * weight }
    note(index)
  }

  private func note(_ index: Int) {
    isReady[index] = true
    arrived.append(index)
    missing[bucketOf[index]] -= 1
    // The last bucket waits for the numbers beside the gradients.
    while handed < ends.count - 1, missing[handed] == 0 {
      handOver()
      if arrived.count < counts.count { earlyBucketCount += 1 }
    }
  }

  private func handOver() {
    let start = handed == 0 ? 0 : ends[handed - 1]
    thread.sum(UnsafeMutableBufferPointer(start: memory + start, count: ends[handed] - start))
    handed += 1
  }

  /// Ends a step: gradients that did not come are zeros. Gives the sums over all ranks of the numbers beside
  /// them, of which this rank's are not weighted here.
  func finish(_ extra: [Float]) -> [Float] {
    precondition(extra.count == extraCount, "as many numbers as were announced")
    let isWhole = arrived.count == counts.count
    for index in isReady.indices where !isReady[index] {
      (memory + offsets[index]).update(repeating: 0, count: counts[index])
      note(index)
    }
    let place = memory + (length - Self.padded(extraCount))
    for (index, value) in extra.enumerated() { place[index] = value }
    handOver()
    thread.finish()
    let sums = (0..<extraCount).map { place[$0] }
    stepCount += 1
    if !isOrdered { agreeOnOrder(isWhole) }
    return sums
  }

  /// Where the sums of a gradient are, until the next step begins.
  func gradient(_ index: Int) -> UnsafeMutablePointer<Float> { memory + offsets[index] }

  /// The order in which rank 0's gradients came is everybody's from now on. Rank 0 may have had no example.
  private func agreeOnOrder(_ isWhole: Bool) {
    isOrdered = true
    let order = isWhole ? arrived : Array(counts.indices.reversed())
    var values = order.map { Int32($0) }
    values.withUnsafeMutableBytes { collective.broadcast($0, from: 0) }
    nextOrder = values.map { Int($0) }
  }

  /// The order to lay gradients in once the sums of the first step have been used.
  private var nextOrder: [Int]?

  /// Says that the sums of this step are no longer needed.
  func endStep() {
    guard let order = nextOrder else { return }
    nextOrder = nil
    lay(order)
  }

  // MARK: - What it took

  /// Bytes of a step that each rank gives and gets.
  var byteCount: Int { 4 * length }
  /// Pieces that are summed in a step.
  var bucketCount: Int { ends.count }
  /// Seconds that sums took, and those of them that were waited for.
  var seconds: (busy: Double, waited: Double) { thread.seconds }
}
