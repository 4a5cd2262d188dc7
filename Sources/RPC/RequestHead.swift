internal import RPCWire

/// What gRPC reads of a request's header block. Points into the block.
struct RequestHead: BitwiseCopyable {
  /// Why a request cannot be a call.
  enum Refusal: BitwiseCopyable {
    case timeout
    case encoding(UnsafeRawBufferPointer)

    var status: (StatusCode, String) {
      switch self {
      case .timeout:
        (.internalError, "grpc-timeout: expected at most 8 digits and a unit")
      case .encoding(let value):
        (
          .unimplemented,
          "grpc-encoding: expected gzip or deflate, got '\(String(decoding: value, as: UTF8.self))'"
        )
      }
    }
  }

  private(set) var path = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var timeoutNanoseconds: UInt64?
  private(set) var compression: Compression?
  private(set) var refusal: Refusal?
  private var isPost = false
  private var isGRPC = false
  private var accepted = UnsafeRawBufferPointer(start: nil, count: 0)

  mutating func read(_ field: HeaderBlock.Field) {
    // The length first: it tells most names apart without looking at them.
    switch field.name.count {
    case 5 where field.isNamed(":path"):
      path = field.value
    case 7 where field.isNamed(":method"):
      isPost = field.value.equals("POST")
    case 12 where field.isNamed("content-type"):
      isGRPC = GRPCContentType.matches(field.value)
    case 12 where field.isNamed("grpc-timeout"):
      timeoutNanoseconds = GRPCTimeout.parse(field.value)
      if timeoutNanoseconds == nil { refusal = .timeout }
    case 13 where field.isNamed("grpc-encoding"):
      readEncoding(field.value)
    case 20 where field.isNamed("grpc-accept-encoding"):
      accepted = field.value
    default: break
    }
  }

  private mutating func readEncoding(_ value: UnsafeRawBufferPointer) {
    if value.equals("identity") { return }
    let name = String(decoding: value, as: UTF8.self)
    compression = Compression(rawValue: name)
    if compression == nil { refusal = .encoding(value) }
  }

  /// False for what people and probes send; see ``PlainCall``.
  var isCall: Bool { isPost && isGRPC }

  /// What to compress responses with: as the request was, else what the server prefers, and
  /// only what the client accepts.
  func responseCompression(_ preferred: Compression?) -> Compression? {
    guard !accepted.isEmpty, let wanted = compression ?? preferred else { return nil }
    return Self.accepts(wanted, accepted) ? wanted : nil
  }

  /// Whether the value of a `grpc-accept-encoding` names a compression.
  static func accepts(_ wanted: Compression, _ value: UnsafeRawBufferPointer) -> Bool {
    value.split(separator: UInt8(ascii: ",")).contains { name in
      name.drop { $0 == UInt8(ascii: " ") }.elementsEqual(wanted.rawValue.utf8)
    }
  }
}
