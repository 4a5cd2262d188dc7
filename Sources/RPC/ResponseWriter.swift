/// Sends messages on one call.
public struct ResponseWriter<Message: Sendable>: Sendable {
  private let sendMessage:
    @Sendable (Message, _ compresses: Bool, _ queuedByteCountMax: Int?) async throws -> Void
  private let finishSending: @Sendable () async throws -> Void

  init(
    _ holder: CallHolder, encode: @escaping @Sendable (Message) -> OutboundMessage,
    finish: @escaping @Sendable () async throws -> Void = {}
  ) {
    sendMessage = { message, compresses, queuedByteCountMax in
      var outbound = encode(message)
      outbound.mayCompress = compresses
      outbound.queuedByteCountMax = queuedByteCountMax
      try await holder.call.send(outbound)
    }
    finishSending = finish
  }

  /// A writer into a function, to test a handler's logic.
  public init(_ send: @escaping @Sendable (Message) async throws -> Void) {
    sendMessage = { message, _, _ in try await send(message) }
    finishSending = {}
  }

  /// Sends a message. Waits while the peer is slow, so that at most a window of bytes is
  /// buffered. Throws when the call has ended. `compresses: false` leaves this message as it is
  /// where the call's messages are compressed. `queuedByteCountMax`, once given, is about how many
  /// bytes may wait for the peer: who makes small messages as they are read gives little.
  public func send(
    _ message: Message, compresses: Bool = true, queuedByteCountMax: Int? = nil
  ) async throws {
    try await sendMessage(message, compresses, queuedByteCountMax)
  }

  /// For clients: says that no more requests follow. Servers end a call by returning.
  public func finish() async throws {
    try await finishSending()
  }
}

/// Requests as a client writes them: the same thing seen from the other side.
public typealias RequestWriter = ResponseWriter
