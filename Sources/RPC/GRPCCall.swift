internal import EventLoop
internal import RPCWire
internal import Synchronization

// Sendable by hand: beyond CallState, the queue is locked and all else is touched on the loop.

/// What client and server calls share: messages in with the peer's window, messages out with
/// back-pressure. The stream's events arrive in the subclasses.
class GRPCCall: CallState, @unchecked Sendable {
  final let loop: EventLoop
  final let inbound = MessageQueue()

  // The loop's:
  @exclusivity(unchecked) final var stream: HTTP2StreamReference?
  @exclusivity(unchecked) final var isFinished = false
  final var sendCompression: Compression?
  @exclusivity(unchecked) private final var sendWaiters: [UnsafeContinuation<Void, any Error>] = []

  init(
    loop: EventLoop, path: String, metadata: Metadata, peer: PeerIdentity?,
    deadline: MonotonicTime?
  ) {
    self.loop = loop
    super.init(path: path, metadata: metadata, peer: peer, deadline: deadline)
  }

  /// Called before the first message is sent.
  func prepareToSend() {}

  /// Why a message cannot be sent any more.
  func sendFailure() -> RPCError {
    RPCError(code: .cancelled, message: "the call has ended")
  }

  // MARK: From any thread

  /// The next message from the peer; nil at the end.
  final func receive() async throws -> [UInt8]? {
    let message = try await inbound.next { byteCount in
      if loop.isCurrent {
        stream?.consume(byteCount)
      } else {
        loop.execute { self.stream?.consume(byteCount) }
      }
    }
    guard let message else { return nil }
    messageWasCompressed.store(message.wasCompressed, ordering: .relaxed)
    return message.bytes
  }

  /// Sends a message and waits while too much is queued.
  final func send(_ message: OutboundMessage) async throws {
    if loop.isCurrent {
      if try sendNow(message) { return }
    } else {
      let hasRoom = try await loop.run { try self.sendNow(message) }
      if hasRoom { return }
    }
    try await withUnsafeThrowingContinuation { continuation in
      if loop.isCurrent {
        waitToSend(continuation)
      } else {
        loop.execute { self.waitToSend(continuation) }
      }
    }
  }

  // MARK: On the loop

  private final func sendNow(_ message: OutboundMessage) throws -> Bool {
    guard !isFinished, let stream, stream.isOpen, !stream.isEnding else { throw sendFailure() }
    prepareToSend()
    if let most = message.queuedByteCountMax, stream.lowMark != most { stream.lowMark = most }
    message.send(on: stream, sendCompression)
    return stream.canSend
  }

  private final func waitToSend(_ continuation: UnsafeContinuation<Void, any Error>) {
    if isFinished {
      continuation.resume(throwing: sendFailure())
    } else if stream?.canSend ?? true {
      continuation.resume()
    } else {
      sendWaiters.append(continuation)
    }
  }

  final func resumeSenders() {
    guard !sendWaiters.isEmpty else { return }
    let waiters = sendWaiters
    sendWaiters.removeAll()
    for waiter in waiters { waiter.resume() }
  }

  final func failSenders() {
    guard !sendWaiters.isEmpty else { return }
    let waiters = sendWaiters
    sendWaiters.removeAll()
    for waiter in waiters { waiter.resume(throwing: sendFailure()) }
  }
}

/// A message on its way out: bare, or with room for the prefix in front so that it need not be
/// copied.
struct OutboundMessage: Sendable {
  var bytes: [UInt8]
  var hasPrefixRoom: Bool
  /// False: not to be compressed, whatever was agreed for the call.
  var mayCompress = true
  /// The call's low mark from here on; nil: what it is.
  var queuedByteCountMax: Int?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    hasPrefixRoom = false
  }

  init(prefixRoomAnd bytes: [UInt8]) {
    self.bytes = bytes
    hasPrefixRoom = true
  }

  /// Compressing less than this makes it larger or saves nothing.
  private static let compressedByteCountMin = 256

  /// Copying less than this, prefix and message, costs less than an array that holds both.
  private static let copiedByteCountMax = 4 << 10

  /// Queues the message with its prefix.
  consuming func send(on stream: HTTP2StreamReference, _ compression: Compression?) {
    guard compression == nil, !hasPrefixRoom, bytes.count < Self.copiedByteCountMax else {
      return stream.sendData(frame(compression))
    }
    MessageFramer.withPrefix(messageByteCount: bytes.count) { stream.sendData($0) }
    bytes.withUnsafeBytes { stream.sendData($0) }
  }

  /// The message with its prefix, compressed if that was agreed.
  consuming func frame(_ compression: Compression?) -> [UInt8] {
    if let compression, mayCompress, bytes.count >= Self.compressedByteCountMin {
      let message = hasPrefixRoom ? Array(bytes[MessageFramer.prefixByteCount...]) : bytes
      var frame = [UInt8](repeating: 0, count: MessageFramer.prefixByteCount)
      frame += MessageCompressor.deflate(message, compression)
      MessageFramer.writePrefix(&frame, isCompressed: true)
      return frame
    }
    guard hasPrefixRoom else { return MessageFramer.frame(bytes) }
    var frame = bytes
    bytes = []
    MessageFramer.writePrefix(&frame)
    return frame
  }
}
