internal import EventLoop
internal import Glibc
internal import TestSupport

/// The way between two processes: how long packets take, and whether they arrive.
final class Link {
  /// How long a packet takes.
  var delayRange = usualDelay
  /// As within a data centre.
  static let usualDelay = Duration.microseconds(30)...Duration.microseconds(400)
  /// The share of packets that TCP has to send again.
  var lossProbability = 0.0
  private var cut: Set<Int> = []

  /// Lets nothing through from one process, without a word to anybody.
  func cut(from process: Process) { cut.insert(process.number) }

  /// Lets everything through again.
  func mend() { cut = [] }

  /// Whether packets from a process are lost.
  func isCut(from process: Process) -> Bool { cut.contains(process.number) }

  func delay(_ random: inout SplitMix64) -> Duration {
    var delay = random.duration(delayRange)
    // The first retransmission comes after 200 ms, each further one after twice as long.
    var timeout = Duration.milliseconds(200)
    while lossProbability > 0, random.chance(lossProbability), timeout < .seconds(4) {
      delay += timeout
      timeout *= 2
    }
    return delay
  }
}

/// The simulated network: links, listening sockets and connections.
final class Network {
  unowned let world: World
  private var links: [Int: Link] = [:]
  private var listeners: [String: SimulatedSocket] = [:]
  /// Clients' ends of connections, in the order they were made; for resets.
  private var connections: [WeakSocket] = []
  private var stalled: [Pipe] = []
  /// What fits between two ends; drawn once for each world.
  var capacity = 64 << 10

  private struct WeakSocket {
    weak var socket: SimulatedSocket?
    let link: Link
  }

  init(world: World) {
    self.world = world
  }

  /// The link between two processes, the same both ways.
  func link(_ left: Process, _ right: Process) -> Link {
    let key = min(left.number, right.number) << 16 | max(left.number, right.number)
    if let link = links[key] { return link }
    let link = Link()
    links[key] = link
    return link
  }

  // MARK: Faults

  /// Breaks the connections of a link, each with a probability; both ends learn of it.
  func resetConnections(of link: Link, probability: Double) {
    for entry in connections where entry.link === link {
      guard let socket = entry.socket, let peer = socket.peer, world.random.chance(probability)
      else { continue }
      world.log("network", "reset \(socket.process.name) - \(peer.process.name)")
      socket.reset()
      peer.reset()
    }
  }

  /// Makes a link whole and sends again what was lost.
  func mend(_ link: Link) {
    link.mend()
    wakeStalled { $0.link === link }
  }

  /// A host answers again: what was on its way to it now meets a stranger.
  func hostIsUp(_ process: Process) {
    wakeStalled { $0.to === process }
  }

  private func wakeStalled(_ isMeant: (Pipe) -> Bool) {
    let woken = stalled.filter(isMeant)
    stalled.removeAll(where: isMeant)
    for pipe in woken { pipe.retransmit() }
  }

  func stall(_ pipe: Pipe) {
    stalled.append(pipe)
  }

  // MARK: Listening and connecting

  func add(_ listener: SimulatedSocket, port: UInt16) -> Bool {
    let key = "\(listener.process.address):\(port)"
    guard listeners[key] == nil else { return false }
    listeners[key] = listener
    return true
  }

  func remove(_ listener: SimulatedSocket, port: UInt16) {
    let key = "\(listener.process.address):\(port)"
    if listeners[key] === listener { listeners[key] = nil }
  }

  func connect(_ client: SimulatedSocket, to address: SocketAddress) {
    guard let target = address.endpoint, case .tcp(let host, _) = target,
      let server = world.processes.first(where: { $0.address == host })
    else { return client.connectFailed(EHOSTUNREACH) }
    sendSYN(client, server, key: target.description, retry: .seconds(1))
  }

  private func sendSYN(
    _ client: SimulatedSocket, _ server: Process, key: String, retry: Duration
  ) {
    let link = link(client.process, server)
    world.schedule(after: link.delay(&world.random)) { [self] in
      guard client.state == .connecting else { return }
      guard !link.isCut(from: client.process), server.hostIsUp else {
        return resendSYN(client, server, key, retry)
      }
      guard listeners[key] != nil else { return sendReset(from: server, to: client) }
      let pipes = [(client.process, server), (server, client.process)].map {
        Pipe(network: self, link: link, from: $0.0, to: $0.1, capacity: capacity)
      }
      let accepted = SimulatedSocket(process: server, kind: .stream)
      accepted.established(with: client, inbound: pipes[0], outbound: pipes[1])
      acknowledge(client, accepted, key, link, pipes)
    }
  }

  private func resendSYN(
    _ client: SimulatedSocket, _ server: Process, _ key: String, _ retry: Duration
  ) {
    world.schedule(after: retry) { [self] in
      guard client.state == .connecting else { return }
      sendSYN(client, server, key: key, retry: retry * 2)
    }
  }

  /// SYN-ACK: the client's end is open.
  private func acknowledge(
    _ client: SimulatedSocket, _ accepted: SimulatedSocket, _ key: String, _ link: Link,
    _ pipes: [Pipe]
  ) {
    world.schedule(after: link.delay(&world.random)) { [self] in
      guard !link.isCut(from: accepted.process), accepted.process.hostIsUp else {
        // Sent again until it arrives.
        world.schedule(after: .milliseconds(500)) { [self] in
          acknowledge(client, accepted, key, link, pipes)
        }
        return
      }
      guard client.state == .connecting else {
        return sendReset(from: client.process, to: accepted)
      }
      client.established(with: accepted, inbound: pipes[1], outbound: pipes[0])
      connections.removeAll { $0.socket == nil }
      connections.append(WeakSocket(socket: client, link: link))
      complete(client.process, accepted, key, link)
    }
  }

  /// The client's ACK: the server's process may accept.
  private func complete(
    _ client: Process, _ accepted: SimulatedSocket, _ key: String, _ link: Link
  ) {
    world.schedule(after: link.delay(&world.random)) { [self] in
      guard accepted.process.hostIsUp, !accepted.isReset else { return }
      guard let listener = listeners[key] else {
        // It was closed meanwhile.
        return accepted.closeByProcess(withReset: true)
      }
      guard !link.isCut(from: client), listener.enqueue(accepted) else {
        return world.schedule(after: .milliseconds(500)) { [self] in
          complete(client, accepted, key, link)
        }
      }
    }
  }

  // MARK: Resets

  func sendReset(from sender: Process, to socket: SimulatedSocket) {
    let link = link(sender, socket.process)
    world.schedule(after: link.delay(&world.random)) {
      // A lost RST is not sent again.
      if !link.isCut(from: sender) { socket.reset() }
    }
  }

  /// Bytes came for a connection that the host knows nothing about.
  func refuse(_ writer: SimulatedSocket?, at host: Process) {
    if let writer { sendReset(from: host, to: writer) }
  }
}
