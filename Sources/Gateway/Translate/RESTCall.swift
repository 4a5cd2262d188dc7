internal import Protocols
internal import RPC

/// One request of the Open Inference Protocol's REST interface.
///
/// The gRPC call begins with the request's head, so a caller who may not do it is told before his
/// body is read. The body is held whole, because JSON names nothing at a known place.
final class RESTCall: TranslatedCall {
  private let endpoint: RESTEndpoint
  private let isHead: Bool
  private let headerByteCount: Int?
  /// What the client takes answers in.
  private let compression: Compression?
  private var inflater: StreamingInflater?
  private var body: [UInt8] = []
  /// Received before it was known whose it is: a kilobyte may become a megabyte.
  private var compressed: [UInt8] = []
  /// Received while the exchange does not know the caller yet, and not given back.
  private var owed = 0
  private var isAdmitted = false
  private var clientEnded = false
  private var isAnswered = false
  /// Of the reading or writing that goes on beside the loop.
  private var ticket: Transcoder.Ticket?
  private var form = InferAnswerForm()
  private var deframer: MessageDeframer
  private var message: [UInt8]?
  /// Says more exactly than the gRPC status what is wrong.
  private var status: Int?

  private init(
    _ gateway: LoopGateway, _ client: ServerCall, _ headers: HeaderBlock, _ endpoint: RESTEndpoint,
    isHead: Bool, headerByteCount: Int?, inflater: StreamingInflater?
  ) {
    self.endpoint = endpoint
    self.isHead = isHead
    self.headerByteCount = headerByteCount
    self.inflater = inflater
    compression = AcceptedEncoding.choose(headers.string("accept-encoding"))
    deframer = MessageDeframer(limit: gateway.limits.messageByteCountMax)
    super.init(gateway, client, headers)
  }

  /// Starts serving a request; answers at once what no call is made for.
  static func make(
    _ gateway: LoopGateway, _ client: ServerCall, _ headers: HeaderBlock
  ) -> any ServerCallDelegate {
    func refuse(_ status: Int, _ message: String, _ endpoint: RESTEndpoint? = nil) -> PlainAnswer {
      PlainAnswer(
        RESTAnswer(status: status, message), to: client, headers, gateway.crossOrigin,
        allow: endpoint?.methods)
    }
    if client.headersWereTooLarge { return refuse(431, "the header fields are too large") }
    guard let endpoint = RESTEndpoint(path: headers.path) else {
      return refuse(404, "nothing is served at this path")
    }
    let method = headers.string(":method") ?? ""
    if method == "OPTIONS" {
      return PlainAnswer(options: client, allow: endpoint.methods)
    }
    guard endpoint.isPost ? method == "POST" : method == "GET" || method == "HEAD" else {
      return refuse(405, "expected \(endpoint.methods)", endpoint)
    }
    var headerByteCount: Int?
    if let text = headers.combined("inference-header-content-length") {
      guard let count = Int(text), count >= 0, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
      else { return refuse(400, "inference-header-content-length: expected a number of bytes") }
      // Only an inference has anything behind its JSON.
      if endpoint.operation == .infer { headerByteCount = count }
    }
    var inflater: StreamingInflater?
    // RFC 9110 section 8.4.1: codings are named in either case, and gzip had another name.
    switch headers.combined("content-encoding")?.lowercased() ?? "identity" {
    case "identity", "": break
    case "gzip", "x-gzip": inflater = StreamingInflater(.gzip)
    case "deflate": inflater = StreamingInflater(.deflate)
    default: return refuse(415, "content-encoding: expected gzip or deflate")
    }
    let call = RESTCall(
      gateway, client, headers, endpoint, isHead: method == "HEAD",
      headerByteCount: headerByteCount, inflater: inflater)
    call.start(headers)
    return call
  }

  private func start(_ headers: HeaderBlock) {
    let path = UnsafeRawBufferPointer(
      start: endpoint.method.utf8Start, count: endpoint.method.utf8CodeUnitCount)
    begin(Self.headers(path, headers, keepsGRPC: false))
    if exchange?.phase != .authenticating { admitted() }
  }

