internal import RPC

/// A request of another protocol that is served as a gRPC call: towards the client the one who
/// answers, towards the exchange what stands behind its call. So authentication, rights, limits,
/// routing and records are those of gRPC; nothing is decided here. The subclass is the protocol.
class TranslatedCall: ServerCallDelegate, StreamBackend {
  /// Outlives its calls.
  unowned(unsafe) let gateway: LoopGateway
  /// The client's stream.
  let client: ServerCall
  /// The call as the exchange sees it.
  private(set) var call: ServerCall?
  private(set) var exchange: Exchange?
  /// The web page's origin, if it may read the answer.
  let origin: String?

  init(_ gateway: LoopGateway, _ client: ServerCall, _ headers: HeaderBlock) {
    self.gateway = gateway
    self.client = client
    origin = gateway.crossOrigin.allowed(headers)
  }

  /// Begins the gRPC call. It may be answered when this returns.
  final func begin(_ headers: HeaderList) {
    let stream = gateway.streams.open(self)
    let exchange = gateway.takeExchange()
    call = ServerCall(stream)
    self.exchange = exchange
    stream.setHandler(exchange)
    headers.withBlock { exchange.begin(ServerCall(stream), RequestHead($0), $0) }
  }

  /// The fields of a gRPC call for a path: the client's, without those that HTTP clients send about
  /// themselves, their bodies and their connections.
  static func headers(
    _ path: UnsafeRawBufferPointer, _ client: HeaderBlock, keepsGRPC: Bool
  ) -> HeaderList {
    var list = HeaderList()
    list.append(":method", "POST" as StaticString)
    list.append(":scheme", "https" as StaticString)
    list.append(":path", path)
    list.append(
      ":authority", client.first(":authority") ?? UnsafeRawBufferPointer(start: nil, count: 0))
    list.append("content-type", "application/grpc" as StaticString)
    client.forEach { field in
      guard !field.isPseudo, keepsGRPC || !field.name.hasPrefix("grpc-"),
        !isAboutHTTP(field)
      else { return }
      list.append(field)
    }
    return list
  }

  private static func isAboutHTTP(_ field: HeaderBlock.Field) -> Bool {
    let name = field.name
    return name.hasPrefix("content-") || name.hasPrefix("accept") || name.hasPrefix("sec-")
      || name.hasPrefix("inference-header-") || name.hasPrefix("access-control-")
      || field.isNamed("expect") || field.isNamed("origin") || field.isNamed("referer")
      || field.isNamed("cache-control") || field.isNamed("pragma") || field.isNamed("dnt")
      || field.isNamed("priority") || field.isNamed("x-grpc-web") || field.isNamed("range")
      || name.hasPrefix("if-") || name.hasPrefix("upgrade-insecure")
  }

  /// The exchange knows whether the caller may go on; not called when it knew at once.
  func admitted() {}

  // MARK: The client's stream

  func call(_ client: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    preconditionFailure("the subclass receives")
  }

  func callReceivedEnd(_ client: ServerCall) {
    preconditionFailure("the subclass receives")
  }

  final func callCanSend(_ client: ServerCall) {
    if let call { exchange?.callCanSend(call) }
  }

  func callClosed(_ client: ServerCall, reason: CallCloseReason) {
    exchange = nil
    if let call { gateway.streams.close(call.stream, reason) }
  }

  // MARK: The exchange's stream

  final var connection: AnyObject? { client.stream.connection }

  func send(_ stream: HTTP2StreamReference, headers: HeaderList, endOfStream: Bool) {
    preconditionFailure("the subclass sends")
  }

  func send(_ stream: HTTP2StreamReference, data: UnsafeRawBufferPointer) {
    preconditionFailure("the subclass sends")
  }

  func sendEnd(_ stream: HTTP2StreamReference, trailers: HeaderList) {
    preconditionFailure("the subclass sends")
  }

  final func sendContinue(_ stream: HTTP2StreamReference) {
    client.sendContinue()
  }

  func reset(_ stream: HTTP2StreamReference, _ code: HTTP2ErrorCode) {
    client.reset(code)
  }

  func consume(_ stream: HTTP2StreamReference, _ byteCount: Int) {
    client.consume(byteCount)
  }

  /// What the client has not taken yet.
  final func outboundByteCount(_ stream: HTTP2StreamReference) -> Int {
    client.outboundByteCount
  }

  final func setLowMark(_ stream: HTTP2StreamReference, _ byteCount: Int) {
    client.lowMark = byteCount
  }
}

/// The status in the fields that end a gRPC response.
struct CallStatus {
  var code = StatusCode.unknown
  var message = ""
  var retryAfter: String?

  init(_ headers: HeaderList) {
    headers.withBlock { block in
      if let text = block.string("grpc-status"), let number = UInt32(text) {
        code = StatusCode(rawValue: number) ?? .unknown
      }
      message = block.first("grpc-message").map { PercentEncoding.decode($0) } ?? ""
      retryAfter = block.string("retry-after")
    }
  }
}
