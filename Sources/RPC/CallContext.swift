public import EventLoop
public import RPCWire
internal import Synchronization

/// What a handler knows about its call besides the messages. Usable from any thread, also
/// after the call has ended.
public struct CallContext: Sendable {
  let state: CallState

  /// A context without a call, to test a handler's logic.
  public init(
    path: String, metadata: Metadata = Metadata(), peer: PeerIdentity? = nil,
    deadline: MonotonicTime? = nil
  ) {
    state = CallState(path: path, metadata: metadata, peer: peer, deadline: deadline)
  }

  init(state: CallState) {
    self.state = state
  }

  /// `/package.Service/Method`
  public var path: String { state.path }
  /// What the client sent.
  public var metadata: Metadata { state.metadata }
  /// The client's verified certificate; nil without TLS or without a certificate.
  public var peer: PeerIdentity? { state.peer }
  /// When the client gives up, or nil. Pass it on to calls made on the client's behalf.
  public var deadline: MonotonicTime? { state.deadline }
  /// True once nobody waits for the answer: client gone, deadline passed, server stopping.
  /// The handler's task is cancelled as well.
  public var isCancelled: Bool { state.isCancelled.load(ordering: .relaxed) }

  /// Metadata to send before the first message; ignored once that has been sent.
  public func setInitialMetadata(_ metadata: Metadata) {
    state.outgoing.withLock { $0.initial = metadata }
    state.hasOutgoing.store(true, ordering: .releasing)
  }

  /// Metadata to send with the final status.
  public func setTrailingMetadata(_ metadata: Metadata) {
    state.outgoing.withLock { $0.trailing = metadata }
    state.hasOutgoing.store(true, ordering: .releasing)
  }

  /// Compresses the responses, or leaves them as they are, instead of what the server's
  /// configuration and the request suggest; ignored once the first has been sent, and when the
  /// client accepts no compression.
  public func compressResponses(_ compresses: Bool) {
    state.outgoing.withLock { $0.compresses = compresses }
    state.hasOutgoing.store(true, ordering: .releasing)
  }

  /// Whether the message last read had been compressed by the client.
  public var messageWasCompressed: Bool {
    state.messageWasCompressed.load(ordering: .relaxed)
  }

  /// What the handler set so far, for tests.
  public var initialMetadata: Metadata { state.outgoing.withLock { $0.initial } }
  /// What the handler set so far, for tests.
  public var trailingMetadata: Metadata { state.outgoing.withLock { $0.trailing } }
}

// Sendable by hand: written before the call begins, atomic or locked here; a subclass says what
// it adds.

/// The part of a call that its handler may touch from any thread.
class CallState: @unchecked Sendable {
  struct Outgoing: Sendable {
    var initial = Metadata()
    var trailing = Metadata()
    var compresses: Bool?
  }

  // Written by `begin` only, while nobody else refers to the call.
  @exclusivity(unchecked) final private(set) var path: String
  @exclusivity(unchecked) final private(set) var metadata: Metadata
  @exclusivity(unchecked) final private(set) var peer: PeerIdentity?
  @exclusivity(unchecked) final private(set) var deadline: MonotonicTime?
  final let isCancelled = Atomic<Bool>(false)
  final let outgoing = Mutex(Outgoing())
  /// False for most calls, which then need not take the lock.
  final let hasOutgoing = Atomic<Bool>(false)
  /// Of the message last read from the peer.
  final let messageWasCompressed = Atomic<Bool>(false)

  /// What the handler set so far.
  final var outgoingNow: Outgoing {
    hasOutgoing.load(ordering: .acquiring) ? outgoing.withLock { $0 } : Outgoing()
  }

  init(path: String, metadata: Metadata, peer: PeerIdentity?, deadline: MonotonicTime?) {
    self.path = path
    self.metadata = metadata
    self.peer = peer
    self.deadline = deadline
  }

  /// Makes this the state of a new call. `path` is nil when it is the same as before. Only for a
  /// state that nobody else refers to.
  final func begin(
    path: String?, metadata block: HeaderBlock, peer: PeerIdentity?, deadline: MonotonicTime?
  ) {
    if let path { self.path = path }
    metadata.replaceAll(copying: block)
    if peer != nil || self.peer != nil { self.peer = peer }
    self.deadline = deadline
    isCancelled.store(false, ordering: .relaxed)
    messageWasCompressed.store(false, ordering: .relaxed)
    if hasOutgoing.load(ordering: .acquiring) {
      hasOutgoing.store(false, ordering: .relaxed)
      outgoing.withLock { $0 = Outgoing() }
    }
  }
}
