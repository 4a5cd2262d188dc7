/// The rules of RFC 9113 on which frames may come when, as far as libnghttp2 1.52 leaves them
/// unchecked: it forgets closed streams, so it cannot tell frames that crossed with our RST_STREAM
/// from those that a peer sends after it has ended the stream itself, nor a skipped identifier
/// from a used one; and it looks at no PRIORITY frame once we have said that we ignore them.
///
/// All that is needed stands in the headers of the frames that the peer sent. What we sent does
/// not matter: after its own END_STREAM or RST_STREAM a peer has nothing to say on a stream,
/// whatever crosses it. Frames that the library checks itself pass here.
struct InboundRules {
  /// A connection error (RFC 9113 section 5.4.1). Numbers only, as one is returned for each frame.
  enum Violation: Equatable {
    case headersAfterEnd(Int32)
    case headersDownwards(Int32, highest: Int32)
    case dataAfterEnd(Int32)
    case dataOnSkipped(Int32)
    case priorityOnStream0
    case priorityOnItself(Int32)
  }

  private static let prefaceByteCount = 24

  private let peerOpensStreams: Bool
  private var scanner: FrameScanner
  private var history = StreamHistory()
  /// A field block is unfinished: only CONTINUATION may come, which the library sees to.
  private var isInFieldBlock = false
  /// Of a PRIORITY frame: its stream, and the bytes that are missing of the one it depends on.
  private var prioritizedID: Int32 = 0
  private var dependencyBytesLeft = 0
  private var dependency: UInt32 = 0

  init(role: HTTP2Session.Role) {
    peerOpensStreams = role == .server
    scanner = FrameScanner(prefaceByteCount: role == .server ? Self.prefaceByteCount : 0)
  }

  /// Looks at the frames that begin in the bytes. After a violation only the first
  /// `acceptedByteCount` bytes are to be processed, and no more are to come.
  mutating func check(
    _ bytes: UnsafeRawBufferPointer
  ) -> (acceptedByteCount: Int, violation: Violation?) {
    var offset = 0
    if dependencyBytesLeft > 0, let violation = readDependency(bytes, offset) {
      return (0, violation)
    }
    while let header = scanner.next(bytes, &offset) {
      var violation = check(header)
      if dependencyBytesLeft > 0 { violation = readDependency(bytes, offset) }
      if let violation { return (max(0, offset - FrameHeader.byteCount), violation) }
    }
    return (bytes.count, nil)
  }

  @inline(__always)
  private mutating func check(_ header: FrameHeader) -> Violation? {
    if isInFieldBlock {
      isInFieldBlock =
        header.type != FrameHeader.Kind.continuation.rawValue
        || header.flags & FrameHeader.endHeaders == 0
      return nil
    }
    let id = header.streamID
    switch FrameHeader.Kind(rawValue: header.type) {
    case .headers:
      isInFieldBlock = header.flags & FrameHeader.endHeaders == 0
      // Streams that a server opens are even; the library refuses them, as we allow no push.
      return id & 1 == 0 ? nil : headers(id, endsStream: header.endsStream)
    case .data:
      return id & 1 == 0 ? nil : data(id, endsStream: header.endsStream)
    case .rstStream:
      if id & 1 == 1 { reset(id) }
      return nil
    case .priority:
      if id == 0 { return .priorityOnStream0 }
      if header.payloadByteCount == 5 {
        prioritizedID = id
        dependencyBytesLeft = 4
      }
      return nil
    default:
      return nil
    }
  }

  @inline(__always)
  private mutating func headers(_ id: Int32, endsStream: Bool) -> Violation? {
    switch history.state(of: id) {
    case .open, .idle: break
    case .forgotten: return nil
    case .ended: return .headersAfterEnd(id)
    case .skipped:
      // A server answers in whichever order it likes; a client counts upwards.
      if peerOpensStreams { return .headersDownwards(id, highest: history.highest) }
    }
    history.use(id)
    if endsStream { history.end(id) }
    return nil
  }

  @inline(__always)
  private mutating func data(_ id: Int32, endsStream: Bool) -> Violation? {
    switch history.state(of: id) {
    case .open: if endsStream { history.end(id) }
    case .ended: return .dataAfterEnd(id)
    case .skipped where peerOpensStreams: return .dataOnSkipped(id)
    case .idle, .skipped, .forgotten: break
    }
    return nil
  }

  private mutating func reset(_ id: Int32) {
    switch history.state(of: id) {
    case .open: history.end(id)
    // A server may reset what it has not answered. The library refuses what we have not opened.
    case .idle, .skipped:
      guard !peerOpensStreams else { return }
      history.use(id)
      history.end(id)
    case .ended, .forgotten: break
    }
  }

  /// Gathers the stream that a PRIORITY frame's stream depends on, byte by byte.
  private mutating func readDependency(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int
  ) -> Violation? {
    var offset = offset
    while dependencyBytesLeft > 0, offset < bytes.count {
      dependency = dependency << 8 | UInt32(bytes[offset])
      offset += 1
      dependencyBytesLeft -= 1
      if dependencyBytesLeft == 0, Int32(dependency & 0x7fff_ffff) == prioritizedID {
        return .priorityOnItself(prioritizedID)
      }
    }
    return nil
  }
}

extension InboundRules.Violation: CustomStringConvertible {
  var code: HTTP2ErrorCode {
    switch self {
    case .headersAfterEnd, .dataAfterEnd, .dataOnSkipped: .streamClosed
    case .headersDownwards, .priorityOnStream0, .priorityOnItself: .protocolError
    }
  }

  /// What was expected and what came.
  var description: String {
    switch self {
    case .headersAfterEnd(let id): "HEADERS on stream \(id), which the peer had ended"
    case .headersDownwards(let id, let highest):
      "HEADERS on stream \(id): expected a number above \(highest)"
    case .dataAfterEnd(let id): "DATA on stream \(id), which the peer had ended"
    case .dataOnSkipped(let id): "DATA on stream \(id), which was skipped"
    case .priorityOnStream0: "PRIORITY on stream 0: expected a stream"
    case .priorityOnItself(let id): "PRIORITY: stream \(id) depends on itself"
    }
  }
}
