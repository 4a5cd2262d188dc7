internal import RPC

/// The instances of one service as one loop sees them: a connection to each, and the balancer
/// that chooses among them.
final class UpstreamPool {
  let loop: EventLoop
  let tls: TLSContextSource?
  let settings: BalancingSettings
  let clientConfiguration: ClientConfiguration
  let scheme: StaticString
  private(set) var balancer: Balancer
  private(set) var isClosed = false
  private var links: [UpstreamLink] = []
  /// Called when an instance came, went, or changed its health.
  var onChange: () -> Void = {}
  /// What a person wants to know about instances, and which one.
  var onEvent: (_ link: UpstreamLink, _ message: String, _ reason: String) -> Void = { _, _, _ in }

  init(
    loop: EventLoop, tls: TLSContextSource?, settings: BalancingSettings,
    clientConfiguration: ClientConfiguration, seed: UInt64
  ) {
    self.loop = loop
    self.tls = tls
    self.settings = settings
    self.clientConfiguration = clientConfiguration
    scheme = tls == nil ? "http" : "https"
    balancer = Balancer(settings: settings, seed: seed)
  }

  var readyCount: Int { balancer.readyCount(loop.now) }

  /// Makes the instances those of `endpoints`.
  func update(_ endpoints: [Endpoint]) {
    guard !isClosed else { return }
    for id in balancer.update(endpoints) {
      guard let index = balancer.index(of: id) else { continue }
      let link = UpstreamLink(id: id, endpoint: balancer.instances[index].endpoint, pool: self)
      links.append(link)
      link.connect()
    }
    for instance in balancer.instances where instance.isRetired {
      links.first { $0.id == instance.id }?.retire()
    }
    onChange()
  }

  /// Starts a call on the instance that the balancer chooses, or on the next best one when that
  /// has just stopped taking calls. A call of a sequence goes to the sequence's instance only. nil:
  /// nobody takes it.
  func startCall(
    _ headers: HeaderList, excluding excluded: Balancer.ID? = nil, sequence: UInt64? = nil,
    delegate: any ClientCallDelegate
  ) -> (link: UpstreamLink, call: ClientCall)? {
    for _ in 0...links.count {
      let chosen =
        if let sequence { balancer.home(of: sequence, loop.now) } else {
          balancer.pick(loop.now, excluding: excluded)
        }
      guard let id = chosen, let link = link(id) else { return nil }
      if let call = link.startCall(headers, delegate: delegate) {
        balancer.callStarted(id)
        return (link, call)
      }
      balancer.connectionDraining(id)
    }
    return nil
  }

  func callEnded(_ link: UpstreamLink, _ outcome: Balancer.Outcome) {
    let before = balancer.ejectionCount
    balancer.callEnded(link.id, outcome, loop.now)
    if balancer.ejectionCount != before {
      onEvent(link, "instance ejected", "too many failures in a row")
      onChange()
    }
  }

  func close() {
    isClosed = true
    for link in links { link.close() }
    onChange = {}
    onEvent = { _, _, _ in }
  }

  private func link(_ id: Balancer.ID) -> UpstreamLink? {
    for link in links where link.id == id { return link }
    return nil
  }

  /// Those that are leaving included.
  func connections(of id: Balancer.ID) -> [ClientConnection] { link(id)?.openConnections ?? [] }

  // MARK: From the links

  func linkReady(_ link: UpstreamLink) {
    balancer.connectionReady(link.id)
    onEvent(link, "instance connected", "")
    onChange()
  }

  /// The peer wants another connection, which is being made.
  func linkDraining(_ link: UpstreamLink) {
    balancer.connectionReplaced(link.id)
    onEvent(link, "instance asks for a new connection", "")
    onChange()
  }

  /// There are more or fewer connections; the instance is as fit as before.
  func connectionsChanged(_ link: UpstreamLink) {
    onChange()
  }

  /// Open connections to all instances.
  var connectionCount: Int { links.reduce(0) { $0 + $1.connectionCount } }

  /// Before the link's calls are closed, so that none of them is sent there again.
  func linkLost(_ link: UpstreamLink, _ reason: String) {
    balancer.connectionLost(link.id, loop.now)
    if !isClosed { onEvent(link, "instance lost", reason) }
    onChange()
  }

  /// The connection is gone, and so are its calls.
  func linkEnded(_ link: UpstreamLink) {
    guard !isClosed, let index = balancer.index(of: link.id) else { return }
    if balancer.instances[index].isRetired {
      guard link.connectionCount == 0 else { return }
      balancer.remove(link.id)
      links.removeAll { $0 === link }
    } else if case .down(let retryAt) = balancer.instances[index].link {
      link.reconnect(at: retryAt)
    }
  }

  func linkReconnecting(_ link: UpstreamLink) {
    balancer.reconnecting(link.id)
  }

  func healthReported(_ link: UpstreamLink, isServing: Bool) {
    balancer.healthReported(link.id, isServing: isServing, loop.now)
    onChange()
  }

  func healthFailed(_ link: UpstreamLink) {
    balancer.healthFailed(link.id, loop.now)
    onChange()
  }
}
