public import RPCWire

/// Answers a request that is not gRPC: `/healthz` for probes and tools, and the refusal of
/// everything else. Nothing of such a request is kept.
///
/// The answer waits for the request's end, because only then it is known to be well-formed.
public final class PlainCall: ServerCallDelegate {
  /// Bodies mean nothing here; who sends more than this is answered before the end.
  private static let bodyByteCountMax = 1 << 20

  private let headers: HeaderList
  private let body: StaticString
  private var bodyByteCount = 0
  private var isAnswered = false

  /// `request` is read at once. `isServing` is what `/healthz` tells.
  public init(_ request: HeaderBlock, isServing: Bool) {
    let method = request.first(":method")
    let isHead = method?.equals("HEAD") ?? false
    let isPost = method?.equals("POST") ?? false
    var headers = HeaderList()
    if !isHead, !isPost, !(method?.equals("GET") ?? false) {
      headers.append(":status", "405" as StaticString)
      headers.append("allow", "GET, HEAD, POST" as StaticString)
      body = ""
    } else if request.path.equals("/healthz") {
      headers.append(":status", isServing ? "200" : "503" as StaticString)
      headers.append("content-type", "text/plain" as StaticString)
      headers.append("cache-control", "no-store" as StaticString)
      body = isHead ? "" : isServing ? "serving\n" : "draining\n"
    } else {
      // 415 is what gRPC asks servers to send for a content type that is not gRPC.
      headers.append(":status", isPost ? "415" : "404" as StaticString)
      body = ""
    }
    self.headers = headers
  }

  private func answer(_ call: ServerCall) {
    guard !isAnswered else { return }
    isAnswered = true
    guard body.utf8CodeUnitCount > 0 else { return call.sendHeaders(headers, endOfStream: true) }
    call.sendHeaders(headers)
    call.sendData(
      UnsafeRawBufferPointer(start: body.utf8Start, count: body.utf8CodeUnitCount))
    call.sendEnd()
  }

  /// Bodies are not looked at.
  public func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    call.consume(bytes.count)
    bodyByteCount += bytes.count
    if bodyByteCount > Self.bodyByteCountMax { answer(call) }
  }

  /// Now the answer.
  public func callReceivedEnd(_ call: ServerCall) {
    answer(call)
  }

  /// All is queued at once.
  public func callCanSend(_ call: ServerCall) {}
  /// Nothing to give back.
  public func callClosed(_ call: ServerCall, reason: CallCloseReason) {}
}
