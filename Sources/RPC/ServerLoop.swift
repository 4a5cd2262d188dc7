internal import EventLoop
internal import RPCWire

/// A server's part on one loop: its connections there, its router, its sweep.
final class ServerLoop {
  let loop: EventLoop
  let configuration: ServerConfiguration
  let routes: RouteTable
  let pool: HTTP2StreamPool
  let tasks: HandlerTasks
  private(set) var router: (any CallRouter)?
  private let tls: TLSContext?
  private let counter: ConnectionCounter
  /// In an order that follows from what happened, so that a simulation can be repeated.
  private var connections: [ServerConnection] = []
  private var whenEmpty: (() -> Void)?
  private var isDraining = false
  private var timer = TimerHandle.none

  init(
    loop: EventLoop, configuration: ServerConfiguration, routes: RouteTable, tls: TLSContext?,
    counter: ConnectionCounter, makeRouter: (@Sendable (EventLoop) -> any CallRouter)?
  ) {
    self.loop = loop
    self.configuration = configuration
    self.routes = routes
    self.tls = tls
    self.counter = counter
    pool = loop.local(HTTP2StreamPool.self) { HTTP2StreamPool() }
    tasks = HandlerTasks(loop: loop)
    router = makeRouter?(loop)
    scheduleSweep()
  }

  /// Takes a connected socket over.
  func adopt(_ descriptor: Int32, isInProcess: Bool = false) {
    guard !isDraining, counter.add(max: configuration.limits.connectionsMax) else {
      return loop.machine.close(descriptor)
    }
    do throws(TLSError) {
      let connection = try ServerConnection(
        owner: self, descriptor: descriptor, tls: isInProcess ? nil : tls)
      connection.index = connections.count
      connections.append(connection)
      connection.transport.start()
    } catch {
      counter.remove()
      loop.machine.close(descriptor)
    }
  }

  func closed(_ connection: ServerConnection) {
    let index = connection.index
    guard index < connections.count, connections[index] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      connections[index] = last
      last.index = index
    }
    counter.remove()
    if connections.isEmpty, let whenEmpty {
      self.whenEmpty = nil
      whenEmpty()
    }
  }

  // One timer for all connections: a second's precision is enough for every timeout here.
  private func scheduleSweep() {
    let limits = configuration.limits
    let shortest = min(
      limits.handshakeTimeout, limits.writeStallTimeout, limits.keepAliveTimeout,
      limits.idleTimeout ?? .seconds(4), limits.keepAliveInterval ?? .seconds(4))
    let interval = min(max(shortest / 4, .milliseconds(5)), .seconds(1))
    // Not weakly: an object with weak references counts all its references the slow way.
    timer = loop.schedule(after: interval) { [self] in
      for connection in connections { connection.check(loop.now) }
      scheduleSweep()
    }
  }

  func announceShutdown() {
    isDraining = true
    for connection in connections { connection.announceShutdown() }
  }

  /// Refuses new calls on all connections and calls back when the last one is closed.
  func drain(_ whenEmpty: @escaping () -> Void) {
    if connections.isEmpty { return whenEmpty() }
    self.whenEmpty = whenEmpty
    for connection in connections { connection.drain() }
  }

  func closeAll() {
    for connection in connections {
      connection.transport.close("the server stopped")
    }
    router = nil
    tasks.stop()
    loop.cancel(timer)
  }
}
