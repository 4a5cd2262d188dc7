internal import EventLoop
internal import RPCWire

// Sendable by hand: constants, and state that only the loop touches.

/// Finds a connection for each call of a client: one at a time, made when it is needed.
final class ClientChannel: ClientConnectionDelegate, @unchecked Sendable {
  let loop: EventLoop
  let configuration: ClientConfiguration
  let scheme: StaticString
  let authority: String
  private let target: Endpoint
  private let tls: TLSContext?
  private let connector: (@Sendable () throws -> Int32)?

  // The loop's:
  private var connection: ClientConnection?
  private var isClosed = false
  /// Why the last connection ended, for the calls that it took along.
  private(set) var closeReason = ""

  init(
    loop: EventLoop, target: Endpoint, tls: TLSContext?, authority: String,
    configuration: ClientConfiguration, connector: (@Sendable () throws -> Int32)?
  ) {
    self.loop = loop
    self.target = target
    self.tls = tls
    self.authority = authority
    self.configuration = configuration
    self.connector = connector
    scheme = tls == nil ? "http" : "https"
  }

  /// Starts a call on the current connection, or on a new one.
  func start(_ headers: HeaderList, _ delegate: any ClientCallDelegate) throws -> ClientCall {
    if isClosed { throw RPCError(code: .unavailable, message: "the client is closed") }
    if let call = connection?.startCall(headers, delegate: delegate) { return call }
    let connection = ClientConnection(loop: loop, configuration: configuration, delegate: self)
    self.connection = connection
    connection.start(target, tls, connector: connector)
    guard let call = connection.startCall(headers, delegate: delegate) else {
      throw RPCError(code: .unavailable, message: "cannot connect to \(target)")
    }
    return call
  }

  func close() {
    isClosed = true
    connection?.close()
  }

  func connectionReady(_ connection: ClientConnection) {}

  func connectionGoingAway(_ connection: ClientConnection) {
    if self.connection === connection { self.connection = nil }
  }

  func connectionClosed(_ connection: ClientConnection, reason: String) {
    if self.connection === connection { self.connection = nil }
  }

  func connectionWillClose(_ connection: ClientConnection, reason: String) {
    closeReason = reason
  }
}
