package import RPC

/// What one loop of a gateway holds and believes, for tests that look for leaks and for memory
/// without a bound. Nothing here is used to serve.
package struct GatewayInspection: Sendable {
  /// One instance of a service as the loop sees it.
  package struct Instance: Sendable {
    package var endpoint: Endpoint
    /// Connected, healthy, not ejected: calls go there as a matter of course.
    package var isReady: Bool
    package var isEjected: Bool
    package var outstandingCallCount: Int
    package var connections: [ConnectionInspection]
  }

  /// Calls that have not been recorded yet.
  package var openCallCount = 0
  /// How far the most belated call without an answer is past its deadline.
  package var overdue = Duration.zero
  /// Body bytes kept for authentication or a retry, of all calls and of the one with most.
  package var heldByteCount = 0
  package var heldByteCountOfOneMax = 0
  /// Keys that the auth service is being asked about.
  package var checkCount = 0
  /// Whether changes of keys are being reported.
  package var isWatching = false
  package var models: [Instance] = []
  package var auth: [Instance] = []
  /// Connections of clients.
  package var clients: [ConnectionInspection] = []
}

extension GatewayServer {
  /// Looks at every loop. Not while one runs on another thread.
  package func inspect() -> [GatewayInspection] {
    loops.compactMap { loop in
      guard let gateway = loop.callRouter as? LoopGateway else { return nil }
      var result = gateway.inspect()
      result.clients = loop.servedConnections
      return result
    }
  }

  /// Calls that a key has open, over all loops.
  /// Calls that a tenant has open, over all loops.
  package func openCallCount(ofTenant name: String) -> Int { usage.tenant(name).streams.count }

  /// Bytes that a tenant has in flight, over all loops.
  package func byteCountInFlight(ofTenant name: String) -> Int {
    usage.tenant(name).bytesInFlight.count
  }

  /// Bytes of bodies that are counted as held, over all loops.
  package var heldByteCount: Int { heldBytes }
}

extension LoopGateway {
  fileprivate func inspect() -> GatewayInspection {
    var result = GatewayInspection()
    let now = loop.readClock()
    forEachOpen { exchange in
      result.openCallCount += 1
      result.heldByteCount += exchange.body.count
      result.heldByteCountOfOneMax = max(result.heldByteCountOfOneMax, exchange.body.count)
      if exchange.phase != .finished, now > exchange.deadline {
        result.overdue = max(result.overdue, now - exchange.deadline)
      }
    }
    result.checkCount = auth.authenticator.pendingCount
    result.isWatching = auth.authenticator.isWatching
    result.models = models.inspect(now)
    result.auth = auth.pool.inspect(now)
    return result
  }
}

extension UpstreamPool {
  fileprivate func inspect(_ now: MonotonicTime) -> [GatewayInspection.Instance] {
    balancer.instances.map { instance in
      GatewayInspection.Instance(
        endpoint: instance.endpoint, isReady: instance.tier(now) == 0,
        isEjected: instance.ejectedUntil != nil, outstandingCallCount: instance.outstanding,
        connections: connections(of: instance.id).map { $0.inspect() })
    }
  }
}
