/// Accepts connections of one listening socket on a loop and hands the descriptors over.
public final class Listener: EventHandler {
  private let loop: EventLoop
  private let descriptor: Int32
  private let handOver: (Int32) -> Void
  private var isOpen = true
  private var isPaused = false

  /// How long to wait when descriptors or memory run out, instead of spinning.
  private static let pause = Duration.milliseconds(100)

  /// At most this many a turn, so that a flood of connections leaves time for the others.
  private static let acceptsPerTurnMax = 64

  /// Starts to accept; on the loop's thread. Owns the descriptor from here on.
  public init(loop: EventLoop, descriptor: Int32, _ handOver: @escaping (Int32) -> Void) {
    self.loop = loop
    self.descriptor = descriptor
    self.handOver = handOver
    loop.add(descriptor, .read, self)
  }

  /// Accepts what waits.
  public func handle(_ readiness: Readiness) {
    for _ in 0..<Self.acceptsPerTurnMax {
      guard isOpen, !isPaused else { return }
      do throws(SocketError) {
        guard let connection = try loop.machine.accept(descriptor) else { return }
        handOver(connection)
      } catch {
        pauseAccepting()
      }
    }
  }

  private func pauseAccepting() {
    isPaused = true
    loop.modify(descriptor, [])
    loop.schedule(after: Self.pause) { [weak self] in
      guard let self, isOpen else { return }
      isPaused = false
      loop.modify(descriptor, .read)
    }
  }

  /// Stops accepting and closes the socket; on the loop's thread.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    loop.remove(descriptor)
    loop.machine.close(descriptor)
  }
}
