internal import Protocols
internal import RPC

/// Methods that the gateway answers itself.
extension Exchange {
  private static let messageByteCountMax = 16 << 10

  /// Of a health check's body. Anybody may send it, compressed, so it must not become much.
  private static let healthByteCountMax = 1 << 10

  /// Names that health knows besides the whole gateway.
  private static let modelServices: Set<String> = [
    "inference.GRPCInferenceService", "martlet.v1.Models", "martlet.v1.Generation",
  ]
  private static let authServices: Set<String> = ["martlet.v1.Keys", "martlet.v1.Tenants"]

  func beginLocal() {
    phase = .local
    localMessage = MessageDeframer(limit: Self.messageByteCountMax, compression: compression)
  }

  func takeLocal(_ bytes: UnsafeRawBufferPointer) {
    if route?.destination == .local(.healthCheck), byteCountIn > Self.healthByteCountMax {
      return refuse(.messageTooLarge, "a health check is one short message")
    }
    var messages: [[UInt8]] = []
    do throws(FramingError) {
      try localMessage.receive(bytes) { messages.append($0) }
    } catch {
      return answer(error.code, error.message)
    }
    for message in messages where phase == .local { answerLocal(message) }
  }

  func endLocal() {
    // A watch goes on until the client cancels it; everything else ends with its requests.
    if case .local(.healthWatch)? = route?.destination { return }
    if hasHeaders || isStreaming { return finishLocal() }
    answer(.invalidArgument, "expected a message, got none")
  }

  private func answerLocal(_ message: [UInt8]) {
    guard case .local(let kind)? = route?.destination else { return }
    do throws(ProtobufError) {
      switch kind {
      case .healthCheck:
        try check(GRPCHealthV1.HealthCheckRequest(protobuf: message).service)
      case .healthList:
        list()
      case .healthWatch:
        watched = try GRPCHealthV1.HealthCheckRequest(protobuf: message).service
        reportHealth()
      case .reflection, .reflectionAlpha:
        send(bytes: try gateway.state.reflection.answer(message))
      }
    } catch {
      answer(.internalError, "the request cannot be read: \(error.message)")
    }
  }

  private func check(_ service: String) {
    if !service.isEmpty, !hasKey { return refuse(.noKey) }
    guard let isServing = isServing(service) else {
      return answer(.notFound, "no such service")
    }
    send(healthResponse(isServing))
    finishLocal()
  }

  private func list() {
    var response = GRPCHealthV1.HealthListResponse()
    for service in [""] + Self.modelServices.sorted() + Self.authServices.sorted() {
      response.statuses[service] = healthResponse(isServing(service) ?? false)
    }
    send(response)
    finishLocal()
  }

  /// Sends a watcher the health of its service when that has changed.
  func reportHealth() {
    guard phase == .local, case .local(.healthWatch)? = route?.destination,
      let service = watched
    else { return }
    let isServing = isServing(service)
    guard healthReported != (isServing ?? false) || !hasHeaders else { return }
    healthReported = isServing ?? false
    var response = healthResponse(isServing ?? false)
    if isServing == nil { response.status = .serviceUnknown }
    send(response)
  }

  private func isServing(_ service: String) -> Bool? {
    let state = gateway.state
    if service.isEmpty { return state.isReady }
    if Self.modelServices.contains(service) { return !state.isDraining && state.areModelsReady }
    if Self.authServices.contains(service) {
      return !state.isDraining && gateway.auth.pool.readyCount > 0
    }
    return nil
  }

  private func healthResponse(_ isServing: Bool) -> GRPCHealthV1.HealthCheckResponse {
    var response = GRPCHealthV1.HealthCheckResponse()
    response.status = isServing ? .serving : .notServing
    return response
  }

  private func send(_ message: some ProtobufMessage) {
    send(bytes: message.serialized())
  }

  private func send(bytes message: [UInt8]) {
    sendHeaders()
    let frame = MessageFramer.frame(message)
    byteCountOut += frame.count
    call.sendData(frame)
    // A client that asks and does not read must not fill the memory.
    countBytes()
  }

  private func sendHeaders() {
    guard !hasHeaders else { return }
    hasHeaders = true
    var headers = HeaderList()
    headers.append(":status", "200" as StaticString)
    headers.append("content-type", "application/grpc" as StaticString)
    call.sendHeaders(headers)
  }

  private func finishLocal() {
    guard !isResponseComplete else { return }
    sendHeaders()
    status = .ok
    complete()
    var trailers = HeaderList()
    trailers.append("grpc-status", "0" as StaticString)
    call.sendTrailers(trailers)
  }
}
