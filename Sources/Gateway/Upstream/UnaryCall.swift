internal import RPC

/// One small call that the gateway makes for itself: a Check, a health check. Calls back once.
final class UnaryCall: ClientCallDelegate {
  /// The response message, or the status that came instead of one.
  typealias Completion = (Result<[UInt8], RPCError>) -> Void

  private let loop: EventLoop
  private var completion: Completion?
  private var deframer = MessageDeframer(limit: 1 << 20)
  private var message: [UInt8]?
  private var status: UInt32?
  private var statusMessage = ""
  private var timer = TimerHandle.none

  private init(loop: EventLoop, completion: @escaping Completion) {
    self.loop = loop
    self.completion = completion
  }

  /// Fields of every call of the gateway's own.
  static func headers(_ path: StaticString) -> HeaderList {
    var headers = HeaderList()
    headers.append(":method", "POST" as StaticString)
    headers.append(":scheme", "https" as StaticString)
    headers.append(":path", path)
    headers.append(":authority", "martlet" as StaticString)
    headers.append("te", "trailers" as StaticString)
    headers.append("content-type", "application/grpc" as StaticString)
    return headers
  }

  /// Starts the call where `start` says; an answer that takes longer than `timeout` is
  /// DEADLINE_EXCEEDED.
  static func start(
    _ path: StaticString, _ message: [UInt8], timeout: Duration, on loop: EventLoop,
    start: (HeaderList, any ClientCallDelegate) -> ClientCall?,
    completion: @escaping Completion
  ) {
    let unary = UnaryCall(loop: loop, completion: completion)
    var headers = headers(path)
    let nanoseconds = UInt64(max(0, timeout.nanosecondsClamped))
    headers.append("grpc-timeout", GRPCTimeout.format(nanoseconds: nanoseconds))
    guard let call = start(headers, unary) else {
      return unary.complete(
        .failure(RPCError(code: .unavailable, message: "no instance can take the call")))
    }
    call.sendData(MessageFramer.frame(message))
    call.sendEnd()
    unary.timer = loop.schedule(after: timeout) {
      unary.complete(
        .failure(RPCError(code: .deadlineExceeded, message: "no answer within \(timeout)")))
      call.reset(.cancel)
    }
  }

  private func complete(_ result: Result<[UInt8], RPCError>) {
    guard let completion else { return }
    self.completion = nil
    loop.cancel(timer)
    completion(result)
  }

  private func readStatus(_ headers: HeaderBlock) {
    guard let code = headers.string("grpc-status") else { return }
    status = UInt32(code) ?? StatusCode.unknown.rawValue
    statusMessage = headers.first("grpc-message").map { PercentEncoding.decode($0) } ?? ""
  }

  func call(_ call: ClientCall, receivedHeaders headers: HeaderBlock) {
    readStatus(headers)
  }

  func call(_ call: ClientCall, receivedData bytes: UnsafeRawBufferPointer) {
    do throws(FramingError) {
      try deframer.receive(bytes) { message = $0 }
    } catch {
      complete(.failure(RPCError(code: error.code, message: error.message)))
      call.reset(.cancel)
    }
    call.consume(bytes.count)
  }

  func call(_ call: ClientCall, receivedTrailers trailers: HeaderBlock) {
    readStatus(trailers)
  }

  func callReceivedEnd(_ call: ClientCall) {
    switch (status, message) {
    case (0, .some(let message)): complete(.success(message))
    case (.some(let code), _) where code != 0:
      complete(
        .failure(RPCError(code: StatusCode(rawValue: code) ?? .unknown, message: statusMessage)))
    default:
      complete(.failure(RPCError(code: .internalError, message: "the answer is incomplete")))
    }
  }

  func callCanSend(_ call: ClientCall) {}

  func callClosed(_ call: ClientCall, reason: CallCloseReason) {
    complete(.failure(RPCError(code: .unavailable, message: "the call broke: \(reason)")))
  }
}
