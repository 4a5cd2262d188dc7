import Testing
import TestSupport

@testable import RPCWire

@Suite struct OutboundQueueTests {
  /// Pieces of all sizes, as copies and as arrays, leave in order whatever the steps.
  @Test(arguments: 0..<20 as Range<UInt64>) func bytesLeaveInOrder(seed: UInt64) {
    var random = SplitMix64(state: seed)
    var queue = OutboundQueue()
    var expected: [UInt8] = []
    var output = RawBuffer()
    defer { output.deallocate() }
    for _ in 0..<200 {
      let sizes = [0, 1, 100, 4_095, 4_096, 5_000, 70_000]
      let size = sizes[Int.random(in: 0..<sizes.count, using: &random)]
      let piece = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
      expected += piece
      if Bool.random(using: &random) {
        queue.append(piece)
      } else {
        piece.withUnsafeBytes { queue.append($0) }
      }
      #expect(queue.byteCount == expected.count - output.count)
      queue.move(Int.random(in: 0...queue.byteCount, using: &random), to: &output)
    }
    queue.move(queue.byteCount, to: &output)
    #expect(output.bytes.elementsEqual(expected), "seed \(seed)")
    queue.append([1, 2, 3])
    queue.removeAll()
    #expect(queue.byteCount == 0)
  }
}
