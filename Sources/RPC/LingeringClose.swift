internal import EventLoop

/// Closes a socket whose peer may still be sending: says that nothing more comes, and throws away
/// what arrives until the peer ends too. A socket closed with unread bytes would be reset, and the
/// peer might lose the answer that tells it why (RFC 9112 section 9.6).
final class LingeringClose: EventHandler {
  private let loop: EventLoop
  private let descriptor: Int32
  private var byteCount = 0
  private var isClosed = false

  /// Long enough for an answer to arrive, short enough for who only wants to hold a descriptor.
  private static let timeout = Duration.seconds(2)
  /// What may be in flight on a fast long line.
  private static let byteCountMax = 4 << 20

  /// Takes a descriptor that its loop does not watch any more.
  static func start(_ descriptor: Int32, on loop: EventLoop) {
    let closing = LingeringClose(descriptor, loop)
    loop.machine.shutdownWrite(descriptor)
    loop.add(descriptor, .read, closing)
    loop.schedule(after: timeout) { closing.close() }
  }

  private init(_ descriptor: Int32, _ loop: EventLoop) {
    self.descriptor = descriptor
    self.loop = loop
  }

  deinit {
    // Its loop has been stopped meanwhile.
    if !isClosed { loop.machine.close(descriptor) }
  }

  func handle(_ readiness: Readiness) {
    let scratch = loop.local(TransportScratch.self) { TransportScratch() }
    while !isClosed {
      switch loop.machine.receive(descriptor, into: scratch.ciphertext) {
      case .bytes(0), .failed: return close()
      case .wouldBlock: return
      case .bytes(let count):
        byteCount += count
        if byteCount > Self.byteCountMax { return close() }
      }
    }
  }

  private func close() {
    guard !isClosed else { return }
    isClosed = true
    loop.remove(descriptor)
    loop.machine.close(descriptor)
  }
}
