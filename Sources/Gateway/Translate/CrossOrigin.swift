internal import RPC

/// Which web pages may call the gateway from a browser (CORS, the Fetch standard): those of
/// configured origins, none by default. This protects people with a browser, not the gateway, which
/// trusts nobody without a key.
struct CrossOrigin {
  private let origins: Set<String>

  /// Origins as browsers send them, `https://app.example:8443`; `*` is all of them.
  init(_ origins: [String]) {
    self.origins = Set(origins)
  }

  /// How long browsers remember a permission; Chromium's longest.
  private static let ageSecondsMax: StaticString = "7200"
  private static let exposed: StaticString =
    "grpc-status, grpc-message, inference-header-content-length, retry-after"

  /// The request's origin, if it is one of them.
  func allowed(_ headers: HeaderBlock) -> String? {
    guard !origins.isEmpty, let origin = headers.string("origin"),
      origins.contains(origin) || origins.contains("*")
    else { return nil }
    return origin
  }

  /// Adds what lets a page of the origin read the answer.
  static func append(_ origin: String?, to headers: inout HeaderList) {
    guard let origin else { return }
    headers.append("access-control-allow-origin", origin)
    headers.append("access-control-expose-headers", exposed)
    headers.append("vary", "origin" as StaticString)
  }

  /// The answer to a browser's question before it sends a request; nil when it is none.
  func preflight(_ headers: HeaderBlock) -> HeaderList? {
    guard headers.first("access-control-request-method") != nil, headers.first("origin") != nil
    else { return nil }
    var answer = HeaderList()
    guard let origin = allowed(headers) else {
      answer.append(":status", "403" as StaticString)
      return answer
    }
    answer.append(":status", "204" as StaticString)
    answer.append("access-control-allow-origin", origin)
    answer.append("access-control-allow-methods", "GET, HEAD, POST" as StaticString)
    // Metadata may have any name; what the gateway believes none of is dropped anyway.
    if let names = headers.first("access-control-request-headers") {
      answer.append("access-control-allow-headers", names)
    }
    answer.append("access-control-max-age", Self.ageSecondsMax)
    answer.append("vary", "origin" as StaticString)
    return answer
  }
}
