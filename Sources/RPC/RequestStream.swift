public import RPCWire

/// The messages a peer sends on one call, in order. For one reader at a time.
///
/// Back-pressure: what is not read is not acknowledged, so the peer stops after a window.
public struct RequestStream<Message: Sendable>: AsyncSequence, Sendable {
  /// The next message, or nil after the last. Throws when the call breaks.
  public func next() async throws -> Message? { fatalError("not yet") }

  /// Reads the stream with `for try await`.
  public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  /// See ``makeAsyncIterator()``.
  public struct Iterator: AsyncIteratorProtocol {
    let stream: RequestStream

    /// The next message, or nil after the last.
    public mutating func next() async throws -> Message? { try await stream.next() }
  }
}

/// Responses as a client reads them: the same thing seen from the other side.
public typealias ResponseStream = RequestStream

/// Sends messages on one call.
public struct ResponseWriter<Message: Sendable>: Sendable {
  /// Sends a message. Waits while the peer is slow, so that at most a window of bytes is
  /// buffered. Throws when the call has ended.
  public func send(_ message: Message) async throws { fatalError("not yet") }

  /// For clients: says that no more requests follow. Servers end a call by returning.
  public func finish() async throws { fatalError("not yet") }
}

/// Requests as a client writes them: the same thing seen from the other side.
public typealias RequestWriter = ResponseWriter
