internal import Synchronization

/// The messages a peer sends on one call, in order. For one reader at a time.
///
/// Back-pressure: what is not read is not acknowledged, so the peer stops after a window.
public struct RequestStream<Message: Sendable>: AsyncSequence, Sendable {
  private let receive: @Sendable () async throws -> Message?
  private let call: CallHolder?

  init(_ call: CallHolder, decode: @escaping @Sendable ([UInt8]) throws -> Message) {
    self.call = call
    let state = call.call
    receive = { try await state.receive().map(decode) }
  }

  /// A stream of messages at hand, to test a handler's logic.
  public init(_ messages: [Message]) {
    call = nil
    let remaining = Mutex(messages[...])
    receive = { remaining.withLock { $0.popFirst() } }
  }

  /// The next message, or nil after the last. Throws when the call breaks.
  public func next() async throws -> Message? {
    try await receive()
  }

  /// Reads the stream with `for try await`.
  public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  /// See ``RequestStream/makeAsyncIterator()``.
  public struct Iterator: AsyncIteratorProtocol {
    let stream: RequestStream

    /// The next message, or nil after the last.
    public mutating func next() async throws -> Message? { try await stream.next() }
  }
}

/// Responses as a client reads them: the same thing seen from the other side. When the last copy
/// of a client's stream and writer is gone, the call is cancelled unless it has ended.
public typealias ResponseStream = RequestStream

/// Ties a call's life to those who can still use it.
class CallHolder: @unchecked Sendable {
  // Sendable by hand: one constant; a subclass only adds a deinit.
  final let call: GRPCCall

  init(_ call: GRPCCall) {
    self.call = call
  }
}
