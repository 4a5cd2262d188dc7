internal import Glibc

/// An address a socket can be bound or connected to.
public struct SocketAddress: Sendable {
  var storage = sockaddr_storage()
  var length: socklen_t = 0

  /// The address family, as `socket` wants it.
  var family: Int32 { Int32(storage.ss_family) }

  /// A path in the file system.
  init(unixPath path: String) throws(SocketError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < capacity else {
      throw SocketError(
        code: ENAMETOOLONG,
        message: "socket path: expected at most \(capacity - 1) bytes, got \(bytes.count)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    withUnsafeMutableBytes(of: &storage) { target in
      withUnsafeBytes(of: address) { target.copyMemory(from: $0) }
    }
    length = socklen_t(MemoryLayout<sockaddr_un>.size)
  }

  init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
    self.length = length
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
    }
  }

  /// The addresses of a host. Blocks while it asks the name service, unless `numericOnly`.
  public static func resolve(
    host: String, port: UInt16, numericOnly: Bool
  ) throws(SocketError) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV | (numericOnly ? AI_NUMERICHOST : AI_ADDRCONFIG)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
      throw SocketError(
        code: 0, message: "host '\(host)' has no address: \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(list) }
    var result: [SocketAddress] = []
    var entry = list
    while let current = entry {
      if let address = current.pointee.ai_addr {
        result.append(SocketAddress(copying: address, length: current.pointee.ai_addrlen))
      }
      entry = current.pointee.ai_next
    }
    return result
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafeBytes(of: storage) {
      body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), length)
    }
  }

  /// Host and port of an internet address; nil for others.
  package var endpoint: Endpoint? {
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    guard family == AF_INET || family == AF_INET6 else { return nil }
    let code = withPointer { address, length in
      getnameinfo(
        address, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
        NI_NUMERICHOST | NI_NUMERICSERV)
    }
    guard code == 0 else { return nil }
    func text(_ characters: [CChar]) -> String {
      String(
        decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return .tcp(host: text(host), port: UInt16(text(service)) ?? 0)
  }
}
