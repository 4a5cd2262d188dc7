internal import RPC

/// What the gateway needs to know of a request's header block, found in one walk. The pointers
/// live as long as the block.
struct RequestHead {
  enum Method: Sendable {
    case get, post, other
  }

  enum Encoding: Sendable {
    case identity, gzip, deflate
    /// One that the gateway cannot look into.
    case unknown
  }

  var method = Method.other
  var path = UnsafeRawBufferPointer(start: nil, count: 0)
  var isGRPC = false
  /// Nanoseconds; nil when there is no timeout.
  var timeout: UInt64?
  var encoding = Encoding.identity
  var credential = Credential.none
  /// A `grpc-timeout` that cannot be read, or one given twice.
  var isMalformed = false

  init(_ headers: HeaderBlock) {
    var timeoutCount = 0
    headers.forEach { field in
      let name = field.name
      guard let first = name.first else { return }
      switch first {
      case UInt8(ascii: ":"):
        if field.isNamed(":path") {
          path = field.value
        } else if field.isNamed(":method") {
          method =
            field.value.equals("POST") ? .post : field.value.equals("GET") ? .get : .other
        }
      case UInt8(ascii: "a"):
        if field.isNamed("authorization") { credential.readAuthorization(field.value) }
      case UInt8(ascii: "x"):
        if field.isNamed("x-api-key") { credential.readKey(field.value) }
      case UInt8(ascii: "c"):
        if field.isNamed("content-type") { isGRPC = GRPCContentType.matches(field.value) }
      case UInt8(ascii: "g"):
        if field.isNamed("grpc-timeout") {
          timeoutCount += 1
          timeout = GRPCTimeout.parse(field.value)
          if timeout == nil { isMalformed = true }
        } else if field.isNamed("grpc-encoding") {
          encoding =
            field.value.equals("identity")
            ? .identity
            : field.value.equals("gzip")
              ? .gzip : field.value.equals("deflate") ? .deflate : .unknown
        }
      default: break
      }
    }
    if timeoutCount > 1 { isMalformed = true }
  }

  var compression: Compression? {
    switch encoding {
    case .gzip: .gzip
    case .deflate: .deflate
    case .identity, .unknown: nil
    }
  }
}
