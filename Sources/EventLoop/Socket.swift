internal import CLinux
internal import Glibc

/// System calls on non-blocking stream sockets, with errors as Swift errors. Owns nothing: the
/// caller closes what it was given.
public enum Socket {
  /// What came of moving bytes.
  public enum Transfer: Sendable {
    /// This many bytes moved; reading 0 means that the peer has ended.
    case bytes(Int)
    /// Nothing can move now.
    case wouldBlock
    /// The connection is broken; errno.
    case failed(Int32)
  }

  private static func failure(_ what: String) -> SocketError {
    let code = errno
    return SocketError(code: code, message: "\(what): \(String(cString: strerror(code)))")
  }

  /// A listening socket, and where it listens really.
  public static func listen(
    on endpoint: Endpoint, backlog: Int32 = 1024
  ) throws(SocketError) -> (descriptor: Int32, endpoint: Endpoint) {
    let address: SocketAddress
    switch endpoint {
    case .descriptor(let inherited):
      setNonBlocking(inherited)
      return (inherited, localEndpoint(of: inherited) ?? endpoint)
    case .unix(let path):
      unlink(path)
      address = try SocketAddress(unixPath: path)
    case .tcp(let host, let port):
      let addresses = try SocketAddress.resolve(host: host, port: port, numericOnly: false)
      guard let first = addresses.first else {
        throw SocketError(code: 0, message: "host '\(host)' has no address")
      }
      address = first
    }
    let descriptor = try open(address.family)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    let bound = address.withPointer { bind(descriptor, $0, $1) }
    guard bound == 0, Glibc.listen(descriptor, backlog) == 0 else {
      let error = failure("cannot listen on \(endpoint)")
      Glibc.close(descriptor)
      throw error
    }
    if case .unix(let path) = endpoint { chmod(path, 0o600) }
    return (descriptor, localEndpoint(of: descriptor) ?? endpoint)
  }

  /// Starts to connect; readiness to write says that it is done, then ask ``connectError(of:)``.
  public static func connect(to address: SocketAddress) throws(SocketError) -> Int32 {
    let descriptor = try open(address.family)
    setNoDelay(descriptor)
    let code = address.withPointer { Glibc.connect(descriptor, $0, $1) }
    guard code == 0 || errno == EINPROGRESS else {
      let error = failure("cannot connect")
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// The address of a socket path.
  public static func address(ofPath path: String) throws(SocketError) -> SocketAddress {
    try SocketAddress(unixPath: path)
  }

  /// Two connected sockets without a name.
  public static func pair() throws(SocketError) -> (Int32, Int32) {
    var descriptors: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &descriptors) == 0 else {
      throw failure("cannot make a socket pair")
    }
    return (descriptors[0], descriptors[1])
  }

  private static func open(_ family: Int32) throws(SocketError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw failure("cannot open a socket") }
    return descriptor
  }

  /// The next connection, or nil when none waits. A failure such as running out of descriptors
  /// is reported, and the connection stays in the queue.
  public static func accept(_ listener: Int32) throws(SocketError) -> Int32? {
    while true {
      let descriptor = martlet_accept(listener)
      if descriptor >= 0 {
        setNoDelay(descriptor)
        return descriptor
      }
      switch errno {
      case EAGAIN: return nil
      case EINTR, ECONNABORTED: continue
      default: throw failure("cannot accept a connection")
      }
    }
  }

  /// Reads what is there.
  public static func receive(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count >= 0 { return .bytes(count) }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .wouldBlock : .failed(errno)
    }
  }

  /// Writes what fits.
  public static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Transfer {
    while true {
      let count = Glibc.send(
        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return .bytes(count) }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .wouldBlock : .failed(errno)
    }
  }

  /// What came of connecting; 0 for success.
  public static func connectError(of descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(4)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    return code
  }

  /// The system's sentence for an errno.
  public static func describe(_ code: Int32) -> String {
    String(cString: strerror(code))
  }

  /// Ends our side; the peer reads the end after what was sent.
  public static func shutdownWrite(_ descriptor: Int32) {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Closes the descriptor.
  public static func close(_ descriptor: Int32) {
    Glibc.close(descriptor)
  }

  /// The peer's address for logs: `host:port`, or `unix` for a local socket.
  public static func peerDescription(_ descriptor: Int32) -> String {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutableBytes(of: &address) {
      getpeername(
        descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
    }
    return code == 0 ? endpoint(address, length)?.description ?? "unix" : "unknown"
  }

  /// Where a socket is bound, when it is an internet socket.
  public static func localEndpoint(of descriptor: Int32) -> Endpoint? {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutableBytes(of: &address) {
      getsockname(
        descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
    }
    return code == 0 ? endpoint(address, length) : nil
  }

  private static func endpoint(_ address: sockaddr_storage, _ length: socklen_t) -> Endpoint? {
    withUnsafeBytes(of: address) {
      SocketAddress(
        copying: $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), length: length
      ).endpoint
    }
  }

  private static func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  // Frames are gathered before they are sent; waiting for more (Nagle) only delays answers.
  private static func setNoDelay(_ descriptor: Int32) {
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
  }
}
