/// Places buffers with known lifetimes into one block so that buffers alive at the same time
/// never overlap. Largest first, each at the lowest free offset; a good bound in practice.
struct ArenaLayout {
  struct Buffer {
    var byteCount: Int
    /// First and last step (inclusive) that touches the buffer.
    var first: Int
    var last: Int
    var offset = 0
  }

  private(set) var buffers: [Buffer]
  private(set) var byteCount = 0

  /// Lays the buffers out; nil if the sizes overflow.
  init?(_ requested: [Buffer]) {
    buffers = requested
    let order = requested.indices.sorted {
      requested[$0].byteCount != requested[$1].byteCount
        ? requested[$0].byteCount > requested[$1].byteCount : $0 < $1
    }
    var placed: [Int] = []
    for index in order where requested[index].byteCount > 0 {
      let size = Self.padded(requested[index].byteCount)
      guard let size else { return nil }
      var offset = 0
      // Already sorted by offset, so the first gap that is large enough is the lowest.
      for other in placed {
        let buffer = buffers[other]
        if buffer.last < requested[index].first || buffer.first > requested[index].last {
          continue
        }
        if buffer.offset >= offset + size { break }
        offset = max(offset, buffer.offset + Self.padded(buffer.byteCount)!)
      }
      let (end, overflow) = offset.addingReportingOverflow(size)
      if overflow { return nil }
      buffers[index].offset = offset
      byteCount = max(byteCount, end)
      let position = placed.firstIndex { buffers[$0].offset > offset } ?? placed.count
      placed.insert(index, at: position)
    }
  }

  /// Rounds up to whole cache lines and leaves one line that kernels may read past the end.
  private static func padded(_ byteCount: Int) -> Int? {
    let (sum, overflow) = byteCount.addingReportingOverflow(2 * TensorStorage.alignment - 1)
    return overflow ? nil : sum & ~(TensorStorage.alignment - 1)
  }
}
