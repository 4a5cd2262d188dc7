internal import EventLoop
internal import Protocols
internal import RPCWire
internal import Synchronization

// Sendable by hand: see GRPCCall; what is added here is the loop's.

/// One gRPC call of a server: cuts requests out of the body, runs the handler, sends responses
/// and the status.
final class GRPCServerCall: GRPCCall, ServerCallDelegate, @unchecked Sendable {
  private let tasks: HandlerTasks
  /// Lives as long as the loop's part of the server, whose streams alone call it.
  private let pool: Unmanaged<CallPool>
  @exclusivity(unchecked) private var route: Route
  // One thread, short accesses: see HTTP2Session.
  @exclusivity(unchecked) private var deframer: MessageDeframer
  @exclusivity(unchecked) private var request: [UInt8]?
  @exclusivity(unchecked) private var task: Task<Void, Never>?
  private var timer = TimerHandle.none

  /// A call that ``begin(_:_:_:peer:deadline:messageByteCountMax:sendCompression:)`` makes one of a
  /// stream.
  init(loop: EventLoop, tasks: HandlerTasks, pool: CallPool, route: Route) {
    self.tasks = tasks
    self.pool = Unmanaged.passUnretained(pool)
    self.route = route
    deframer = MessageDeframer(limit: 0)
    super.init(loop: loop, path: route.path, metadata: Metadata(), peer: nil, deadline: nil)
  }

  /// Whether the call was one of this route.
  @inline(__always)
  func isOf(_ route: Unmanaged<Route>) -> Bool {
    Unmanaged.passUnretained(self.route).toOpaque() == route.toOpaque()
  }

  /// Becomes the call of a stream: sets the deadline's timer and starts a streaming handler.
  func begin(
    _ route: Unmanaged<Route>, _ stream: HTTP2StreamReference, _ headers: HeaderBlock,
    peer: PeerIdentity?, deadline: MonotonicTime?, messageByteCountMax: Int,
    receiveCompression: Compression?, sendCompression: Compression?
  ) {
    let isOther = !isOf(route)
    if isOther { self.route = route.takeUnretainedValue() }
    super.begin(
      path: isOther ? self.route.path : nil, metadata: headers, peer: peer, deadline: deadline)
    deframer.reset(limit: messageByteCountMax, compression: receiveCompression)
    self.stream = stream
    self.sendCompression = sendCompression
    isFinished = false
    if let deadline {
      // Not weakly: an object with weak references counts all its references the slow way. The
      // timer goes with the call's end, and a stream's end is always reported.
      timer = loop.schedule(at: deadline) { [self] in
        fail(RPCError(code: .deadlineExceeded, message: "the deadline has passed"))
      }
    }
    if case .streaming(let handler) = self.route.handler {
      task = Task(executorPreference: loop) { [self] in
        do {
          try await handler(CallHolder(self), CallContext(state: self))
          onLoop { $0.succeed(nil) }
        } catch {
          onLoop { $0.fail(RPCError(describing: error)) }
        }
      }
    }
  }

  // A task that prefers the loop resumes there, but a handler may end on an actor's thread.
  private func onLoop(_ body: @escaping @Sendable (GRPCServerCall) -> Void) {
    if loop.isCurrent { body(self) } else { loop.execute { body(self) } }
  }

