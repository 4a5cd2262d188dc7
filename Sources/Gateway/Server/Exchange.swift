internal import RPC
internal import Telemetry

/// One request on its way through the phases: the client's call on one side, the service's on the
/// other. Used again for later requests once both are closed.
final class Exchange: ServerCallDelegate {
  enum Phase {
    /// Waits for the auth service; what the client sends is kept.
    case authenticating
    /// Forwards what is authorised.
    case open
    /// Answered by the gateway itself.
    case local
    /// The answer is complete; what the client still sends is dropped.
    case finished
  }

  /// Owns all exchanges of its loop, and lets go of them when it closes: a constant reference is
  /// used without counting.
  let gateway: LoopGateway
  let leg = UpstreamLeg()
  var activeIndex = 0

  // What came with the headers.
  private(set) var call: ServerCall!
  var phase = Phase.finished
  private(set) var methodIndex = 0
  var route: Route?
  private var unknownPath: [UInt8] = []
  private(set) var requestID = RequestID(number: 0)
  var startedAt = MonotonicTime(nanoseconds: 0)
  var deadline = MonotonicTime.distantFuture
  /// What goes to the service: the client's fields, then the gateway's.
  var requestHeaders = HeaderList()
  /// Where the client's end.
  var clientFields = HeaderList().mark
  var compression: Compression?
  var hasKey = false

  // Authentication and admission.
  var decision: Decision?
  /// Whose certificate the connection showed, when the gateway asks for certificates.
  private(set) var clientIdentity: PeerIdentity?
  private var isWaiting = false
  var use = CallUse()
  /// What a bucket said, in place of the refusal's own advice.
  var retryAfterSeconds = 0
  var requestPace = TransferPace()
  var responsePace = TransferPace()

  // The request's body.
  var inspector = RequestInspector()
  /// Bytes from the client that are held: those not sent yet, and, while a retry is possible,
  /// all since the start.
  var body: [UInt8] = []
  var keepsBody = false
  /// Of `body`: what may be sent, and what was.
  var clearedCount = 0
  var sentCount = 0
  /// Received and not yet given back to the client's window.
  var uncredited = 0
  var clientEnded = false
  /// The inspector has seen bytes of this request.
  var wasInspected = false
  var localMessage = MessageDeframer(limit: 0)

  // The response.
  var hasHeaders = false
  var isResponseComplete = false
  var status = StatusCode.unknown
  /// Of the answer's head: 200 unless a translator says something else.
  var httpStatus = 200
  var owedToService = 0
  var attempts = 0
  var healthReported: Bool?
  /// The service a health watcher asked about.
  var watched: String?

  // For the record.
  private(set) var byteCountIn = 0
  /// What a translator holds of the request, or of the answer.
  var translatedByteCount = 0
  /// A translator has the whole request: it is not the client who is slow.
  var isTranslating = false
  var byteCountOut = 0
  private var isRecorded = true
  private var isClientGone = false

  init(_ gateway: LoopGateway) {
    self.gateway = gateway
    leg.attach(self)
  }

  var isStreaming: Bool { route?.isStreaming ?? false }
  var clientIsGone: Bool { isClientGone }

  // MARK: Headers

  func begin(_ call: ServerCall, _ head: borrowing RequestHead, _ headers: HeaderBlock) {
    reset(call)
    if let timeout = head.timeout {
      let (sum, overflow) = startedAt.nanoseconds.addingReportingOverflow(timeout)
      deadline = overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
    }
    compression = head.compression
    if gateway.asksForCertificates { clientIdentity = call.peer }
    if let index = gateway.routes.find(head.path) {
      methodIndex = index
      route = gateway.routes.routes[index]
    } else {
      unknownPath.append(contentsOf: head.path.prefix(256))
    }
    guard gateway.hasRoomForCalls else { return refuse(.gatewayCalls) }
    if call.headersWereTooLarge { return refuse(.metadataTooLarge) }
    if head.isMalformed {
      return refuse(.malformedRequest, "grpc-timeout: expected one, at most 8 digits and a unit")
    }
    if let route, route.authorisation != .none, case .unknown = head.encoding {
      return refuseEncoding()
    }
    prepareForwarding(headers)
    authenticate(head.credential)
  }

