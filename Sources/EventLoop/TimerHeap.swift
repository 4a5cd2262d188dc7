/// Names one scheduled timer. A handle of a timer that has fired or was cancelled is harmless.
public struct TimerHandle: Sendable, Hashable {
  let slot: Int32
  let generation: UInt32

  /// Names no timer.
  public static let none = TimerHandle(slot: -1, generation: 0)
}

/// Timers ordered by deadline: a binary heap of slots, where each slot knows its place, so that
/// cancelling removes the entry at once. Long call deadlines that almost never fire would
/// otherwise pile up. Knows no clock: the caller says what time it is.
struct TimerHeap {
  private struct Slot {
    var deadline: MonotonicTime
    var generation: UInt32
    var heapIndex: Int32  // -1: free
    var action: (() -> Void)?
  }

  private var slots: [Slot] = []
  private var free: [Int32] = []
  private var heap: [Int32] = []

  var count: Int { heap.count }
  var earliest: MonotonicTime? { heap.first.map { slots[Int($0)].deadline } }

  mutating func add(_ deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerHandle {
    let slot: Int32
    if let reused = free.popLast() {
      slot = reused
      slots[Int(slot)].deadline = deadline
      slots[Int(slot)].action = action
    } else {
      slot = Int32(slots.count)
      slots.append(Slot(deadline: deadline, generation: 1, heapIndex: -1, action: action))
    }
    heap.append(slot)
    slots[Int(slot)].heapIndex = Int32(heap.count - 1)
    siftUp(heap.count - 1)
    return TimerHandle(slot: slot, generation: slots[Int(slot)].generation)
  }

  @discardableResult
  mutating func cancel(_ handle: TimerHandle) -> Bool {
    guard handle.slot >= 0, Int(handle.slot) < slots.count,
      slots[Int(handle.slot)].generation == handle.generation,
      slots[Int(handle.slot)].heapIndex >= 0
    else { return false }
    remove(at: Int(slots[Int(handle.slot)].heapIndex))
    return true
  }

  /// The action of one timer that is due at `now`, or nil.
  mutating func popDue(_ now: MonotonicTime) -> (() -> Void)? {
    guard let slot = heap.first, slots[Int(slot)].deadline <= now else { return nil }
    let action = slots[Int(slot)].action
    remove(at: 0)
    return action
  }

  private mutating func remove(at index: Int) {
    let slot = Int(heap[index])
    let last = heap.removeLast()
    if index < heap.count {
      heap[index] = last
      slots[Int(last)].heapIndex = Int32(index)
      siftDown(index)
      siftUp(Int(slots[Int(last)].heapIndex))
    }
    slots[slot].heapIndex = -1
    slots[slot].generation &+= 1
    slots[slot].action = nil
    free.append(Int32(slot))
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    slots[Int(heap[a])].deadline < slots[Int(heap[b])].deadline
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    heap.swapAt(a, b)
    slots[Int(heap[a])].heapIndex = Int32(a)
    slots[Int(heap[b])].heapIndex = Int32(b)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0, precedes(index, (index - 1) / 2) {
      swap(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      let left = 2 * index + 1
      if left < heap.count, precedes(left, smallest) { smallest = left }
      if left + 1 < heap.count, precedes(left + 1, smallest) { smallest = left + 1 }
      if smallest == index { return }
      swap(index, smallest)
      index = smallest
    }
  }
}
