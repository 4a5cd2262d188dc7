internal import Glibc
internal import RPC

/// Turns configured targets into instances: addresses and paths stand for themselves, a name for
/// every address it has, asked for again and again on a thread of its own, so that instances
/// can be added and removed while the gateway runs.
final class Resolver: Sendable {
  private static let threads = WorkerThreads(count: 1, name: "resolver")

  private let targets: [Endpoint]
  private let onChange: @Sendable ([Endpoint]) -> Void

  init(_ targets: [Endpoint], onChange: @escaping @Sendable ([Endpoint]) -> Void) {
    self.targets = targets
    self.onChange = onChange
  }

  var hasNames: Bool {
    targets.contains { Self.isName($0) }
  }

  /// What needs no name service.
  var fixed: [Endpoint] {
    targets.filter { !Self.isName($0) }
  }

  private static func isName(_ target: Endpoint) -> Bool {
    guard case .tcp(let host, let port) = target else { return false }
    return addresses(host, port, flags: AI_NUMERICHOST) == nil
  }

  /// Asks once, on the thread; a name that cannot be resolved keeps nobody, and the answer is
  /// then not reported, so that the instances known before stay.
  func resolve() {
    Self.threads.submit { [self] in
      var result: [Endpoint] = []
      for target in targets {
        guard case .tcp(let host, let port) = target, Self.isName(target) else {
          result.append(target)
          continue
        }
        guard let addresses = Self.addresses(host, port, flags: AI_ADDRCONFIG) else { return }
        result += addresses
      }
      onChange(result)
    }
  }

  private static func addresses(_ host: String, _ port: UInt16, flags: Int32) -> [Endpoint]? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = flags | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &list) == 0 else { return nil }
    defer { freeaddrinfo(list) }
    var result: [Endpoint] = []
    var entry = list
    while let current = entry {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let code = getnameinfo(
        current.pointee.ai_addr, current.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
        NI_NUMERICHOST)
      if code == 0 {
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let endpoint = Endpoint.tcp(host: String(decoding: bytes, as: UTF8.self), port: port)
        if !result.contains(endpoint) { result.append(endpoint) }
      }
      entry = current.pointee.ai_next
    }
    return result.isEmpty ? nil : result
  }
}
