internal import EventLoop

/// Decides which connections of a loop may handshake, so that a flood of them leaves time and
/// memory for the connections that are established. When too many are under way a new one waits;
/// an old one that has had its time makes room, because clients that mean it need milliseconds.
struct HandshakeGate<Handshake> {
  /// Names a handshake under way.
  struct Ticket: Hashable {
    fileprivate var number: Int
  }

  /// Handshakes under way at one time.
  let countMax: Int
  /// How long a handshake may keep others waiting.
  let patience: Duration

  private var running: [Int: (handshake: Handshake, since: MonotonicTime)] = [:]
  private var nextNumber = 0
  /// No handshake with a lower number is under way.
  private var oldestNumber = 0

  init(countMax: Int, patience: Duration) {
    self.countMax = countMax
    self.patience = patience
  }

  /// Handshakes under way.
  var count: Int { running.count }

  /// Whether one more may begin.
  var hasRoom: Bool { running.count < countMax }

  /// A handshake begins.
  mutating func begin(_ handshake: Handshake, now: MonotonicTime) -> Ticket {
    running[nextNumber] = (handshake, now)
    nextNumber += 1
    return Ticket(number: nextNumber - 1)
  }

  /// A handshake has ended, in whatever way; false when it had before.
  @discardableResult
  mutating func end(_ ticket: Ticket) -> Bool {
    running.removeValue(forKey: ticket.number) != nil
  }

  /// The handshake that is to be given up for one that waits; nil while all are young.
  mutating func overdue(now: MonotonicTime) -> Handshake? {
    while oldestNumber < nextNumber {
      guard let oldest = running[oldestNumber] else {
        oldestNumber += 1
        continue
      }
      return now - oldest.since >= patience ? oldest.handshake : nil
    }
    return nil
  }
}
