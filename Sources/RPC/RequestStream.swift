public import RPCWire
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

  /// Whether the message last read had been compressed by the peer.
  public var messageWasCompressed: Bool {
    call?.call.messageWasCompressed.load(ordering: .relaxed) ?? false
  }

  /// For clients: what the server sent before its first message, once that has been read.
  public var initialMetadata: Metadata { call?.received.initial ?? Metadata() }
  /// For clients: what the server sent with the status, once the stream has ended.
  public var trailingMetadata: Metadata { call?.received.trailing ?? Metadata() }

  /// For clients: gives the call up. What is read next is the error CANCELLED, unless the call had
  /// ended. Servers end a call by throwing.
  public func cancel() {
    call?.cancel()
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

  /// What the server has said besides messages; nothing on its own side.
  var received: GRPCClientCall.Received { GRPCClientCall.Received() }

  /// Gives the call up, on the client's side.
  func cancel() {}
}
