internal import Synchronization

/// The TLS context that *new* connections use. It is replaced when its files have changed;
/// connections that are open keep the one they began with.
public final class TLSContextSource: Sendable {
  /// Where the files are.
  public let configuration: TLSConfiguration
  private let side: TLSContext.Side
  /// Outlives the contexts, so that a new certificate does not end the sessions of old ones.
  private let tickets = TicketKeys()
  private let latest: Mutex<TLSContext>

  /// Loads the files for the first time.
  public init(_ configuration: TLSConfiguration, side: TLSContext.Side) throws(TLSError) {
    self.configuration = configuration
    self.side = side
    if let path = configuration.ticketKeys { tickets.share(try TicketKeys.read(path)) }
    latest = Mutex(try TLSContext(configuration, side: side, tickets: tickets))
  }

  /// The context for a new connection: read it once for each.
  public var current: TLSContext { latest.withLock { $0 } }

  /// Loads the files again. When they cannot be used, or hold a certificate that is not valid at
  /// `now` (seconds since 1970), the old context stays and the error says why.
  public func reload(now: Int64) throws(TLSError) {
    let fresh = try TLSContext(configuration, side: side, tickets: tickets)
    if let certificate = fresh.certificate {
      guard certificate.notAfter > now else {
        throw TLSError(.files, "the certificate '\(certificate.subject)' has expired")
      }
      guard certificate.notBefore <= now else {
        throw TLSError(.files, "the certificate '\(certificate.subject)' is not valid yet")
      }
    }
    if let path = configuration.ticketKeys { tickets.share(try TicketKeys.read(path)) }
    fresh.advance(now: now)
    latest.withLock { $0 = fresh }
  }

  /// Tells what time it is: ticket keys rotate by the monotonic clock's nanoseconds, OCSP
  /// responses end by the calendar's seconds since 1970.
  public func advance(monotonic: UInt64, calendar: Int64) {
    tickets.advance(now: monotonic)
    current.advance(now: calendar)
  }
}
