internal import EventLoop
internal import RPCWire
internal import Synchronization

// Sendable by hand: see GRPCCall; what is added here is the loop's, or locked.

/// One gRPC call of a client: sends requests, cuts responses out of the body, reads the status.
final class GRPCClientCall: GRPCCall, ClientCallDelegate, @unchecked Sendable {
  struct Received: Sendable {
    var initial = Metadata()
    var trailing = Metadata()
  }

  let received = Mutex(Received())
  private let channel: ClientChannel
  private var deframer: MessageDeframer
  private var timer = TimerHandle.none
  private var status: RPCError?
  private var hasStatus = false
  /// The status came in the first header block. It counts if nothing follows.
  private var isTrailersOnly = false

  init(channel: ClientChannel, path: String, metadata: Metadata, deadline: MonotonicTime?) {
    self.channel = channel
    deframer = MessageDeframer(limit: channel.configuration.messageByteCountMax)
    super.init(
      loop: channel.loop, path: path, metadata: metadata, peer: nil, deadline: deadline)
    sendCompression = channel.configuration.compression
  }

  /// Sends the headers, and the only request of a call that has one. On the loop.
  func start(onlyRequest: OutboundMessage?) {
    guard !isFinished else { return }
    if let deadline {
      // Not only the loop's time of this turn: a deadline of microseconds is over at once.
      guard deadline > loop.readClock() else { return expire() }
      timer = loop.schedule(at: deadline) { [weak self] in self?.expire() }
    }
    do {
      let call = try channel.start(makeHeaders(), self)
      stream = call.stream
      if let onlyRequest {
        call.sendData(onlyRequest.frame(sendCompression))
        call.sendEnd()
      }
    } catch {
      finish(error as? RPCError ?? RPCError(code: .unavailable, message: "\(error)"))
    }
  }

  private func makeHeaders() -> HeaderList {
    var headers = HeaderList()
    headers.append(":method", "POST" as StaticString)
    headers.append(":scheme", channel.scheme)
    headers.append(":path", path)
    headers.append(":authority", channel.authority)
    headers.append("content-type", "application/grpc" as StaticString)
    headers.append("te", "trailers" as StaticString)
    headers.append("user-agent", "martlet" as StaticString)
    headers.append("grpc-accept-encoding", "identity,deflate,gzip" as StaticString)
    if let sendCompression { headers.append("grpc-encoding", sendCompression.rawValue) }
    if let deadline {
      let remaining = (deadline - loop.readClock()).nanosecondsClamped
      headers.append("grpc-timeout", GRPCTimeout.format(nanoseconds: UInt64(max(0, remaining))))
    }
    headers.appendMetadata(metadata)
    return headers
  }

  /// Says that no more requests follow. On the loop.
  func endRequests() {
    stream?.sendEnd()
  }

  /// Gives the call up. From any thread.
  func cancel() {
    loop.execute { [self] in
      guard !isFinished else { return }
      stream?.reset(.cancel)
      finish(RPCError(code: .cancelled, message: "the call was cancelled"))
    }
  }

  private func expire() {
    stream?.reset(.cancel)
    finish(RPCError(code: .deadlineExceeded, message: "the deadline has passed"))
  }

  override func sendFailure() -> RPCError {
    status ?? RPCError(code: .cancelled, message: "the call has ended")
  }

  // MARK: The stream's events

  func call(_ call: ClientCall, receivedHeaders headers: HeaderBlock) {
    guard !isFinished else { return }
    if headers.first("grpc-status") != nil {
      isTrailersOnly = true
      return readStatus(headers)
    }
    let http = headers.string(":status") ?? ""
    guard http == "200" else {
      return abort(RPCError(code: .init(httpStatus: http), message: "HTTP status \(http)"))
    }
    guard let type = headers.first("content-type"), GRPCContentType.matches(type) else {
      return abort(
        RPCError(code: .unknown, message: "content-type: expected application/grpc, got another"))
    }
    if let encoding = headers.string("grpc-encoding"), encoding != "identity" {
      guard let compression = Compression(rawValue: encoding) else {
        return abort(
          RPCError(
            code: .internalError,
            message: "grpc-encoding: expected gzip or deflate, got '\(encoding)'"))
      }
      deframer = MessageDeframer(
        limit: channel.configuration.messageByteCountMax, compression: compression)
    }
    received.withLock { $0.initial = Metadata(copying: headers) }
  }

