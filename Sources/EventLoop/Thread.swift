internal import CLinux
internal import Glibc

/// A thread of the system, without Foundation.
public enum Thread {
  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a detached thread; `name` shows in tools (at most 15 bytes of it).
  public static func spawn(
    name: String, stackByteCount: Int = 1 << 20, _ body: @escaping @Sendable () -> Void
  ) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Swift's async machinery and OpenSSL's handshake fit easily; the default of 8 MiB is only
    // address space, but 1 MiB keeps core dumps of many threads readable.
    pthread_attr_setstacksize(&attributes, stackByteCount)
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
    let code = pthread_create(&thread, &attributes, threadMain, argument)
    precondition(code == 0, "a thread could not be started: errno \(code)")
    pthread_attr_destroy(&attributes)
  }

  // A free function forms the C callback: it must not inherit an actor.
  fileprivate static func enter(_ argument: UnsafeMutableRawPointer) {
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    martlet_name_thread(start.name)
    let heap = martlet_enter_heap()
    start.body()
    martlet_leave_heap(heap)
  }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { Thread.enter(argument) }
  return nil
}
