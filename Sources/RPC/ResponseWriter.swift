/// Sends messages on one call.
public struct ResponseWriter<Message: Sendable>: Sendable {
  private let sendMessage: @Sendable (Message) async throws -> Void
  private let finishSending: @Sendable () async throws -> Void

  init(
    _ holder: CallHolder, encode: @escaping @Sendable (Message) -> OutboundMessage,
    finish: @escaping @Sendable () async throws -> Void = {}
  ) {
    sendMessage = { try await holder.call.send(encode($0)) }
    finishSending = finish
  }

  /// A writer into a function, to test a handler's logic.
  public init(_ send: @escaping @Sendable (Message) async throws -> Void) {
    sendMessage = send
    finishSending = {}
  }

  /// Sends a message. Waits while the peer is slow, so that at most a window of bytes is
  /// buffered. Throws when the call has ended.
  public func send(_ message: Message) async throws {
    try await sendMessage(message)
  }

  /// For clients: says that no more requests follow. Servers end a call by returning.
  public func finish() async throws {
    try await finishSending()
  }
}

/// Requests as a client writes them: the same thing seen from the other side.
public typealias RequestWriter = ResponseWriter
