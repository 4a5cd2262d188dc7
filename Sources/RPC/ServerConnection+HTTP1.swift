internal import EventLoop
internal import RPCWire

/// The connection of a client that speaks HTTP/1.1.
extension ServerConnection {
  /// Takes the place of the HTTP/2 session that was there in case.
  func beginHTTP1(_ unused: HTTP2Session) {
    unused.close()
    var limits = owner.configuration.limits
    limits.http1.headNanosecondsMax = UInt64(limits.headersTimeout.nanosecondsClamped)
    let session = HTTP1Session(
      limits: limits.http1, shared: limits.http2, pool: owner.pool,
      scheme: transport.tls == nil ? "http" : "https", now: owner.loop.now.nanoseconds,
      delegate: self)
    http1 = session
    transport.replaceSession(session)
  }

  /// What the watch over connections sees of it; the session itself watches over its requests.
  func observe(_ session: HTTP1Session, _ now: MonotonicTime) -> ConnectionWatch.Observation {
    session.check(now: now.nanoseconds)
    return ConnectionWatch.Observation(
      blockedSince: transport.blockedSince, lastReceived: transport.lastReceived,
      hasShakenHands: true, hasAcknowledgedSettings: true, callCount: session.streamCount,
      answersPings: false)
  }
}

extension ServerConnection: HTTP1SessionDelegate {
  func session(
    _ session: HTTP1Session, receivedRequest stream: HTTP2StreamReference, headers: HeaderBlock
  ) {
    let call = ServerCall(stream)
    // Any of them, should there be several: another reader may take the last.
    var isGRPC = false
    headers.forEach { field in
      if field.isNamed("content-type"), GRPCContentType.matches(field.value) { isGRPC = true }
    }
    if isGRPC {
      return call.sendHeaders(Self.needsHTTP2, endOfStream: true)
    }
    if let delegate = owner.router?.route(headers, call: call) {
      return stream.setHandler(delegate)
    }
    call.sendHeaders(Self.needsHTTP2, endOfStream: true)
  }

  /// HTTP/1.1 cannot carry gRPC, and so none of a server's own routes.
  private static let needsHTTP2: HeaderList = {
    var headers = HeaderList()
    headers.append(":status", "505" as StaticString)
    return headers
  }()

  func sessionHasOutput(_ session: HTTP1Session) {
    transport?.scheduleFlush()
  }

  func sessionWantsInput(_ session: HTTP1Session) {
    transport?.resumeReading()
  }

  func sessionStreamClosed(_ session: HTTP1Session) {}

  func session(_ session: HTTP1Session, exceeded limit: HTTP1Limit) {
    // The others are counted with the connection's end.
    if case .headerList = limit { owner.exceeded(HTTP2Limit.headerList) }
  }
}
