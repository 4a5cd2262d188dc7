import Testing

@testable import RPCWire

/// Streams are used again with their buffers, and a peak of them leaves little behind.
@Suite struct HTTP2StreamPoolTests {
  private func use(_ stream: StreamPointer) {
    withUnsafeBytes(of: (1, 2, 3)) {
      stream.pointee.sentHeaders.append($0)
      stream.pointee.outbound.append($0)
    }
  }

  @Test func aStreamKeepsItsBuffersForTheNextRequest() {
    let pool = HTTP2StreamPool()
    let stream = pool.take()
    let generation = stream.pointee.generation
    use(stream)
    pool.giveBack(stream)
    #expect(pool.take() == stream && stream.pointee.generation != generation)
    #expect(stream.pointee.sentHeaders.capacity > 0 && stream.pointee.sentHeaders.isEmpty)
    pool.giveBack(stream)
  }

  @Test func buffersOfAPeakGoBack() {
    let pool = HTTP2StreamPool()
    let peak = (0..<5_000).map { _ in pool.take() }
    for stream in peak { use(stream) }
    for stream in peak { pool.giveBack(stream) }
    #expect(
      peak.count { $0.pointee.sentHeaders.capacity > 0 } == HTTP2StreamPool.freeCountMax)
    // Those come first, so that the usual load allocates nothing.
    for _ in 0..<3 {
      let busy = (0..<HTTP2StreamPool.freeCountMax).map { _ in pool.take() }
      #expect(busy.allSatisfy { $0.pointee.sentHeaders.capacity > 0 })
      for stream in busy { pool.giveBack(stream) }
    }
    let others = (0..<5_000).map { _ in pool.take() }
    #expect(Set(others) == Set(peak), "no stream is lost")
    for stream in others { pool.giveBack(stream) }
  }
}
