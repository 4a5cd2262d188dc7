internal import Protocols
internal import RPC
internal import Synchronization

/// A loop's JSON: short texts are read and written at once, long ones by the ``Transcoder``.
final class LoopTranscoder {
  private let shared: Transcoder
  private let loop: EventLoop
  private lazy var parser = JSONParser()
  /// What follows on the jobs that are not done. Stays here: it refers to what is the loop's own.
  private var continuations: [Transcoder.Ticket: () -> Void] = [:]
  private let anchor = Anchor<LoopTranscoder>()

  init(_ shared: Transcoder, loop: EventLoop) {
    self.shared = shared
    self.loop = loop
    anchor.object = self
  }

  /// Runs `body` and gives `then` what it returns: before this returns (nil), or in a later turn of
  /// the loop unless the ticket is cancelled. `byteCount` says how long the text is.
  func run<Value: Sendable>(
    byteCount: Int, of tenant: String, _ body: @escaping @Sendable (JSONParser) -> Value,
    then: @escaping (Value) -> Void
  ) -> Transcoder.Ticket? {
    guard byteCount >= Transcoder.byteCountMin else {
      then(body(parser))
      return nil
    }
    let ticket = Transcoder.ticket()
    let result = Handover<Value>()
    continuations[ticket] = { if let value = result.take() { then(value) } }
    let (loop, anchor) = (loop, LoopBound(anchor, on: loop))
    shared.submit(ticket, of: tenant) {
      // A parser for one long text keeps nothing of it.
      result.put(body(JSONParser()))
      loop.execute { anchor.value.object?.finish(ticket) }
    }
    return ticket
  }

  private func finish(_ ticket: Transcoder.Ticket) {
    continuations.removeValue(forKey: ticket)?()
  }

  func cancel(_ ticket: Transcoder.Ticket, of tenant: String) {
    guard continuations.removeValue(forKey: ticket) != nil else { return }
    shared.cancel(ticket, of: tenant)
  }

  /// Nothing follows any more on jobs that are not done.
  func close() {
    anchor.object = nil
    continuations = [:]
  }
}

/// One value on its way from a thread to another.
private final class Handover<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  func put(_ value: Value) { self.value.withLock { $0 = value } }
  func take() -> Value? { value.withLock { $0.take() } }
}