  private func reset(_ call: ServerCall) {
    self.call = call
    phase = .authenticating
    methodIndex = gateway.routes.routes.count
    route = nil
    unknownPath.removeAll(keepingCapacity: true)
    requestID = gateway.requestIDs.next()
    // The turn's time is when the request's bytes were there: no clock is read for it.
    startedAt = gateway.loop.now
    deadline = .distantFuture
    hasKey = false
    decision = nil
    isWaiting = false
    use = CallUse(ConnectionUse.of(call))
    retryAfterSeconds = 0
    requestPace = TransferPace()
    responsePace = TransferPace()
    body.removeAll(keepingCapacity: true)
    keepsBody = false
    clearedCount = 0
    sentCount = 0
    uncredited = 0
    clientEnded = false
    hasHeaders = false
    isResponseComplete = false
    status = .unknown
    httpStatus = 200
    translatedByteCount = 0
    isTranslating = false
    owedToService = 0
    attempts = 0
    healthReported = nil
    watched = nil
    wasInspected = false
    byteCountIn = 0
    byteCountOut = 0
    isRecorded = false
    isClientGone = false
    leg.forget()
  }

  private func prepareForwarding(_ headers: HeaderBlock) {
    guard let route, let pool = gateway.pool(of: route.destination) else { return }
    ForwardedHeaders.request(headers, route: route, scheme: pool.scheme, into: &requestHeaders)
    clientFields = requestHeaders.mark
  }

  // MARK: Authenticate

  private func authenticate(_ credential: Credential) {
    switch credential {
    case .none:
      // The one open method; what it may answer without a key is decided with its message.
      if route?.destination == .local(.healthCheck) { return beginLocal() }
      refuse(.noKey)
    case .several: refuse(.severalKeys)
    case .malformed: refuse(.malformedKey)
    case .key(let key):
      hasKey = true
      let digest = KeyDigest(key)
      let answer = gateway.auth.authenticator.authenticate(
        digest, now: gateway.loop.now, wallMilliseconds: gateway.loop.wallMilliseconds(),
        mayAsk: { !hasShownBadKeys() }, waiter: { self })
      guard case .wait(let startCheck) = answer else {
        gateway.state.metrics.cacheHits.add(shard: gateway.shard)
        return proceed(answer)
      }
      gateway.state.metrics.cacheMisses.add(shard: gateway.shard)
      isWaiting = true
      if startCheck { gateway.auth.startCheck(digest, key: key) }
    }
  }

  /// The auth service has answered, or will not.
  func authenticated(_ answer: Authenticator<Exchange>.Answer) {
    isWaiting = false
    if isClientGone || phase == .finished { return releaseIfDone() }
    proceed(answer)
    if !body.isEmpty || clientEnded { takeHeld() }
    (call.stream.backend as? TranslatedCall)?.admitted()
  }

  private func takeHeld() {
    let held = body
    body.removeAll(keepingCapacity: true)
    switch phase {
    case .open:
      uncredited = 0
      held.withUnsafeBytes { take($0) }
      if clientEnded, phase == .open { endRequest() }
    case .local:
      call.consume(uncredited)
      uncredited = 0
      held.withUnsafeBytes { takeLocal($0) }
      if clientEnded, phase == .local { endLocal() }
    case .authenticating, .finished: break
    }
  }

  // MARK: Admit and route

  private func proceed(_ answer: Authenticator<Exchange>.Answer) {
    switch answer {
    case .wait: break
    case .refused(let refusal): refuse(refusal)
    case .allowed(let decision):
      self.decision = decision
      if let refusal = admit(decision) { return refuse(refusal) }
      guard let route else { return }
      if case .local = route.destination { return beginLocal() }
      phase = .open
      keepsBody = !route.isStreaming
      inspector.begin(
        route.authorisation, findsSequence: route.hasSequences, compression: compression,
        messageByteCountMax: decision.quota.messageByteCountMax,
        peekByteCountMax: gateway.limits.peekByteCountMax)
    }
  }

