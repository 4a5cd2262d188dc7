/// Limits of an HTTP/1.1 session beyond those it shares with HTTP/2 (``HTTP2Limits``: the header
/// list's bytes and fields, the window of a stream).
public struct HTTP1Limits: Sendable {
  /// A head from its first byte to its last, in nanoseconds; a server's `headersTimeout`.
  public var headNanosecondsMax: UInt64 = 10_000_000_000
  /// What a body must bring on average once the grace is over, in bytes a second: less is an
  /// attack, not a slow line. The default of ASP.NET Core's Kestrel.
  public var bodyBytesPerSecondMin = 240
  /// How long a body may take before its rate counts, in nanoseconds.
  public var bodyGraceNanoseconds: UInt64 = 10_000_000_000
  /// A body that nobody wants is read up to this many bytes so that the connection can go on: what
  /// usually is in flight already when the answer leaves.
  public var unwantedBodyByteCountMax = 64 << 10
  /// The line before a chunk: its size and extensions, which nobody uses.
  public var chunkLineByteCountMax = 256

  /// The defaults.
  public init() {}
}

/// The limits that end a connection with a complaint.
public enum HTTP1Limit: Sendable, Hashable {
  /// A head that does not become complete.
  case headers
  /// A head that is too large.
  case headerList
  /// A body that comes too slowly.
  case bodyRate
}

/// Why a request cannot be read; the connection ends with this answer.
public struct HTTP1Error: Error, Sendable, Hashable {
  /// The status of the answer.
  public var status: Int
  /// A sentence for the sender, without what it sent.
  public var message: String
  /// The limit that was exceeded, if it was one.
  public var limit: HTTP1Limit?

  init(_ status: Int, _ message: String, _ limit: HTTP1Limit? = nil) {
    self.status = status
    self.message = message
    self.limit = limit
  }

  static func malformed(_ message: String) -> HTTP1Error {
    HTTP1Error(400, message)
  }
}
