internal import RPC

/// Which header fields pass the gateway, in both directions.
enum ForwardedHeaders {
  /// Fills `list` with the fields for a service: pseudo-fields, what the client sent apart from
  /// credentials, connection-specific fields and anything that looks like an identity, then the
  /// fields that only the gateway may set.
  static func request(
    _ headers: HeaderBlock, route: Route, scheme: StaticString, into list: inout HeaderList
  ) {
    list.removeAll()
    list.append(":method", "POST")
    list.append(":scheme", scheme)
    list.append(":path", route.path)
    // Services have no virtual hosts; what a client calls the gateway is not theirs to know.
    list.append(":authority", "martlet")
    list.append("te", "trailers")
    headers.forEach { field in
      if !isDroppedFromRequest(field) { list.append(field) }
    }
  }

  /// Fills `list` with the fields for the client. True when they end the response: a status in
  /// the first header block.
  static func response(_ headers: HeaderBlock, into list: inout HeaderList) -> Bool {
    list.removeAll()
    var hasStatus = false
    headers.forEach { field in
      guard !isConnectionSpecific(field), !isIdentity(field.name) else { return }
      if field.isNamed("grpc-status") { hasStatus = true }
      list.append(field)
    }
    return hasStatus
  }

  static func isDroppedFromRequest(_ field: HeaderBlock.Field) -> Bool {
    guard let first = field.name.first else { return true }
    // By first letter: most fields of most requests start with none of these.
    switch first | 0x20 {
    case UInt8(ascii: ":") | 0x20: return true
    case UInt8(ascii: "a"): return field.isNamed("authorization")
    case UInt8(ascii: "c"):
      return field.isNamed("connection") || field.isNamed("cookie")
        || field.isNamed("content-length")
    case UInt8(ascii: "g"): return field.isNamed("grpc-timeout")
    case UInt8(ascii: "h"): return field.isNamed("host") || field.isNamed("http2-settings")
    case UInt8(ascii: "k"): return field.isNamed("keep-alive")
    case UInt8(ascii: "p"):
      return field.isNamed("proxy-connection") || field.isNamed("proxy-authorization")
    case UInt8(ascii: "t"):
      return field.isNamed("te") || field.isNamed("trailer")
        || field.isNamed("transfer-encoding")
    case UInt8(ascii: "u"): return field.isNamed("upgrade")
    case UInt8(ascii: "x"): return isIdentity(field.name) || isKey(field.name)
    default: return false
    }
  }

  private static func isConnectionSpecific(_ field: HeaderBlock.Field) -> Bool {
    field.isNamed("connection") || field.isNamed("keep-alive")
      || field.isNamed("proxy-connection") || field.isNamed("transfer-encoding")
      || field.isNamed("upgrade")
  }

  /// `x-martlet-…` in any case, with `_` for `-`: some readers fold these, so all of them count.
  static func isIdentity(_ name: UnsafeRawBufferPointer) -> Bool {
    hasFoldedPrefix(name, "x-martlet")
  }

  private static func isKey(_ name: UnsafeRawBufferPointer) -> Bool {
    name.count == 9 && hasFoldedPrefix(name, "x-api-key")
  }

  private static func hasFoldedPrefix(
    _ name: UnsafeRawBufferPointer, _ prefix: StaticString
  ) -> Bool {
    guard name.count >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount {
      var byte = name[index]
      if byte == UInt8(ascii: "_") { byte = UInt8(ascii: "-") }
      if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
      guard byte == prefix.utf8Start[index] else { return false }
    }
    return true
  }
}
