internal import RPC

/// Requests that are not gRPC, by what they are.
extension LoopGateway {
  func translate(_ headers: HeaderBlock, _ call: ServerCall) -> any ServerCallDelegate {
    if headers.first(":method")?.equals("OPTIONS") ?? false,
      let answer = crossOrigin.preflight(headers)
    {
      return PlainAnswer(answer, to: call)
    }
    if call.headersWereTooLarge {
      return PlainAnswer(
        RESTAnswer(status: 431, "the header fields are too large"), to: call, headers, crossOrigin)
    }
    if headers.first(":method")?.equals("POST") ?? false,
      let form = headers.first("content-type").flatMap(GRPCWebCall.Form.init)
    {
      return GRPCWebCall(self, call, headers, form)
    }
    if Self.isREST(headers.path) { return RESTCall.make(self, call, headers) }
    return PlainCall(headers, isServing: !state.isDraining)
  }

  private static func isREST(_ path: UnsafeRawBufferPointer) -> Bool {
    path.hasPrefix("/v2")
      && (path.count == 3 || path[3] == UInt8(ascii: "/") || path[3] == UInt8(ascii: "?"))
  }
}
