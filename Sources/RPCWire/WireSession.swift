/// What a transport moves bytes for: one side of a connection without its socket. The subclass is
/// the protocol that TLS has agreed on.
public class WireSession {
  /// Bytes to send. The owner removes what it has sent.
  @exclusivity(unchecked) public final var output = RawBuffer()
  /// False while more bytes than are in hand would only be held: the owner stops reading.
  public internal(set) final var wantsInput = true

  /// False while the peer takes no bytes: what is made before its turn would only wait, where it counts
  /// against nobody.
  @exclusivity(unchecked) public final var mayPackAhead = true

  /// A session that has neither received nor produced anything.
  init() {}

  deinit {
    output.deallocate()
  }

  /// Frees what a connection without calls does not need. Subclasses free what is theirs as well.
  public func releaseMemory() {
    if output.isEmpty { output.deallocate() }
  }

  /// Takes bytes from the peer. The time is in nanoseconds of any monotonic clock. After an error,
  /// send what is queued and close.
  public func receive(
    _ bytes: UnsafeRawBufferPointer, now: UInt64
  ) throws(HTTP2SessionError) {
    preconditionFailure("a session's subclass receives")
  }

  /// Turns what is queued into bytes in ``output`` until it has `byteCountMax` or a frame more; the
  /// rest stays in the streams' queues, where it counts against the senders. Not during `receive`.
  public func produce(upTo byteCountMax: Int, now: UInt64) throws(HTTP2SessionError) {
    preconditionFailure("a session's subclass produces")
  }

  /// True while the session expects bytes or has some to send; false means close.
  public var isAlive: Bool { false }

  /// True after the peer was told that it broke the protocol.
  public internal(set) final var protocolWasBroken = false

  /// True when `produce` would add to ``output``.
  public var hasFrames: Bool { false }

  /// True when the peer may still be sending what nobody will read: a socket that is closed with
  /// unread bytes takes the answer back that the peer has not read yet.
  public var closesGently: Bool { false }
}
