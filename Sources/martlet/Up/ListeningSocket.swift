internal import Glibc

/// A listening TCP socket that the supervisor opens and its children inherit: a role that dies and
/// is started again keeps its port, and a client that connects meanwhile waits instead of being
/// refused.
struct ListeningSocket {
  var descriptor: Int32
  var host: String
  var port: UInt16

  var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static let backlog: Int32 = 1024

  /// Binds `host:port`; port 0 takes a free one.
  init(host: String, port: UInt16) throws(CommandFailure) {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &found)
    guard status == 0, let info = found else {
      throw CommandFailure(
        .usage, "cannot listen on '\(host)': \(String(cString: gai_strerror(status)))")
    }
    defer { freeaddrinfo(info) }
    let descriptor = socket(
      info.pointee.ai_family, info.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    guard descriptor >= 0,
      bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
      listen(descriptor, Self.backlog) == 0
    else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw CommandFailure(
        .unavailable, "cannot listen on \(host):\(port): \(reason); choose another with --listen")
    }
    self.descriptor = descriptor
    self.host = host
    self.port = Self.port(of: descriptor)
  }

  private static func port(of descriptor: Int32) -> UInt16 {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &address) { raw in
      getsockname(
        descriptor, raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
      // The port lies at the same place in both address families.
      return UInt16(bigEndian: raw.load(fromByteOffset: 2, as: UInt16.self))
    }
  }
}
