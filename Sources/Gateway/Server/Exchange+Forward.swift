internal import RPC
internal import Telemetry

/// The forward phase: the request's bytes to the service, the response's to the client, each no
/// faster than the other side takes them.
extension Exchange {
  /// Below this many queued bytes the other side counts as keeping up; it is RPC's low mark, at
  /// which `callCanSend` comes.
  private static let queuedByteCountMax = 64 << 10
  /// The same for answers of small messages (decision 153).
  private static let smallQueuedByteCountMax = 1 << 10

  /// Attempts of one call, the first included.
  private static let attemptsMax = 2

  // MARK: Client to service

  /// Takes body bytes from the client.
  func take(_ bytes: UnsafeRawBufferPointer) {
    uncredited += bytes.count
    wasInspected = true
    if compression != nil, let refusal = mayInflate() { return refuse(refusal) }
    let verdict = inspector.inspect(bytes) { authorise($0) }
    if compression != nil { payForInflation() }
    switch verdict {
    case .refuse(let refusal, let detail): refuse(refusal, detail)
    case .forward(let clear): forward(bytes, clear: clear)
    }
  }

  private func authorise(_ model: UnsafeRawBufferPointer) -> Refusal? {
    guard let decision else { return .missingRight }
    if isStreaming, decision.isInvalidated { return .keyChanged }
    return decision.models.matches(model) ? nil : .modelNotAllowed
  }