  // MARK: The client's call

  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    byteCountIn += bytes.count
    receive(bytes)
  }

  /// Takes bytes of the gRPC request; a translator has counted those it was made of.
  @inline(__always)
  func receive(_ bytes: UnsafeRawBufferPointer) {
    switch phase {
    case .authenticating:
      body.append(contentsOf: bytes)
      uncredited += bytes.count
      countBytes()
    case .open:
      take(bytes)
      countBytes()
    case .local:
      call.consume(bytes.count)
      takeLocal(bytes)
    case .finished: call.consume(bytes.count)
    }
  }

  /// A translator has received bytes from the client, and now holds so many.
  func translated(_ byteCount: Int, held: Int) {
    byteCountIn += byteCount
    translatedByteCount = held
    countBytes()
  }

  func callReceivedEnd(_ call: ServerCall) {
    clientEnded = true
    switch phase {
    case .open: endRequest()
    case .local: endLocal()
    case .authenticating, .finished: break
    }
  }

  func callCanSend(_ call: ServerCall) {
    countBytes()
    guard owedToService > 0 else { return }
    leg.call?.consume(owedToService)
    owedToService = 0
  }

  func callClosed(_ call: ServerCall, reason: CallCloseReason) {
    isClientGone = true
    if !isResponseComplete { status = .cancelled }
    phase = .finished
    leg.reset()
    record()
    releaseIfDone()
  }

  func releaseIfDone() {
    guard isClientGone, !leg.isOpen, !isWaiting else { return }
    gateway.release(self)
  }

  // MARK: Refuse

  func refuse(_ refusal: Refusal, _ detail: StaticString = "") {
    guard !isResponseComplete else { return }
    gateway.state.metrics.reject(refusal, shard: gateway.shard)
    var metadata = Metadata()
    if let seconds = refusal.retryAfterSeconds {
      metadata.add("retry-after", "\(max(seconds, retryAfterSeconds))")
    }
    let message =
      detail.utf8CodeUnitCount == 0 ? refusal.message : "\(refusal.message): \(detail)"
    answer(refusal.code, message, metadata)
    if decision == nil { strangerWasRefused(refusal) }
  }

  /// gRPC asks that this refusal says what would be accepted.
  private func refuseEncoding() {
    let refusal = Refusal.unknownEncoding
    gateway.state.metrics.reject(refusal, shard: gateway.shard)
    status = refusal.code
    complete()
    var headers = HeaderList()
    headers.append(":status", "200" as StaticString)
    headers.append("content-type", "application/grpc" as StaticString)
    headers.append("grpc-status", "\(refusal.code.rawValue)")
    headers.append("grpc-message", PercentEncoding.encode(refusal.message))
    headers.append("grpc-accept-encoding", "identity,deflate,gzip" as StaticString)
    call.sendHeaders(headers, endOfStream: true)
  }

  /// Ends the response with a status of the gateway's own.
  func answer(_ code: StatusCode, _ message: String, _ metadata: Metadata = Metadata()) {
    guard !isResponseComplete else { return }
    status = code
    complete()
    call.sendStatus(code, message, metadata: metadata)
    leg.reset()
    if uncredited > 0 { call.consume(uncredited) }
    uncredited = 0
    body.removeAll(keepingCapacity: true)
  }

  /// The response is complete; only the client's side may still be open.
  func complete() {
    isResponseComplete = true
    phase = .finished
  }

  /// Exchanges are many and kept: what large bodies needed must not stay with all of them.
  func releaseMemory() {
    if body.capacity > 16 << 10 { body = [] }
    inspector.releaseMemory()
  }

  // MARK: Sweep

  func sweep(_ now: MonotonicTime, wallMilliseconds: Int64) {
    if isClientGone { return }
    if let slow = checkPace(now) { return cutOff(slow) }
    // What is left is to send the answer; the session stops a client that goes on sending after it,
    // and the transport ends a connection that takes nothing.
    if phase == .finished { return }
    if now >= deadline { return refuse(.deadlineExceeded) }
    if let decision, isStreaming {
      if decision.isInvalidated { return refuse(.keyChanged) }
      if decision.isExpired(wallMilliseconds) { return refuse(.expiredKey) }
    }
    if phase == .local { reportHealth() }
  }

  // MARK: Record

  private func record() {
    guard !isRecorded else { return }
    isRecorded = true
    use.leave(total: gateway.state.heldBytes)
    let duration = gateway.loop.now.nanoseconds - startedAt.nanoseconds
    let shard = gateway.shard
    gateway.methodMetrics.record(methodIndex, status, nanoseconds: duration, shard: shard)
    gateway.state.metrics.bytesReceived.add(byteCountIn, shard: shard)
    gateway.state.metrics.bytesSent.add(byteCountOut, shard: shard)
    writeLine(duration)
  }

  var recordedPath: [UInt8] { unknownPath }
}
