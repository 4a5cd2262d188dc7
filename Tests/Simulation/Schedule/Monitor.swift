internal import EventLoop
internal import Gateway
internal import RPC

/// What must hold at every moment of a run, and what must be gone at its end.
final class Monitor {
  private let truth: Truth
  private let installation: Installation
  private let heldByteCountMax: Int
  private let perCallByteCountMax: Int

  /// The gateway's sweep runs four times a second; a turn takes its time.
  private static let overdueMax = Duration.milliseconds(350)
  /// Frames that are ready, for the connection and inside TLS.
  private static let perConnectionByteCountMax = 256 << 10
  /// RPC's window for what comes from services.
  private static let answerWindowByteCount = 512 << 10
  /// The low mark under which more is asked for.
  private static let lowMarkByteCount = 64 << 10

  init(truth: Truth, installation: Installation) {
    self.truth = truth
    self.installation = installation
    let limits = installation.limits
    // A call holds what its client may send before it gets window, and what a retry may need.
    heldByteCountMax =
      Int(limits.server.http2.streamWindowByteCount) + limits.retryByteCountMax
    perCallByteCountMax =
      2 * heldByteCountMax + Self.answerWindowByteCount + 2 * Self.lowMarkByteCount
  }

  func turnEnded(_ process: Process) {
    guard process === installation.gatewayProcess, let gateway = installation.gateway else {
      return
    }
    let now = installation.world.now
    for loop in gateway.inspect() {
      if loop.heldByteCountOfOneMax > heldByteCountMax {
        truth.violate(
          "a call holds \(loop.heldByteCountOfOneMax) bytes, expected at most \(heldByteCountMax)")
      }
      let connections = loop.clients + (loop.models + loop.auth).flatMap(\.connections)
      let queued = connections.reduce(loop.heldByteCount) { $0 + $1.queuedByteCount }
      let most =
        loop.openCallCount * perCallByteCountMax
        + connections.count * Self.perConnectionByteCountMax
      if queued > most {
        truth.violate(
          "\(loop.openCallCount) calls have \(queued) bytes waiting, expected at most \(most)")
      }
      if loop.overdue > Self.overdueMax,
        !truth.impairments.touches(.gateway, from: now, to: now, settling: .seconds(1))
      {
        truth.violate("a call is open \(loop.overdue) after its deadline")
      }
    }
  }

  /// What is there and should not be once all calls have ended; nil: nothing.
  func leftovers() -> String? {
    guard let gateway = installation.gateway else { return nil }
    var found: [String] = []
    func expect(_ what: String, _ count: Int, _ expected: Int) {
      if count != expected { found.append("\(what): expected \(expected), got \(count)") }
    }
    let loops = gateway.inspect()
    for loop in loops {
      expect("open calls", loop.openCallCount, 0)
      expect("checks", loop.checkCount, 0)
      expect("streams of clients", loop.clients.reduce(0) { $0 + $1.streamCount }, 0)
      for instance in loop.models {
        expect("calls of \(instance.endpoint)", instance.outstandingCallCount, 0)
        // One more at times: the health check.
        let streams = instance.connections.reduce(0) { $0 + $1.streamCount }
        if streams > 1 { expect("streams to \(instance.endpoint)", streams, 1) }
      }
      for instance in loop.auth {
        expect("calls of \(instance.endpoint)", instance.outstandingCallCount, 1)
      }
    }
    for tenant in Set(truth.keys.map(\.tenant)).sorted() {
      expect("calls of \(tenant)", gateway.openCallCount(ofTenant: tenant), 0)
      expect("bytes of \(tenant)", gateway.byteCountInFlight(ofTenant: tenant), 0)
    }
    expect("bytes held", gateway.heldByteCount, 0)
    let instances = loops.flatMap { $0.models + $0.auth }
    let clients = loops.reduce(0) { $0 + $1.clients.count }
    let upstream = instances.reduce(0) { $0 + $1.connections.count }
    expect(
      "sockets of the gateway", installation.gatewayProcess.openDescriptorCount,
      1 + clients + upstream)
    for service in installation.models + [installation.auth] as [Service] {
      let connections = instances.lazy.filter { $0.endpoint == service.endpoint }
        .reduce(0) { $0 + $1.connections.count }
      expect(
        "sockets of \(service.process.name)", service.process.openDescriptorCount, 1 + connections)
    }
    expect("watchers", installation.auth.watcherCount, loops.count)
    return found.isEmpty ? nil : found.joined(separator: "; ")
  }
}
