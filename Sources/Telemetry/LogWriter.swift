internal import Glibc
internal import Synchronization

// Sendable by hand: `pending`, `isWriting` and `isStopping` are touched under `mutex` only.

/// Writes lines to a file descriptor on a thread of its own, many in one system call.
///
/// Writers never wait: when the file is slower than they are, whole batches are dropped once
/// `pendingByteCountMax` bytes wait, and the number of lost lines is counted and written.
public final class LogWriter: @unchecked Sendable {
  /// Lines that were not written, because the file was too slow or failed.
  public var droppedLineCount: Int { dropped.load(ordering: .relaxed) }

  private let path: String?
  private let sink: (@Sendable ([UInt8]) -> Void)?
  private let descriptor: Atomic<Int32>
  private let ownsDescriptor: Bool
  private let pendingByteCountMax: Int
  private let dropped = Atomic<Int>(0)
  private let reopenRequested = Atomic<Bool>(false)
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  private var pending: [UInt8] = []
  private var isWriting = false
  private var isStopping = false
  private var isStarted = false
  private var reportedDropCount = 0

  /// Writes to a descriptor that stays the caller's: 2 for standard error.
  public init(descriptor: Int32 = 2, pendingByteCountMax: Int = 4 << 20) {
    path = nil
    sink = nil
    self.descriptor = Atomic(descriptor)
    ownsDescriptor = false
    self.pendingByteCountMax = pendingByteCountMax
    (mutex, condition) = Self.makeLock()
  }

  /// Appends to a file, which is made when missing. See ``reopen()`` for rotation.
  public init(path: String, pendingByteCountMax: Int = 4 << 20) throws(LogError) {
    let descriptor = Self.openFile(path)
    guard descriptor >= 0 else {
      throw LogError(message: "log file \(path) cannot be opened for writing: errno \(errno)")
    }
    self.path = path
    sink = nil
    self.descriptor = Atomic(descriptor)
    ownsDescriptor = true
    self.pendingByteCountMax = pendingByteCountMax
    (mutex, condition) = Self.makeLock()
  }

  /// Hands lines to a function at once, on the writer's thread: for tests.
  public init(_ sink: @escaping @Sendable ([UInt8]) -> Void) {
    path = nil
    self.sink = sink
    descriptor = Atomic(-1)
    ownsDescriptor = false
    pendingByteCountMax = 0
    (mutex, condition) = Self.makeLock()
  }

  /// Queues whole lines. Never blocks on the file.
  public func append(_ lines: [UInt8]) {
    lines.withUnsafeBufferPointer { append($0) }
  }

  /// Queues whole lines, which are copied. Never blocks on the file.
  public func append(_ lines: UnsafeBufferPointer<UInt8>) {
    guard !lines.isEmpty else { return }
    if let sink { return sink(Array(lines)) }
    pthread_mutex_lock(mutex)
    guard pending.count + lines.count <= pendingByteCountMax, !isStopping else {
      pthread_mutex_unlock(mutex)
      drop(UnsafeRawBufferPointer(lines))
      return
    }
    let wasEmpty = pending.isEmpty
    pending.append(contentsOf: lines)
    if !isStarted {
      isStarted = true
      startThread()
    }
    if wasEmpty, !isWriting { pthread_cond_broadcast(condition) }
    pthread_mutex_unlock(mutex)
  }

  /// Writes one line of its own: what happens rarely enough not to need a buffer.
  public func write(
    _ level: LogLevel, _ message: String, _ fields: (inout JSONLine) -> Void = { _ in }
  ) {
    var line = JSONLine()
    line.begin()
    line.field("time", Timestamp.now())
    line.field("level", level.rawValue)
    line.field("message", message)
    fields(&line)
    line.end()
    append(line.written)
  }

  /// Waits until everything queued before is written or dropped; for shutdown and tests.
  public func flush() {
    pthread_mutex_lock(mutex)
    while isWriting || !pending.isEmpty { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }

  /// Opens the path again before the next write, after something renamed the file.
  public func reopen() {
    reopenRequested.store(true, ordering: .relaxed)
  }

  /// Writes what is queued and ends the thread. Later lines are dropped.
  public func close() {
    flush()
    pthread_mutex_lock(mutex)
    isStopping = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  // MARK: The writing thread

  /// A second's worth of a busy gateway; what one stall of the file made larger is given back.
  private static let batchByteCountKept = 1 << 20

  fileprivate func run() {
    // Two arrays take turns, so that a busy log does not allocate.
    var batch: [UInt8] = []
    pthread_mutex_lock(mutex)
    while true {
      while pending.isEmpty, !isStopping { pthread_cond_wait(condition, mutex) }
      if pending.isEmpty { break }
      batch.removeAll(keepingCapacity: batch.capacity <= Self.batchByteCountKept)
      swap(&batch, &pending)
      isWriting = true
      pthread_mutex_unlock(mutex)

      if reopenRequested.exchange(false, ordering: .relaxed) { openAgain() }
      writeAll(batch)
      reportDrops()
      // Lets lines gather: at most a hundred wakes a second, whatever the request rate.
      usleep(10_000)

      pthread_mutex_lock(mutex)
      isWriting = false
      if pending.isEmpty { pthread_cond_broadcast(condition) }
    }
    pthread_mutex_unlock(mutex)
    if ownsDescriptor { Glibc.close(descriptor.load(ordering: .relaxed)) }
  }

  private func writeAll(_ batch: [UInt8]) {
    let descriptor = descriptor.load(ordering: .relaxed)
    batch.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if count > 0 {
          offset += count
        } else if errno == EAGAIN {
          var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&wait, 1, 1_000)
        } else if errno != EINTR {
          drop(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
          return
        }
      }
    }
  }

  private func reportDrops() {
    let count = dropped.load(ordering: .relaxed)
    guard count > reportedDropCount else { return }
    var line = JSONLine()
    line.begin()
    line.field("time", Timestamp.now())
    line.field("level", LogLevel.warning.rawValue)
    line.field("message", "log lines were dropped: the file is too slow or failed")
    line.field("dropped", count - reportedDropCount)
    line.end()
    reportedDropCount = count
    // Once, without counting a failure of its own.
    _ = Glibc.write(
      descriptor.load(ordering: .relaxed), line.written.baseAddress!, line.written.count)
  }

  private func drop(_ lines: UnsafeRawBufferPointer) {
    let count = lines.count { $0 == UInt8(ascii: "\n") }
    dropped.add(count, ordering: .relaxed)
  }

  private func openAgain() {
    guard let path else { return }
    let new = Self.openFile(path)
    guard new >= 0 else { return }
    Glibc.close(descriptor.exchange(new, ordering: .relaxed))
  }

  private static func openFile(_ path: String) -> Int32 {
    open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
  }

  private func startThread() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 256 << 10)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes, logThreadMain, Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "the log's thread could not be started: errno \(code)")
    pthread_attr_destroy(&attributes)
  }

  private static func makeLock() -> (
    UnsafeMutablePointer<pthread_mutex_t>, UnsafeMutablePointer<pthread_cond_t>
  ) {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    return (mutex, condition)
  }

  deinit {
    // The thread holds a reference while it runs, so nobody uses these any more.
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }
}

// A free function forms the C callback: it must not inherit an actor.
private func logThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { Unmanaged<LogWriter>.fromOpaque(argument).takeRetainedValue().run() }
  return nil
}
