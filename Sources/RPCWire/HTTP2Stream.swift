internal import CNGHTTP2
internal import Synchronization

/// Why a call's stream is gone.
public enum CallCloseReason: Sendable, Hashable {
  /// Both sides had ended.
  case completed
  /// One side reset the stream.
  case reset(HTTP2ErrorCode)
  /// The connection broke or was closed.
  case connectionLost
}

/// Receives what happens to one stream, on its session's thread.
public protocol HTTP2StreamHandler: AnyObject {
  /// The response's header block (clients only), valid only during the call.
  func stream(_ stream: HTTP2StreamReference, receivedHeaders headers: HeaderBlock)
  /// Body bytes, valid only during the call.
  func stream(_ stream: HTTP2StreamReference, receivedData bytes: UnsafeRawBufferPointer)
  /// The trailers, valid only during the call.
  func stream(_ stream: HTTP2StreamReference, receivedTrailers trailers: HeaderBlock)
  /// The peer has ended its side.
  func streamReceivedEnd(_ stream: HTTP2StreamReference)
  /// The queued bytes fell below the low mark.
  func streamCanSend(_ stream: HTTP2StreamReference)
  /// The stream is gone; the last callback.
  func streamClosed(_ stream: HTTP2StreamReference, reason: CallCloseReason)
}

/// A stream's state, behind a pointer from a free list. Its own memory is never given back to the
/// system, so a late reference reads a generation, not garbage; what it points to is, after a peak.
struct HTTP2Stream {
  struct Flags: OptionSet {
    let rawValue: UInt16
    static let responseReceived = Flags(rawValue: 1)
    static let remoteEnded = Flags(rawValue: 2)
    static let headersSubmitted = Flags(rawValue: 4)
    static let ending = Flags(rawValue: 8)
    static let hasTrailers = Flags(rawValue: 16)
    static let deferred = Flags(rawValue: 32)
    static let wantsCanSend = Flags(rawValue: 64)
    static let headersTooLarge = Flags(rawValue: 128)
    static let localEndSent = Flags(rawValue: 256)
    static let resetSubmitted = Flags(rawValue: 512)
    static let isWide = Flags(rawValue: 1024)
  }

  var id: Int32 = 0
  var generation: UInt64 = 0
  var session: Unmanaged<HTTP2Session>?
  var handler: (any HTTP2StreamHandler)?
  var previous: UnsafeMutablePointer<HTTP2Stream>?
  var next: UnsafeMutablePointer<HTTP2Stream>?
  var flags: Flags = []
  /// Content that must still come, as `content-length` says; -1 when nothing does.
  var contentLeft = -1
  var outbound = OutboundQueue()
  /// Sending is welcome again below this mark, and stops being so at the high mark.
  var outboundByteCountLow = Self.outboundByteCountLow

  /// What was submitted: nghttp2 reads it when it packs the frame.
  var sentHeaders = RawBuffer()
  var sentTrailers = RawBuffer()
  var sentTrailerCount = 0

  /// What stands behind the stream instead of a session.
  var backend: (any StreamBackend)?

  /// Gives the memory of all buffers back; they are empty.
  mutating func releaseMemory() {
    outbound.releaseMemory()
    sentHeaders.deallocate()
    sentTrailers.deallocate()
  }

  /// The low mark, unless somebody sets another; the high mark is four times as high.
  static let outboundByteCountLow = 64 << 10
}

typealias StreamPointer = UnsafeMutablePointer<HTTP2Stream>

extension StreamPointer {
  /// Moves the handler out: no reference is counted.
  @inline(__always)
  func takeHandler() -> (any HTTP2StreamHandler)? {
    withUnsafeMutablePointer(to: &pointee.handler) { handler in
      let taken = handler.move()
      handler.initialize(to: nil)
      return taken
    }
  }
}

/// Names a stream; harmless when the stream is gone. Use on the session's thread only.
public struct HTTP2StreamReference {
  let pointer: UnsafeMutablePointer<HTTP2Stream>
  let generation: UInt64

  @inline(__always)
  init(_ pointer: StreamPointer) {
    self.pointer = pointer
    generation = pointer.pointee.generation
  }

  /// False once the stream is gone.
  @inline(__always)
  public var isOpen: Bool { pointer.pointee.generation == generation }

  /// The session of an open stream.
  @inline(__always)
  public var session: HTTP2Session? {
    isOpen ? pointer.pointee.session?.takeUnretainedValue() : nil
  }

  /// The stream's number in its session; 0 when the stream is gone.
  public var id: Int32 { isOpen ? pointer.pointee.id : 0 }

  /// True when the peer's header list exceeded the session's limits; the block is incomplete.
  public var headersWereTooLarge: Bool {
    isOpen && pointer.pointee.flags.contains(.headersTooLarge)
  }

  /// True when a header block was sent.
  public var headersWereSent: Bool {
    isOpen && pointer.pointee.flags.contains(.headersSubmitted)
  }

  /// True when our side's end was queued.
  public var isEnding: Bool {
    isOpen && pointer.pointee.flags.contains(.ending)
  }

