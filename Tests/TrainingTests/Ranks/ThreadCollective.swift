import Glibc
import Synchronization

@testable import Training

/// Threads of this process that train together, for tests.
final class ThreadCollective: Collective {
  let rank: Int
  let size: Int
  let place = "here"
  private let meeting: Meeting

  private init(_ rank: Int, _ meeting: Meeting) {
    (self.rank, self.meeting) = (rank, meeting)
    size = meeting.size
  }

  /// Runs `body` on a thread for each rank, and gives what it returns, in their order.
  static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (ThreadCollective) -> Result
  ) -> [Result] {
    let meeting = Meeting(size)
    let results = Mutex([Result?](repeating: nil, count: size))
    let box = Box { rank in
      let result = body(ThreadCollective(rank, meeting))
      results.withLock { $0[rank] = result }
    }
    var threads: [pthread_t] = []
    for rank in 0..<size {
      var thread = pthread_t()
      let start = Unmanaged.passRetained(Start(rank, box))
      precondition(pthread_create(&thread, nil, threadCollectiveMain, start.toOpaque()) == 0)
      threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
    return results.withLock { $0.compactMap { $0 } }
  }

  func sum(_ values: UnsafeMutableBufferPointer<Float>) { meeting.sum(rank, values) }
  func sum(_ values: UnsafeMutableBufferPointer<Double>) { meeting.sum(rank, values) }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    meeting.together(rank, bytes) { buffers in
      for buffer in buffers where buffer.baseAddress != buffers[root].baseAddress {
        precondition(buffer.count == buffers[root].count, "all ranks broadcast as many bytes")
        buffer.copyMemory(from: UnsafeRawBufferPointer(buffers[root]))
      }
    }
  }

  func await(_ isAwaited: Bool) {}

  fileprivate final class Box: Sendable {
    let body: @Sendable (Int) -> Void
    init(_ body: @escaping @Sendable (Int) -> Void) { self.body = body }
  }

  fileprivate final class Start: Sendable {
    private let rank: Int
    private let box: Box
    fileprivate init(_ rank: Int, _ box: Box) { (self.rank, self.box) = (rank, box) }
    func run() { box.body(rank) }
  }
}

private func threadCollectiveMain(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<ThreadCollective.Start>.fromOpaque(start!).takeRetainedValue().run()
  return nil
}

/// Where ranks wait for each other: everybody brings memory, the last one works on all of it.
private final class Meeting: @unchecked Sendable {
  let size: Int
  private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
  private var brought: [UnsafeMutableRawBufferPointer]

  init(_ size: Int) {
    self.size = size
    brought = [UnsafeMutableRawBufferPointer](repeating: .init(start: nil, count: 0), count: size)
    pthread_barrier_init(barrier, nil, UInt32(size))
  }

  deinit {
    pthread_barrier_destroy(barrier)
    barrier.deallocate()
  }

  func together(
    _ rank: Int, _ bytes: UnsafeMutableRawBufferPointer,
    _ body: ([UnsafeMutableRawBufferPointer]) -> Void
  ) {
    brought.withUnsafeMutableBufferPointer { $0[rank] = bytes }
    if pthread_barrier_wait(barrier) == PTHREAD_BARRIER_SERIAL_THREAD { body(brought) }
    pthread_barrier_wait(barrier)
  }

  func sum<T: BinaryFloatingPoint>(_ rank: Int, _ values: UnsafeMutableBufferPointer<T>) {
    together(rank, UnsafeMutableRawBufferPointer(values)) { buffers in
      let all = buffers.map { $0.bindMemory(to: T.self) }
      precondition(all.allSatisfy { $0.count == values.count }, "all ranks sum as many numbers")
      for index in 0..<values.count {
        let sum = all.reduce(T.zero) { $0 + $1[index] }
        for buffer in all { buffer[index] = sum }
      }
    }
  }
}