  override func admitted() {
    guard !isAnswered, !isAdmitted else { return }
    isAdmitted = true
    client.sendContinue()
    client.consume(owed)
    owed = 0
    if let inflater, !compressed.isEmpty {
      compressed.withUnsafeBytes { inflate($0, inflater) }
      compressed = []
    }
    if body.count > byteCountMax { refuseSize() }
    if clientEnded { deliver() }
  }

  // MARK: The request

  /// Of a body, after decompression: what is held whole must fit what a connection may hold.
  private var byteCountMax: Int {
    let quota = exchange?.decision?.quota.messageByteCountMax ?? 0
    let held = gateway.limits.connectionHeldByteCountMax
    return held == 0 ? quota : min(quota, held)
  }

  override func call(_ client: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    guard !isAnswered else { return client.consume(bytes.count) }
    if isAdmitted { client.consume(bytes.count) } else { owed += bytes.count }
    if let inflater, isAdmitted {
      inflate(bytes, inflater)
    } else if inflater != nil {
      compressed.append(contentsOf: bytes)
    } else {
      _ = append(bytes)
    }
    guard !isAnswered else { return }
    exchange?.translated(bytes.count, held: body.count + compressed.count)
  }

  private func inflate(_ bytes: UnsafeRawBufferPointer, _ inflater: StreamingInflater) {
    guard let exchange else { return }
    if let refusal = exchange.mayInflate() { return exchange.refuse(refusal) }
    var inflatedCount = 0
    let isWhole = inflater.inflate(bytes) {
      inflatedCount += $0.count
      return append($0)
    }
    exchange.payForInflation(kilobytes: (inflatedCount + 1_023) >> 10)
    if !isWhole, !isAnswered {
      fail(RESTError(.invalidArgument, "the body's compression is broken"))
    }
  }