  // MARK: The stream's events

  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    guard !isFinished else { return call.consume(bytes.count) }
    do throws(FramingError) {
      if case .streaming = route.handler {
        try deframer.receive(bytes) {
          inbound.append(ReceivedMessage(bytes: $0, wasCompressed: $1))
        }
        call.consume(inbound.received(bytes.count))
      } else {
        var excess = false
        try deframer.receive(bytes) { message, wasCompressed in
          if request == nil { request = message } else { excess = true }
          if wasCompressed { messageWasCompressed.store(true, ordering: .relaxed) }
        }
        call.consume(bytes.count)
        if excess {
          throw FramingError(
            code: .unimplemented, message: "a unary call needs one request, got more")
        }
      }
    } catch {
      if error.code == .resourceExhausted { call.exceeded(.messageBytes) }
      fail(RPCError(code: error.code, message: error.message))
    }
  }

  func callReceivedEnd(_ call: ServerCall) {
    guard !isFinished else { return }
    do throws(FramingError) {
      // The call to `finish` would copy the deframer with its references.
      if !deframer.isAtBoundary { try deframer.finish() }
      switch route.handler {
      case .streaming: inbound.finish(.success(()))
      case .onLoop(let handler): runOnLoop(handler, try takeRequest())
      case .unary, .unaryBytes:
        guard request != nil else { throw Self.noRequest }
        task = tasks.run(self)
      }
    } catch {
      fail(RPCError(code: error.code, message: error.message))
    }
  }

  private static let noRequest = FramingError(
    code: .unimplemented, message: "a unary call needs one request, got none")

  private func takeRequest() throws(FramingError) -> [UInt8] {
    guard let request else { throw Self.noRequest }
    self.request = nil
    return request
  }

  func callCanSend(_ call: ServerCall) {
    resumeSenders()
  }

  /// Of the client's messages: bytes of the request, whole or not.
  var heldByteCount: Int { deframer.heldByteCount + (request?.count ?? 0) }

  func callClosed(_ call: ServerCall, reason: CallCloseReason) {
    end()
    // What is left of a request would lie in the pool until the next call.
    request = nil
    deframer.reset(limit: 0, compression: nil)
    stream = nil
    // Queues and senders of a streaming handler are not made for a second life.
    if case .streaming = route.handler { return }
    pool._withUnsafeGuaranteedRef { $0.giveBack(self) }
  }

  // MARK: Handlers

  private func runOnLoop(_ handler: Route.OnLoop, _ request: [UInt8]) {
    do {
      succeed(try handler(request, CallContext(state: self)))
    } catch {
      fail(RPCError(describing: error))
    }
  }

  /// Runs the handler of a unary call; in a task of ``HandlerTasks``.
  func performUnary() async {
    guard let request else { return }
    self.request = nil
    do {
      let response: OutboundMessage
      switch route.handler {
      case .unary(let handler):
        response = try await handler(request, CallContext(state: self))
      case .unaryBytes(let handler):
        response = OutboundMessage(try await handler(request, CallContext(state: self)))
      case .onLoop, .streaming: return
      }
      if loop.isCurrent { succeed(response) } else { onLoop { $0.succeed(response) } }
    } catch {
      if loop.isCurrent {
        fail(RPCError(describing: error))
      } else {
        onLoop { $0.fail(RPCError(describing: error)) }
      }
    }
  }

  // MARK: Ending

  override func prepareToSend() {
    guard let stream, !stream.headersWereSent else { return }
    if sendCompression == nil, !hasOutgoing.load(ordering: .acquiring) {
      return stream.sendHeaders(ResponseHeaders.base)
    }
    let outgoing = outgoingNow
    let initial = outgoing.initial
    if let compresses = outgoing.compresses {
      sendCompression = compresses ? sendCompression ?? acceptedCompression : nil
    }
    if initial.isEmpty, sendCompression == nil {
      stream.sendHeaders(ResponseHeaders.base)
    } else {
      var headers = ResponseHeaders.base
      if let sendCompression { headers.append("grpc-encoding", sendCompression.rawValue) }
      headers.appendMetadata(initial)
      stream.sendHeaders(headers)
    }
  }

  /// A compression that the client accepts. Asked for by few handlers, so looked up when it is.
  private var acceptedCompression: Compression? {
    let names = metadata["grpc-accept-encoding"].map { Array($0.utf8) } ?? []
    return names.withUnsafeBytes { names in
      Compression.allCases.first { RequestHead.accepts($0, names) }
    }
  }

  private func succeed(_ response: consuming OutboundMessage?) {
    guard !isFinished, let stream else { return }
    prepareToSend()
    if let response { response.send(on: stream, sendCompression) }
    if hasOutgoing.load(ordering: .acquiring) {
      var trailers = ResponseHeaders.ok
      trailers.appendMetadata(outgoingNow.trailing)
      stream.sendEnd(trailers: trailers)
    } else {
      stream.sendEnd(trailers: ResponseHeaders.ok)
    }
    end(cancelling: false)
  }

  func fail(_ error: RPCError) {
    guard !isFinished, let stream else { return }
    let outgoing = outgoingNow
    var metadata = outgoing.trailing
    metadata.headers.append(contentsOf: error.metadata.headers)
    // A status alone would be shorter, and would lose what the handler wants to say first.
    if !outgoing.initial.isEmpty { prepareToSend() }
    ServerCall(stream).sendStatus(error.code, error.message, metadata: metadata)
    end()
  }

  /// The call is over: whoever waits on it learns so.
  private func end(cancelling: Bool = true) {
    guard !isFinished else { return }
    isFinished = true
    if deadline != nil { loop.cancel(timer) }
    if cancelling {
      isCancelled.store(true, ordering: .relaxed)
      task?.cancel()
    }
    task = nil
    guard case .streaming = route.handler else { return }
    inbound.finish(.failure(RPCError(code: .cancelled, message: "the call has ended")))
    failSenders()
  }
}

extension RPCError {
  /// The status of an error that a handler threw. What is not meant for clients stays here.
  init(describing error: any Error) {
    switch error {
    case let error as RPCError: self = error
    case let error as ProtobufError:
      // What gRPC calls INTERNAL is a message that is none; this one is, and its sender can mend it.
      self.init(
        code: error.code == .textWithNUL ? .invalidArgument : .internalError,
        message: "the request cannot be decoded: \(error.message)")
    case let error as FramingError: self.init(code: error.code, message: error.message)
    case is CancellationError: self.init(code: .cancelled, message: "the call was cancelled")
    default: self.init(code: .unknown, message: "the handler failed: \(type(of: error))")
    }
  }
}
