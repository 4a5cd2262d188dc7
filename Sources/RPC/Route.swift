internal import EventLoop
internal import Glibc
internal import RPCWire

/// One method of a server.
final class Route: Sendable {
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
  let pathBytes: [UInt8]
  let handler: Handler

  init(path: String, handler: Handler) {
    self.path = path
    pathBytes = Array(path.utf8)
    self.handler = handler
  }
}

/// The methods of a server by path. Compares bytes, so that no String is made of a request's.
struct RouteTable: Sendable {
  private var buckets: [[Route]]
  private(set) var paths: [String] = []

  init() {
    buckets = Array(repeating: [], count: 64)
  }

  mutating func add(_ route: Route) {
    precondition(!route.path.isEmpty, "a route needs a path")
    let bucket = route.pathBytes.withUnsafeBytes { Self.bucket($0) }
    buckets[bucket].removeAll { $0.path == route.path }
    buckets[bucket].append(route)
    paths.append(route.path)
  }

  func find(_ path: UnsafeRawBufferPointer) -> Route? {
    for route in buckets[Self.bucket(path)] {
      let isEqual = route.pathBytes.withUnsafeBytes { bytes in
        bytes.count == path.count && memcmp(bytes.baseAddress!, path.baseAddress!, path.count) == 0
      }
      if isEqual { return route }
    }
    return nil
  }

  // FNV-1a: paths come from clients, but only ours are in the table.
  private static func bucket(_ path: UnsafeRawBufferPointer) -> Int {
    var hash: UInt32 = 2_166_136_261
    for byte in path { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return Int(hash & 63)
  }
}