  /// False when the request was refused.
  private func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if isAdmitted, body.count + bytes.count > byteCountMax {
      refuseSize()
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  private func refuseSize() {
    status = 413
    exchange?.refuse(.messageTooLarge)
  }

  override func callReceivedEnd(_ client: ServerCall) {
    clientEnded = true
    if isAdmitted { deliver() }
  }

  /// Hands the request over as a gRPC message.
  private func deliver() {
    if let inflater, !inflater.isAtEnd, !body.isEmpty, !isAnswered {
      fail(RESTError(.invalidArgument, "the body's compression does not end"))
    }
    guard !isAnswered, let exchange else { return }
    let jsonByteCount = min(headerByteCount ?? body.count, body.count)
    guard jsonByteCount <= gateway.limits.jsonByteCountMax else {
      return fail(
        RESTError(
          .resourceExhausted,
          "expected at most \(gateway.limits.jsonByteCountMax) bytes of JSON, got \(jsonByteCount):"
            + " send tensors as binary data"))
    }
    exchange.isTranslating = true
    let (endpoint, headerByteCount, byteCountMax) = (endpoint, headerByteCount, byteCountMax)
    let body = self.body
    self.body = []
    transcode(byteCount: jsonByteCount) { parser in
      Result { () throws(RESTError) in
        try RESTRequest(
          endpoint, body: body, headerByteCount: headerByteCount, parser: parser,
          byteCountMax: byteCountMax)
      }
    } then: {
      self.forward($0)
    }
  }

  private func forward(_ result: Result<RESTRequest, RESTError>) {
    guard !isAnswered, let call, let exchange else { return }
    switch result {
    case .success(let request):
      exchange.translatedByteCount = 0
      form = request.form
      request.frame.withUnsafeBytes { exchange.receive($0) }
      exchange.callReceivedEnd(call)
    case .failure(let error): fail(error)
    }
  }

  private func transcode<Value: Sendable>(
    byteCount: Int, _ body: @escaping @Sendable (JSONParser) -> Value,
    then: @escaping (Value) -> Void
  ) {
    ticket = gateway.transcoder.run(byteCount: byteCount, of: tenant, body, then: then)
  }

  /// What is not read or written yet need not be.
  private func cancelTranscoding() {
    if let ticket { gateway.transcoder.cancel(ticket, of: tenant) }
    ticket = nil
  }

  private var tenant: String { exchange?.decision?.tenant ?? "" }

  override func callClosed(_ client: ServerCall, reason: CallCloseReason) {
    cancelTranscoding()
    super.callClosed(client, reason: reason)
  }

  /// The mistake ends the call as it would in gRPC, and so is recorded.
  private func fail(_ error: RESTError) {
    count(error)
    status = error.httpStatus
    exchange?.answer(error.code, error.message)
  }

  private func count(_ error: RESTError) {
    guard error.code == .resourceExhausted else { return }
    gateway.state.metrics.reject(.jsonTooLarge, shard: gateway.shard)
  }

  // MARK: The answer

  /// The request's bytes were given back when they came.
  override func consume(_ stream: HTTP2StreamReference, _ byteCount: Int) {}

  override func send(_ stream: HTTP2StreamReference, headers: HeaderList, endOfStream: Bool) {
    if endOfStream { finish(CallStatus(headers)) }
  }

  override func send(_ stream: HTTP2StreamReference, data: UnsafeRawBufferPointer) {
    guard !isAnswered else { return }
    exchange?.translatedByteCount += data.count
    do throws(FramingError) {
      try deframer.receive(data) { message = $0 }
    } catch {
      answer(RESTAnswer(error.code, error.message))
    }
  }

  /// The exchange cuts the answer off; the client has nothing of it yet.
  override func reset(_ stream: HTTP2StreamReference, _ code: HTTP2ErrorCode) {
    guard !isAnswered else { return super.reset(stream, code) }
    answer(
      RESTAnswer(exchange?.status ?? .cancelled, "the answer was cut off by a limit"),
      retryAfter: "1")
  }

  override func sendEnd(_ stream: HTTP2StreamReference, trailers: HeaderList) {
    finish(CallStatus(trailers))
  }

  private func finish(_ status: CallStatus) {
    guard !isAnswered else { return }
    guard status.code == .ok else {
      var error = RESTAnswer(status.code, status.message)
      if let known = self.status { error.status = known }
      return answer(error, retryAfter: status.retryAfter)
    }
    guard let message else {
      return answer(RESTAnswer(.internalError, "the service's answer has no message"))
    }
    let (endpoint, form, byteCountMax) = (endpoint, form, gateway.limits.jsonByteCountMax)
    transcode(byteCount: endpoint.operation == .infer ? message.count : 0) { _ in
      Result { () throws(RESTError) in
        try RESTAnswer(message, of: endpoint, form, byteCountMax: byteCountMax)
      }
    } then: {
      self.answer($0)
    }
  }

  private func answer(_ result: Result<RESTAnswer, RESTError>) {
    guard !isAnswered else { return }
    switch result {
    case .success(let answer): self.answer(answer)
    case .failure(let error):
      count(error)
      answer(RESTAnswer(error))
    }
  }

  /// Compression costs more than the answer did: who has none of his budget left does without.
  private func compression(of answer: RESTAnswer) -> Compression? {
    let byteCount = answer.byteCount
    guard let compression, let exchange, answer.status == 200, !isHead,
      AcceptedEncoding.byteCountMin...AcceptedEncoding.byteCountMax ~= byteCount,
      exchange.mayInflate() == nil
    else { return nil }
    exchange.payForInflation(kilobytes: (byteCount * AcceptedEncoding.inflationsPerByte) >> 10)
    return compression
  }

  private func answer(_ answer: RESTAnswer, retryAfter: String? = nil) {
    isAnswered = true
    cancelTranscoding()
    exchange?.httpStatus = answer.status
    exchange?.translatedByteCount = 0
    body = []
    message = nil
    compressed = []
    answer.send(
      to: client, isHead: isHead, origin: origin, retryAfter: retryAfter,
      compression: compression(of: answer))
    // As JSON it may be several times as large as the message was.
    exchange?.countBytes()
  }
}
