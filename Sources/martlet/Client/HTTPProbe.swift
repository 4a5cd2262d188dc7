internal import Glibc

/// One GET to a role's private port, for health checks.
enum HTTPProbe {
  private static let timeoutSeconds = 5

  /// The status of the answer.
  static func status(of path: String, at address: String) throws(CommandFailure) -> Int {
    guard let colon = address.lastIndex(of: ":") else {
      throw CommandFailure(.usage, "expected HOST:PORT, got '\(address)'")
    }
    let host = String(address[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let port = String(address[address.index(after: colon)...])
    guard getaddrinfo(host, port, &hints, &found) == 0, let info = found else {
      throw CommandFailure(.usage, "cannot resolve '\(address)'")
    }
    defer { freeaddrinfo(info) }
    let descriptor = socket(
      info.pointee.ai_family, info.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(
        descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    guard connect(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 else {
      throw CommandFailure(.unavailable, "nothing listens at \(address)")
    }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
    else { throw CommandFailure(.unavailable, "\(address) closed the connection") }
    // The status line alone decides: "HTTP/1.1 200 OK".
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 512)
    while answer.count < 12 {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      answer.append(contentsOf: chunk[..<count])
    }
    let words = String(decoding: answer, as: UTF8.self).split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else {
      throw CommandFailure(.unavailable, "\(address) does not answer with HTTP")
    }
    return status
  }
}
