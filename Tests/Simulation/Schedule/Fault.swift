internal import EventLoop

/// Something that goes wrong at a planned time, for a planned while.
struct Fault: Sendable {
  enum Target: Sendable {
    case model(Int)
    case auth
    case gateway
    case client
  }

  enum Kind: Sendable {
    /// SIGKILL; started again after the fault's duration.
    case kill
    /// The host is gone without a word; it comes back after the fault's duration.
    case powerLoss
    /// SIGTERM with a grace period; started again after the fault's duration.
    case drain(grace: Duration)
    /// SIGSTOP and SIGCONT.
    case pause
    /// Nothing arrives, both ways or one way.
    case cut(toGateway: Bool, fromGateway: Bool)
    /// Connections are reset once.
    case reset(probability: Double)
    /// TCP sends packets again.
    case loss(probability: Double)
    /// The way is long.
    case delay(Duration)
    /// Other processes take the CPU: a turn takes this long.
    case starvation(Duration)
  }

  var at: Duration
  var duration: Duration
  var target: Target
  var kind: Kind

  /// Parts that may fail calls while the fault lasts. A longer way or a busy CPU is no excuse.
  var impairs: [Part] {
    let parts: [Part]
    switch target {
    case .model(let number): parts = [.model(number)]
    case .auth: parts = [.auth]
    case .client: parts = [.client(0), .client(1), .client(2)]
    case .gateway:
      parts = [.gateway, .model(0), .model(1), .auth, .client(0), .client(1), .client(2)]
    }
    switch kind {
    case .kill, .powerLoss, .drain, .pause, .cut, .reset, .loss: return parts
    case .starvation: return if case .gateway = target { [.gateway] } else { [] }
    case .delay: return []
    }
  }
}
