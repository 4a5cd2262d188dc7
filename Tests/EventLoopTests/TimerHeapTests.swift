import Testing

@testable import EventLoop

struct TimerHeapTests {
  @Test func timersFireInOrderOfTheirDeadlines() {
    var heap = TimerHeap()
    var fired: [UInt64] = []
    var state: UInt64 = 88
    print("seed 88")
    for _ in 0..<500 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let deadline = state >> 40
      _ = heap.add(MonotonicTime(nanoseconds: deadline)) { fired.append(deadline) }
    }
    while let action = heap.popDue(.distantFuture) { action() }
    #expect(fired == fired.sorted())
    #expect(fired.count == 500)
  }

  @Test func cancelledTimersDoNotFireAndHandlesGoStale() {
    var heap = TimerHeap()
    var fired: [Int] = []
    let handles = (0..<100).map { index in
      heap.add(MonotonicTime(nanoseconds: UInt64(index % 10))) { fired.append(index) }
    }
    for index in stride(from: 0, to: 100, by: 2) {
      let isCancelled = heap.cancel(handles[index])
      #expect(isCancelled)
    }
    let isCancelledAgain = heap.cancel(handles[0])
    #expect(!isCancelledAgain)
    while let action = heap.popDue(.distantFuture) { action() }
    #expect(Set(fired) == Set(stride(from: 1, to: 100, by: 2)))
    // The slot is used again; the old handle must not reach the new timer.
    let new = heap.add(MonotonicTime(nanoseconds: 1)) {}
    for handle in handles {
      let isCancelled = heap.cancel(handle)
      #expect(!isCancelled)
    }
    let isCancelled = heap.cancel(new)
    #expect(isCancelled)
    #expect(heap.count == 0)
  }

  @Test func nothingFiresBeforeItsTime() {
    var heap = TimerHeap()
    _ = heap.add(MonotonicTime(nanoseconds: 10)) {}
    let early = heap.popDue(MonotonicTime(nanoseconds: 9))
    #expect(early == nil)
    #expect(heap.earliest == MonotonicTime(nanoseconds: 10))
    let due = heap.popDue(MonotonicTime(nanoseconds: 10))
    #expect(due != nil)
  }
}