  func call(_ call: ClientCall, receivedData bytes: UnsafeRawBufferPointer) {
    guard !isFinished else { return call.consume(bytes.count) }
    if isTrailersOnly {
      isTrailersOnly = false
      hasStatus = false
      status = nil
    }
    do throws(FramingError) {
      try deframer.receive(bytes) {
        inbound.append(ReceivedMessage(bytes: $0, wasCompressed: $1))
      }
      call.consume(inbound.received(bytes.count))
    } catch {
      abort(RPCError(code: error.code, message: error.message))
    }
  }

  func call(_ call: ClientCall, receivedTrailers trailers: HeaderBlock) {
    if !isFinished { readStatus(trailers) }
  }

  func callReceivedEnd(_ call: ClientCall) {
    guard !isFinished else { return }
    guard hasStatus else {
      return abort(
        RPCError(code: .internalError, message: "the server ended the call without a status"))
    }
    do throws(FramingError) {
      try deframer.finish()
      finish(status)
    } catch {
      finish(status ?? RPCError(code: error.code, message: error.message))
    }
  }

  func callCanSend(_ call: ClientCall) {
    resumeSenders()
  }

  func callClosed(_ call: ClientCall, reason: CallCloseReason) {
    guard !isFinished else { return }
    if hasStatus { return finish(status) }
    switch reason {
    case .completed:
      finish(RPCError(code: .internalError, message: "the call ended without a status"))
    case .reset(let code):
      finish(
        RPCError(
          code: .init(resetCode: code), message: "the server reset the call (\(code.rawValue))"))
    case .connectionLost:
      finish(RPCError(code: .unavailable, message: channel.closeReason))
    }
  }

  private func readStatus(_ block: HeaderBlock) {
    let metadata = Metadata(copying: block)
    let number = block.string("grpc-status").flatMap { UInt32($0) }
    let code = number.flatMap { StatusCode(rawValue: $0) } ?? .unknown
    hasStatus = true
    status = nil
    received.withLock { $0.trailing = metadata }
    guard code != .ok else { return }
    let message = block.first("grpc-message").map { PercentEncoding.decode($0) } ?? ""
    status = RPCError(code: code, message: message, metadata: metadata)
  }

  // MARK: Ending

  private func abort(_ error: RPCError) {
    stream?.reset(.cancel)
    finish(error)
  }

  private func finish(_ error: RPCError?) {
    guard !isFinished else { return }
    isFinished = true
    var error = error
    error?.initialMetadata = received.withLock { $0.initial }
    status = error
    loop.cancel(timer)
    isCancelled.store(true, ordering: .relaxed)
    inbound.finish(error.map { .failure($0) } ?? .success(()))
    failSenders()
  }
}

extension StatusCode {
  /// What an HTTP status means for a gRPC call (gRPC's "HTTP to gRPC status code mapping").
  init(httpStatus: String) {
    switch httpStatus {
    case "400": self = .internalError
    case "401": self = .unauthenticated
    case "403": self = .permissionDenied
    case "404": self = .unimplemented
    case "429", "502", "503", "504": self = .unavailable
    default: self = .unknown
    }
  }

  /// What a reset means for a gRPC call (gRPC over HTTP/2, "Errors").
  init(resetCode: HTTP2ErrorCode) {
    switch resetCode {
    case .refusedStream: self = .unavailable
    case .cancel: self = .cancelled
    case .enhanceYourCalm: self = .resourceExhausted
    default: self = .internalError
    }
  }
}

/// Cancels a client's call when nobody can use it any more.
final class ClientCallHolder: CallHolder, @unchecked Sendable {
  // Sendable by hand: adds nothing but the deinit.
  private let clientCall: GRPCClientCall

  init(_ call: GRPCClientCall) {
    clientCall = call
    super.init(call)
  }

  override var received: GRPCClientCall.Received { clientCall.received.withLock { $0 } }

  override func cancel() {
    clientCall.cancel()
  }

  deinit {
    clientCall.cancel()
  }
}
