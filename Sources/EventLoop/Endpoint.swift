/// Where to listen or connect: `host:port`, `unix:PATH`, or `fd:N`, an inherited socket.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// A TCP port of a host name or address; a listener on port 0 gets a free one.
  case tcp(host: String, port: UInt16)
  /// A stream socket in the file system.
  case unix(path: String)
  /// A socket that the parent process opened: a restarted service keeps its port.
  case descriptor(Int32)

  /// Reads the written form; brackets mark an IPv6 address (`[::1]:8443`).
  public init(parsing text: String) throws(SocketError) {
    if text.hasPrefix("unix:"), text.utf8.count > 5 {
      self = .unix(path: String(text.dropFirst(5)))
      return
    }
    if text.hasPrefix("fd:"), let number = Int32(text.dropFirst(3)), number >= 0 {
      self = .descriptor(number)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else {
      throw SocketError(
        code: 0, message: "expected host:port, unix:PATH or fd:N, got '\(text)'")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    self = .tcp(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
  }

  /// The written form that ``init(parsing:)`` reads.
  public var description: String {
    switch self {
    case .tcp(let host, let port):
      host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    case .descriptor(let number): "fd:\(number)"
    }
  }
}

/// A system call on a socket failed, or an address could not be understood.
public struct SocketError: Error, Sendable, CustomStringConvertible {
  /// errno, or 0 when no system call was involved.
  public var code: Int32
  /// What was attempted and what came of it.
  public var message: String

  /// An error with its errno and a sentence.
  public init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
