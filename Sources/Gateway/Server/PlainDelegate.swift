internal import RPC

/// Answers what is not gRPC: `/healthz`, and the refusal of everything else.
final class PlainDelegate: ServerCallDelegate {
  func answer(_ head: RequestHead, _ call: ServerCall, isDraining: Bool) {
    if head.path.equals("/healthz"), head.method != .other {
      return answer(
        call, status: isDraining ? "503" : "200", body: isDraining ? "draining\n" : "ok\n")
    }
    // 415 is what gRPC asks servers to send for a content type that is not gRPC.
    answer(call, status: head.method == .post ? "415" : "404", body: "")
  }

  private func answer(_ call: ServerCall, status: StaticString, body: StaticString) {
    var headers = HeaderList()
    headers.append(":status", status)
    guard body.utf8CodeUnitCount > 0 else { return call.sendHeaders(headers, endOfStream: true) }
    headers.append("content-type", "text/plain" as StaticString)
    headers.append("cache-control", "no-store" as StaticString)
    call.sendHeaders(headers)
    call.sendData(
      UnsafeRawBufferPointer(start: body.utf8Start, count: body.utf8CodeUnitCount))
    call.sendEnd()
  }

  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    call.consume(bytes.count)
  }

  func callReceivedEnd(_ call: ServerCall) {}
  func callCanSend(_ call: ServerCall) {}
  func callClosed(_ call: ServerCall, reason: CallCloseReason) {}
}
