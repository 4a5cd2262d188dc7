internal import RPC
internal import Telemetry

/// One loop's part of the access log: lines gather here and leave in batches. No payload and no
/// key ever gets into a line.
final class AccessLog {
  private let writer: LogWriter?
  private let loop: EventLoop
  private var lines = JSONLine()
  private var isFlushScheduled = false
  private let anchor = Anchor<AccessLog>()

  private static let flushByteCount = 32 << 10
  private static let flushDelay = Duration.milliseconds(50)

  init(_ writer: LogWriter?, loop: EventLoop) {
    self.writer = writer
    self.loop = loop
    anchor.object = self
  }

  deinit {
    anchor.object = nil
  }

  /// Writes one line with the fields that `body` adds.
  @inline(__always)
  func write(_ body: (inout JSONLine) -> Void) {
    guard writer != nil else { return }
    lines.begin()
    body(&lines)
    lines.end()
    if lines.byteCount >= Self.flushByteCount {
      flush()
    } else if !isFlushScheduled {
      isFlushScheduled = true
      loop.schedule(after: Self.flushDelay) { [anchor] in
        anchor.object?.isFlushScheduled = false
        anchor.object?.flush()
      }
    }
  }

  func flush() {
    guard lines.byteCount > 0 else { return }
    writer?.append(lines.written)
    lines.removeAll()
  }
}
