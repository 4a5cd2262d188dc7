internal import RPCWire

/// The header lists of gRPC responses that are always the same.
enum ResponseHeaders {
  /// Headers of every gRPC response.
  static let base: HeaderList = {
    var headers = HeaderList()
    headers.append(":status", "200" as StaticString)
    headers.append("content-type", "application/grpc" as StaticString)
    return headers
  }()

  /// Trailers of a success without metadata.
  static let ok: HeaderList = {
    var trailers = HeaderList()
    trailers.append("grpc-status", "0" as StaticString)
    return trailers
  }()
}

extension HeaderList {
  mutating func appendStatus(_ code: StatusCode, _ message: String, _ metadata: Metadata) {
    append("grpc-status", "\(code.rawValue)")
    if !message.isEmpty { append("grpc-message", PercentEncoding.encode(message)) }
    appendMetadata(metadata)
  }

  /// Adds metadata, without the names that belong to the protocol.
  mutating func appendMetadata(_ metadata: Metadata) {
    guard !metadata.isEmpty else { return }
    metadata.headers.withBlock { block in
      block.forEach { field in
        if !field.isReserved {
          append(
            name: field.name, value: field.value,
            indexing: field.isNamed("authorization") ? .never : .usual)
        }
      }
    }
  }
}

extension HeaderBlock.Field {
  /// True for names that users of metadata cannot set.
  var isReserved: Bool {
    guard let first = name.first else { return true }
    switch first {
    case UInt8(ascii: ":"): return true
    case UInt8(ascii: "g"):
      // `grpc-status-details-bin` and its like belong to those above the protocol.
      return name.hasPrefix("grpc-") && !name.hasSuffix("-bin")
    case UInt8(ascii: "c"): return isNamed("content-type") || isNamed("connection")
    case UInt8(ascii: "t"): return isNamed("te") || isNamed("transfer-encoding")
    case UInt8(ascii: "u"): return isNamed("user-agent") || isNamed("upgrade")
    case UInt8(ascii: "k"): return isNamed("keep-alive")
    case UInt8(ascii: "p"): return isNamed("proxy-connection")
    default: return false
    }
  }
}