  private func forward(_ bytes: UnsafeRawBufferPointer, clear: Int) {
    guard clear > 0 else {
      body.append(contentsOf: bytes)
      return
    }
    if !leg.isOpen, !startLeg(excluding: nil) { return refuseNoUpstream() }
    // A message that says that it is too large to be kept is not kept from its beginning.
    if keepsBody, inspector.messageByteCount > gateway.limits.retryByteCountMax { stopKeeping() }
    if keepsBody {
      body.append(contentsOf: bytes)
      clearedCount = body.count - (bytes.count - clear)
      sendCleared()
      if body.count > gateway.limits.retryByteCountMax { stopKeeping() }
    } else {
      if !body.isEmpty { body.withUnsafeBytes { leg.call?.sendData($0) } }
      body.removeAll(keepingCapacity: true)
      leg.call?.sendData(
        UnsafeRawBufferPointer(rebasing: bytes[..<clear]),
        moreFollows: !inspector.isBetweenMessages)
      if clear < bytes.count {
        body.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[clear...]))
      }
    }
    returnCredit()
  }

  private func sendCleared() {
    guard sentCount < clearedCount else { return }
    body.withUnsafeBytes { bytes in
      leg.call?.sendData(
        UnsafeRawBufferPointer(rebasing: bytes[sentCount..<clearedCount]),
        moreFollows: !inspector.isBetweenMessages)
    }
    sentCount = clearedCount
  }

  /// From here on the call cannot be sent again: what was sent is forgotten.
  private func stopKeeping() {
    guard keepsBody else { return }
    keepsBody = false
    if sentCount == body.count {
      body.removeAll(keepingCapacity: true)
    } else {
      body.removeFirst(sentCount)
    }
    sentCount = 0
    clearedCount = 0
  }

  /// Gives the client's window back what has been sent on, once the service keeps up.
  func returnCredit() {
    guard let upstream = leg.call, upstream.outboundByteCount < Self.queuedByteCountMax else {
      return
    }
    let held = body.count - sentCount
    guard uncredited > held else { return }
    call.consume(uncredited - held)
    uncredited = held
  }

  /// The client has ended its side.
  func endRequest() {
    if let refusal = inspector.finish() {
      return refuse(refusal, "the request ends inside a message")
    }
    if !leg.isOpen, !startLeg(excluding: nil) { return refuseNoUpstream() }
    leg.call?.sendEnd()
  }

  private func refuseNoUpstream() {
    refuse(.noUpstream, sequence == nil ? "" : "the instance of the request's sequence is down")
  }

  /// The request's sequence, told apart from those of other tenants and models.
  private var sequence: UInt64? {
    guard let id = inspector.sequence, let decision else { return nil }
    var hash = StableHash()
    hash.combine(decision.tenant.utf8)
    hash.combine(inspector.modelName)
    hash.combine(id)
    return hash.value
  }

  private func startLeg(excluding: Balancer.ID?) -> Bool {
    guard let decision, let route else { return false }
    requestHeaders.removeAll(after: clientFields)
    requestHeaders.append(
      contentsOf: gateway.recentKeys.repeats(decision.keyUsage.number)
        ? decision.identity : decision.rareIdentity)
    requestID.withBytes {
      requestHeaders.append("x-martlet-request-id", $0, indexing: .nameOnly)
    }
    if deadline != .distantFuture {
      let now = gateway.loop.readClock()
      let left = deadline > now ? deadline.nanoseconds - now.nanoseconds : 0
      withUnsafeTemporaryAllocation(byteCount: GRPCTimeout.byteCountMax, alignment: 1) { text in
        let count = GRPCTimeout.write(nanoseconds: left, into: text)
        requestHeaders.append(
          "grpc-timeout", UnsafeRawBufferPointer(rebasing: text[..<count]), indexing: .nameOnly)
      }
    }
    guard let pool = gateway.pool(of: route.destination),
      leg.start(pool, requestHeaders, excluding: excluding, sequence: sequence)
    else { return false }
    attempts += 1
    if attempts == 1 { gateway.retryBudget.earn() }
    return true
  }

  // MARK: Service to client

  func responded(_ headers: HeaderBlock) {
    guard !isResponseComplete, !clientIsGone else { return }
    hasHeaders = true
    stopKeeping()
    let endsHere = ForwardedHeaders.response(headers, into: &gateway.scratch)
    if endsHere {
      readStatus(headers)
      complete()
    }
    call.sendHeaders(gateway.scratch, endOfStream: endsHere)
    countBytes()
  }

  func responded(_ upstream: ClientCall, _ bytes: UnsafeRawBufferPointer) {
    guard !isResponseComplete, !clientIsGone else { return upstream.consume(bytes.count) }
    byteCountOut += bytes.count
    let most = upstream.isWide ? Self.queuedByteCountMax : Self.smallQueuedByteCountMax
    if call.lowMark != most { call.lowMark = most }
    call.sendData(bytes, moreFollows: true)  // trailers, which have a frame of their own
    countBytes()
    if call.outboundByteCount < most {
      upstream.consume(bytes.count)
    } else {
      owedToService += bytes.count
    }
  }

  /// The service has ended its side, with or without trailers.
  func responseEnded(_ trailers: HeaderBlock?) {
    guard !isResponseComplete, !clientIsGone else { return }
    guard let trailers else {
      // gRPC responses end in trailers: without them nobody knows whether the call worked.
      return answer(.internalError, "the service ended its response without a status")
    }
    readStatus(trailers)
    _ = ForwardedHeaders.response(trailers, into: &gateway.scratch)
    complete()
    call.sendTrailers(gateway.scratch)
  }

  private func readStatus(_ headers: HeaderBlock) {
    guard let value = headers.first("grpc-status"), value.count <= 2, !value.isEmpty else {
      status = .unknown
      return
    }
    var code: UInt32 = 0
    for byte in value {
      guard byte >= 0x30, byte <= 0x39 else { return }
      code = code * 10 + UInt32(byte - 0x30)
    }
    status = StatusCode(rawValue: code) ?? .unknown
  }

  // MARK: The end of an attempt

  func legClosed(_ reason: CallCloseReason, failed: Balancer.ID?) {
    if isResponseComplete || clientIsGone { return releaseIfDone() }
    if mayRetry(reason), startLeg(excluding: failed) {
      gateway.state.metrics.retries.add(shard: gateway.shard)
      sentCount = 0
      sendCleared()
      if clientEnded { leg.call?.sendEnd() }
      return returnCredit()
    }
    switch reason {
    case .reset(.enhanceYourCalm):
      answer(
        .resourceExhausted, "the service refused the call as one too many", ["retry-after": "1"])
    case .reset(.cancel): answer(.cancelled, "the service cancelled the call")
    case .completed, .reset(.noError), .reset(.protocolError), .reset(.internalError):
      answer(.internalError, "the service broke the call off")
    case .reset, .connectionLost: refuse(.upstreamLost)
    }
  }

  /// Only what cannot have had an effect, or may have it twice, is sent again.
  private func mayRetry(_ reason: CallCloseReason) -> Bool {
    guard keepsBody, !hasHeaders, attempts < Self.attemptsMax, let route,
      gateway.loop.readClock() < deadline
    else { return false }
    switch reason {
    case .reset(.refusedStream): break
    // A request of a sequence may have advanced it.
    case .connectionLost: guard route.isRetrySafe, sequence == nil else { return false }
    case .completed, .reset: return false
    }
    return gateway.retryBudget.spend()
  }
}
