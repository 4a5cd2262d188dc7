/// A limit of a server beside HTTP/2's own, by the name under which it is counted and configured;
/// the numbers are in ``ServerLimits``.
public enum ServerLimit: String, Sendable, CaseIterable {
  /// Connections at one time: the one that is idle for longest makes room.
  case connections = "connections"
  /// TCP accepted to HTTP/2 preface received.
  case handshake = "handshake"
  /// TLS handshakes under way on one loop: the oldest makes room, or the newest waits in vain.
  case handshakesPerLoop = "handshakes_per_loop"
  /// Our SETTINGS unanswered.
  case settingsAcknowledgement = "settings_acknowledgement"
  /// A header block that does not become complete.
  case headers = "headers"
  /// A body of an HTTP/1.1 request that comes too slowly.
  case bodyRate = "body_rate"
  /// A connection without calls.
  case idle = "idle"
  /// A peer that takes no bytes.
  case writeStall = "write_stall"
  /// A PING without an answer.
  case keepAlive = "keep_alive"
  /// A connection that has become old.
  case connectionAge = "connection_age"
  /// Calls that were refused before anybody knew whose they are.
  case refusedCalls = "refused_calls"
  /// A request message that is too large.
  case messageBytes = "message_bytes"

  /// False when only one call pays for it.
  var endsConnection: Bool { self != .messageBytes }

  /// For people.
  var message: String {
    switch self {
    case .connections: "there are too many connections"
    case .handshake: "the handshake took too long"
    case .handshakesPerLoop: "too many handshakes are under way"
    case .settingsAcknowledgement: "the peer does not acknowledge SETTINGS"
    case .headers: "a header block took too long"
    case .bodyRate: "a body came too slowly"
    case .idle: "there were no calls for too long"
    case .writeStall: "the peer takes no bytes"
    case .keepAlive: "the peer does not answer"
    case .connectionAge: "the connection has become old"
    case .refusedCalls: "too many calls were refused"
    case .messageBytes: "a message is too large"
    }
  }
}
