import EventLoop
import Glibc
import RPC
import RPCWire
import Synchronization
import Testing

/// The callback layer as a proxy uses it: every call goes to an upstream on the same loop.
@Suite(.timeLimit(.minutes(1)))
struct ProxyTests {
  private static func socketPath() -> String {
    "/tmp/martlet-rpc-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
  }

  private static func upstream(_ path: String) throws -> Server {
    let server = Server(configuration: .init(endpoints: [.unix(path: path)]))
    server.unary("/t.T/Echo") { request, _ in request }
    server.bidirectional("/t.T/Chat") { requests, responses, _ in
      for try await request in requests { try await responses.send(request + [1]) }
    }
    server.unary("/t.T/Fail") { (_: [UInt8], _) -> [UInt8] in
      throw RPCError(code: .alreadyExists, message: "upstream says no")
    }
    try server.start()
    return server
  }

  private static func proxy(_ path: String) throws -> Server {
    let server = Server(configuration: .init())
    server.callRouter { loop in Forwarder(loop: loop, target: .unix(path: path)) }
    try server.start()
    return server
  }

  @Test func callsOfAllShapesPassThrough() async throws {
    let path = Self.socketPath()
    let upstream = try Self.upstream(path)
    let proxy = try Self.proxy(path)
    let client = try proxy.makeInProcessClient()
    #expect(try await client.unary("/t.T/Echo", [1, 2]) == [1, 2])

    let large = [UInt8](repeating: 9, count: 3 << 20)
    #expect(try await client.unary("/t.T/Echo", large) == large)

    let error = await #expect(throws: RPCError.self) { try await client.unary("/t.T/Fail", [1]) }
    #expect(error?.code == .alreadyExists)
    #expect(error?.message == "upstream says no")

    let (requests, responses) = try await client.bidirectional("/t.T/Chat")
    for value: UInt8 in 0..<20 {
      try await requests.send([value])
      #expect(try await responses.next() == [value, 1])
    }
    try await requests.finish()
    #expect(try await responses.next() == nil)
    await proxy.shutdown(gracePeriod: .milliseconds(200))
    await upstream.shutdown(gracePeriod: .milliseconds(200))
    unlink(path)
  }

  @Test func callToADeadUpstreamIsUnavailable() async throws {
    let proxy = try Self.proxy(Self.socketPath())
    let client = try proxy.makeInProcessClient()
    let error = await #expect(throws: RPCError.self) { try await client.unary("/t.T/Echo", [1]) }
    #expect(error?.code == .unavailable)
    await proxy.shutdown(gracePeriod: .milliseconds(200))
  }
}

private final class Forwarder: CallRouter, ClientConnectionDelegate {
  private let loop: EventLoop
  private let target: Endpoint
  private var connection: ClientConnection?

  init(loop: EventLoop, target: Endpoint) {
    self.loop = loop
    self.target = target
  }

  func route(_ headers: HeaderBlock, call: ServerCall) -> (any ServerCallDelegate)? {
    if connection == nil {
      connection = loop.makeClientConnection(to: target, tls: nil, delegate: self)
    }
    var forwarded = HeaderList()
    headers.forEach { forwarded.append(name: $0.name, value: $0.value) }
    let response = Downstream(call)
    let request = Upstream(connection?.startCall(forwarded, delegate: response))
    response.request = request
    request.response = response
    return request
  }

  func connectionReady(_ connection: ClientConnection) {}
  func connectionGoingAway(_ connection: ClientConnection) { self.connection = nil }
  func connectionClosed(_ connection: ClientConnection, reason: String) { self.connection = nil }
}

/// The request's way: bytes are given back to the client when they have left for the upstream.
private final class Upstream: ServerCallDelegate {
  let call: ClientCall?
  weak var response: Downstream?
  var heldBack = 0

  init(_ call: ClientCall?) {
    self.call = call
  }

  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    self.call?.sendData(bytes)
    if self.call?.canSend ?? true { call.consume(bytes.count) } else { heldBack += bytes.count }
  }
  func callReceivedEnd(_ call: ServerCall) { self.call?.sendEnd() }
  func callCanSend(_ call: ServerCall) {
    self.call?.consume(response?.heldBack ?? 0)
    response?.heldBack = 0
  }
  func callClosed(_ call: ServerCall, reason: CallCloseReason) { self.call?.reset(.cancel) }
}

/// The response's way, with the same rule.
private final class Downstream: ClientCallDelegate {
  let call: ServerCall
  var request: Upstream?
  var heldBack = 0
  private var isDone = false

  init(_ call: ServerCall) {
    self.call = call
  }

  func call(_ call: ClientCall, receivedHeaders headers: HeaderBlock) {
    isDone = headers.first("grpc-status") != nil
    self.call.sendHeaders(Self.copy(headers), endOfStream: isDone)
  }
  func call(_ call: ClientCall, receivedData bytes: UnsafeRawBufferPointer) {
    self.call.sendData(bytes)
    if self.call.canSend { call.consume(bytes.count) } else { heldBack += bytes.count }
  }
  func call(_ call: ClientCall, receivedTrailers trailers: HeaderBlock) {
    isDone = true
    self.call.sendTrailers(Self.copy(trailers))
  }
  func callReceivedEnd(_ call: ClientCall) {}
  func callCanSend(_ call: ClientCall) {
    self.call.consume(request?.heldBack ?? 0)
    request?.heldBack = 0
  }
  func callClosed(_ call: ClientCall, reason: CallCloseReason) {
    if !isDone { self.call.sendStatus(.unavailable, "no upstream: \(reason)") }
    request = nil
  }

  private static func copy(_ block: HeaderBlock) -> HeaderList {
    var list = HeaderList()
    block.forEach { list.append(name: $0.name, value: $0.value) }
    return list
  }
}
