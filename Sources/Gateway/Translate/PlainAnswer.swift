internal import RPC

/// An answer that needs no call: sent at once, and what the client still sends is dropped.
final class PlainAnswer: ServerCallDelegate {
  /// Answers a REST request. `allow` is what could be done instead.
  init(
    _ answer: RESTAnswer, to client: ServerCall, _ request: HeaderBlock, _ origins: CrossOrigin,
    allow: StaticString? = nil
  ) {
    answer.send(
      to: client, isHead: request.first(":method")?.equals("HEAD") ?? false,
      origin: origins.allowed(request), allow: allow)
  }

  /// Answers OPTIONS.
  init(options client: ServerCall, allow: StaticString) {
    var headers = HeaderList()
    headers.append(":status", "204" as StaticString)
    headers.append("allow", allow)
    client.sendHeaders(headers, endOfStream: true)
  }

  /// An answer without a body.
  init(_ headers: HeaderList, to client: ServerCall) {
    client.sendHeaders(headers, endOfStream: true)
  }

  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    call.consume(bytes.count)
  }

  func callReceivedEnd(_ call: ServerCall) {}
  func callCanSend(_ call: ServerCall) {}
  func callClosed(_ call: ServerCall, reason: CallCloseReason) {}
}

extension RESTAnswer {
  /// Bytes of the body.
  var byteCount: Int { (binary ?? []).reduce(json.count) { $0 + $1.count } }

  /// Sends the whole answer, compressed if so wanted.
  func send(
    to client: ServerCall, isHead: Bool, origin: String?, retryAfter: String? = nil,
    allow: StaticString? = nil, compression: Compression? = nil
  ) {
    let compressed = compression.map {
      MessageCompressor.deflate((binary ?? []).reduce(into: json) { $0 += $1 }, $0)
    }
    var headers = HeaderList()
    headers.append(":status", "\(status)")
    headers.append(
      "content-type",
      binary == nil ? "application/json" as StaticString : "application/octet-stream")
    headers.append("content-length", "\(compressed?.count ?? byteCount)")
    if let compression { headers.append("content-encoding", compression.rawValue) }
    if status == 200 { headers.append("vary", "accept-encoding" as StaticString) }
    if binary != nil { headers.append("inference-header-content-length", "\(json.count)") }
    if let allow { headers.append("allow", allow) }
    if let retryAfter { headers.append("retry-after", retryAfter) }
    if status == 401 { headers.append("www-authenticate", "Bearer" as StaticString) }
    CrossOrigin.append(origin, to: &headers)
    if isHead { return client.sendHeaders(headers, endOfStream: true) }
    client.sendHeaders(headers)
    if let compressed {
      client.sendData(compressed)
      return client.sendEnd()
    }
    client.sendData(json)
    for tensor in binary ?? [] { tensor.withUnsafeBytes { client.sendData($0) } }
    client.sendEnd()
  }
}