  /// Bytes queued that have not left for the connection.
  public var outboundByteCount: Int {
    guard isOpen else { return 0 }
    guard pointer.pointee.session != nil else { return backendByteCount }
    return pointer.pointee.outbound.byteCount
  }

  /// Apart, because to look at a backend counts references.
  @inline(never)
  private var backendByteCount: Int { pointer.pointee.backend?.outboundByteCount(self) ?? 0 }

  /// False when the queue is at its high mark.
  public var canSend: Bool {
    isOpen && pointer.pointee.outbound.byteCount < 4 * pointer.pointee.outboundByteCountLow
  }

  /// Below how many queued bytes `streamCanSend` comes; four times as many are the high mark.
  public var lowMark: Int {
    get { isOpen ? pointer.pointee.outboundByteCountLow : HTTP2Stream.outboundByteCountLow }
    nonmutating set {
      guard isOpen else { return }
      pointer.pointee.outboundByteCountLow = newValue
      if let backend { backend.setLowMark(self, newValue) }
    }
  }

  /// Whether more than a first few bytes may be on their way to us
  /// (``HTTP2Limits/streamWindowByteCountStart``).
  public var isWide: Bool { isOpen && pointer.pointee.flags.contains(.isWide) }

  /// Makes the handler of the stream; streams of a client get theirs when submitted.
  public func setHandler(_ handler: consuming any HTTP2StreamHandler) {
    if isOpen { pointer.pointee.handler = handler }
  }
}

/// The free list of one thread's streams.
public final class HTTP2StreamPool {
  /// More memory of a header block than this goes back when its stream is gone.
  private static let blockByteCountKept = 4096
  /// More free streams than this keep no buffers: as many as are open at once on a busy loop.
  static let freeCountMax = 1_024

  /// Streams that have their buffers still, and how many there are.
  private var free: StreamPointer?
  private var freeCount = 0
  /// Streams that are new, or have given their buffers back.
  private var bare: StreamPointer?
  let memory = HTTP2Memory()
  /// A header block's fields on their way into the library, for one session after the other.
  private var fieldArray: UnsafeMutablePointer<nghttp2_nv>
  private var fieldCapacity = 64

  /// Lists whose pool is gone wait here for the next pool: stream memory lives as long as the
  /// process.
  private struct Reserve: @unchecked Sendable {
    var free: StreamPointer?
  }
  private static let reserve = Mutex(Reserve())

  /// A pool that takes over what earlier pools left.
  public init() {
    fieldArray = .allocate(capacity: fieldCapacity)
    bare = Self.reserve.withLock { reserve in
      defer { reserve.free = nil }
      return reserve.free
    }
  }

  deinit {
    fieldArray.deallocate()
    for case let first? in [free, bare] {
      var last = first
      while let next = last.pointee.next { last = next }
      Self.reserve.withLock { reserve in
        last.pointee.next = reserve.free
        reserve.free = first
      }
    }
  }

  /// Gives back what nobody uses after a peak. To be called about once a second.
  public func releaseUnused() {
    memory.releaseUnused()
  }

  /// Room for so many fields, until the next call.
  @inline(__always)
  func fields(_ count: Int) -> UnsafeMutablePointer<nghttp2_nv> {
    if count > fieldCapacity {
      fieldArray.deallocate()
      fieldCapacity = count * 2
      fieldArray = .allocate(capacity: fieldCapacity)
    }
    return fieldArray
  }

  func take() -> StreamPointer {
    guard let stream = free else { return takeBare() }
    free = stream.pointee.next
    freeCount &-= 1
    stream.pointee.next = nil
    return stream
  }

  @inline(never)
  private func takeBare() -> StreamPointer {
    if bare == nil { grow() }
    let stream = bare!
    bare = stream.pointee.next
    stream.pointee.next = nil
    return stream
  }

  /// Takes back a stream whose handler was taken out.
  func giveBack(_ stream: StreamPointer) {
    stream.pointee.generation &+= 1
    stream.pointee.session = nil
    stream.pointee.flags = []
    stream.pointee.contentLeft = -1
    stream.pointee.outboundByteCountLow = HTTP2Stream.outboundByteCountLow
    stream.pointee.outbound.removeAll()
    stream.pointee.sentHeaders.removeAll(keeping: Self.blockByteCountKept)
    stream.pointee.sentTrailers.removeAll(keeping: Self.blockByteCountKept)
    stream.pointee.previous = nil
    guard freeCount < Self.freeCountMax else { return giveBackBare(stream) }
    stream.pointee.next = free
    free = stream
    freeCount &+= 1
  }

  @inline(never)
  private func giveBackBare(_ stream: StreamPointer) {
    stream.pointee.releaseMemory()
    stream.pointee.next = bare
    bare = stream
  }

  private func grow() {
    let count = 64
    let slab = UnsafeMutablePointer<HTTP2Stream>.allocate(capacity: count)
    slab.initialize(repeating: HTTP2Stream(), count: count)
    for index in 0..<count {
      slab[index].next = bare
      bare = slab + index
    }
  }
}
