internal import EventLoop
internal import Glibc
internal import RPCWire

/// One method of a server.
final class Route {
  typealias Unary = @Sendable ([UInt8], CallContext) async throws -> OutboundMessage
  typealias OnLoop = @Sendable ([UInt8], CallContext) throws -> OutboundMessage
  typealias Streaming = @Sendable (CallHolder, CallContext) async throws -> Void

  enum Handler: Sendable {
    /// One request and one response, in a task.
    case unary(Unary)
    /// The same with bytes: one closure less to call.
    case unaryBytes(@Sendable ([UInt8], CallContext) async throws -> [UInt8])
    /// One request and one response, on the loop's thread without a task.
    case onLoop(OnLoop)
    /// Whatever the handler reads and writes.
    case streaming(Streaming)
  }

  let path: String
  /// The path's bytes, where they stay: the table points there.
  let pathBytes: UnsafeRawBufferPointer
  let handler: Handler

  init(path: String, handler: Handler) {
    self.path = path
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: path.utf8.count, alignment: 1)
    bytes.copyBytes(from: path.utf8)
    pathBytes = UnsafeRawBufferPointer(bytes)
    self.handler = handler
  }

  deinit {
    pathBytes.deallocate()
  }
}

// Sendable by hand: Route's bytes are written once, in its initialiser.
extension Route: @unchecked Sendable {}

/// The methods of a server by path. Compares bytes, so that no String is made of a request's, and
/// counts no references on the way: the routes live as long as the table.
struct RouteTable: @unchecked Sendable {
  /// What a search reads of a route.
  private struct Entry {
    var path: UnsafeRawBufferPointer
    var route: Unmanaged<Route>
  }

  private var routes: [Route] = []
  /// Open addressing, at most half full.
  private var entries: [Entry?] = Array(repeating: nil, count: 2)

  /// All paths, in the order of their first registration.
  var paths: [String] { routes.map(\.path) }

  mutating func add(_ route: Route) {
    precondition(!route.path.isEmpty, "a route needs a path")
    if let index = routes.firstIndex(where: { $0.path == route.path }) {
      routes[index] = route
    } else {
      routes.append(route)
    }
    var count = entries.count
    while count < routes.count * 2 { count *= 2 }
    entries = Array(repeating: nil, count: count)
    for route in routes {
      var index = Self.hash(route.pathBytes) & (count - 1)
      while entries[index] != nil { index = (index + 1) & (count - 1) }
      entries[index] = Entry(path: route.pathBytes, route: Unmanaged.passUnretained(route))
    }
  }

  func find(_ path: UnsafeRawBufferPointer) -> Unmanaged<Route>? {
    guard !path.isEmpty else { return nil }
    return entries.withUnsafeBufferPointer { entries in
      var index = Self.hash(path) & (entries.count - 1)
      while let entry = entries[index] {
        if entry.path.count == path.count,
          memcmp(entry.path.baseAddress!, path.baseAddress!, path.count) == 0
        {
          return entry.route
        }
        index = (index + 1) & (entries.count - 1)
      }
      return nil
    }
  }

  /// Of the length and the last eight bytes, which tell methods apart. Paths come from clients, but
  /// only ours are in the table.
  private static func hash(_ path: UnsafeRawBufferPointer) -> Int {
    var word = UInt64(path.count)
    if path.count >= 8 {
      word ^= path.loadUnaligned(fromByteOffset: path.count - 8, as: UInt64.self)
    }
    return Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }
}
