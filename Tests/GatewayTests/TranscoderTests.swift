import RPC
import Synchronization
import Testing

@testable import Gateway

struct TranscoderTests {
  @Test func tenantsTakeTurns() {
    var turns = Turns<String>()
    for (ticket, (tenant, job)) in [
      ("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2"),
    ].enumerated() {
      turns.append(job, UInt64(ticket), of: tenant)
    }
    var order: [String] = []
    while let job = turns.next() { order.append(job) }
    #expect(order == ["a1", "b1", "c1", "a2", "b2", "a3"])
    #expect(turns.next() == nil)
  }

  @Test func whatIsRemovedDoesNotRun() {
    var turns = Turns<String>()
    turns.append("a1", 1, of: "a")
    turns.append("a2", 2, of: "a")
    turns.append("b1", 3, of: "b")
    #expect(turns.remove(1, of: "a") == "a1")
    #expect(turns.remove(1, of: "a") == nil)
    #expect(turns.remove(3, of: "a") == nil)
    #expect(turns.remove(3, of: "b") == "b1")
    #expect(turns.next() == "a2" && turns.next() == nil)
    turns.append("b2", 4, of: "b")
    #expect(turns.next() == "b2")
  }

  /// Runs on a loop's thread, as everything of a loop's transcoder must.
  private func onLoop<Value: Sendable>(
    _ body: @escaping @Sendable (LoopTranscoder) -> Value
  ) async throws -> (Value, EventLoop) {
    let loop = EventLoop()
    loop.start()
    let value = try await loop.run {
      let transcoder = LoopTranscoder(Transcoder(), loop: loop)
      loop.keep(transcoder)
      return body(transcoder)
    }
    return (value, loop)
  }

  @Test func shortTextsAreReadAtOnceAndLongOnesLater() async throws {
    let done = Mutex<[Int]>([])
    let handle = Handle(done)
    let (before, loop) = try await onLoop { transcoder in
      for byteCount in [10, Transcoder.byteCountMin, 20] {
        let ticket = transcoder.run(byteCount: byteCount, of: "t") { _ in
          byteCount
        } then: {
          handle.append($0)
        }
        #expect((ticket == nil) == (byteCount < Transcoder.byteCountMin))
      }
      return handle.values
    }
    #expect(before == [10, 20])
    while handle.values.count < 3 { try await loop.run {} }
    #expect(handle.values == [10, 20, Transcoder.byteCountMin])
    loop.stop()
  }

  @Test func nothingFollowsOnWhatIsCancelled() async throws {
    let handle = Handle(Mutex([]))
    let (_, loop) = try await onLoop { transcoder in
      let byteCount = Transcoder.byteCountMin
      let first = transcoder.run(byteCount: byteCount, of: "t") { _ in
        1
      } then: {
        handle.append($0)
      }
      transcoder.cancel(first!, of: "t")
      _ = transcoder.run(byteCount: byteCount, of: "t") { _ in
        2
      } then: {
        handle.append($0)
      }
    }
    while handle.values.isEmpty { try await loop.run {} }
    #expect(handle.values == [2])
    loop.stop()
  }
}

private final class Handle: Sendable {
  private let list: Mutex<[Int]>
  init(_ list: consuming Mutex<[Int]>) { self.list = list }
  func append(_ value: Int) { list.withLock { $0.append(value) } }
  var values: [Int] { list.withLock { $0 } }
}
