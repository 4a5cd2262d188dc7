import Dispatch
import Glibc
import Protocols
import RPC
import Synchronization
import Testing

@testable import Gateway

/// REST and gRPC-Web on a whole gateway, by HTTP/1.1 in clear over a Unix socket.
@Suite(.timeLimit(.minutes(1))) struct TranslatedCallTests {
  private func makeWorld(_ change: (inout GatewayConfiguration) -> Void = { _ in }) throws -> (
    World, String
  ) {
    let path = "\(temporaryFolder())/gateway"
    let world = try World { configuration in
      configuration.listen = [.unix(path: path)]
      change(&configuration)
    }
    return (world, path)
  }

  private func connect(_ path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    precondition(result == 0, "cannot connect: errno \(errno)")
    return descriptor
  }

  /// Sends text and reads to the connection's end, on a thread that may wait.
  private func ask(_ path: String, _ text: String) async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: askNow(path, text)) }
    }
  }

  private func askNow(_ path: String, _ text: String) -> String {
    let descriptor = connect(path)
    defer { close(descriptor) }
    send(descriptor, text)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }

  private func send(_ descriptor: Int32, _ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private func infer(
    _ body: String = "{}", model: String = "digits", key: String = World.key, fields: String = ""
  ) -> String {
    "POST /v2/models/\(model)/infer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
      + "authorization: Bearer \(key)\r\n\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func isMetric(_ world: World, _ line: String) -> Bool {
    String(decoding: world.gateway.renderMetrics(), as: UTF8.self).contains(line)
  }

  @Test func aRESTRequestIsAGRPCCallWithTheGatewaysIdentity() async throws {
    let (world, path) = try makeWorld()
    let answer = await ask(
      path,
      infer(
        fields: "x-martlet-tenant: evil\r\ncustom: kept\r\norigin: https://a\r\naccept: */*\r\n"))
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(
      answer.hasSuffix(#"{"model_name":"digits","model_version":"","id":"acme","outputs":[]}"#))
    let seen = world.models[0].state.withLock { $0.metadata[0] }
    #expect(seen.contains("x-martlet-tenant: acme") && seen.contains("custom: kept"))
    #expect(!seen.contains { $0.contains("evil") || $0.contains("mk_") })
    #expect(!seen.contains { $0.hasPrefix("origin") || $0.hasPrefix("accept") })
    #expect(world.gateway.heldByteCount == 0)
    let lines = await world.stop()
    #expect(lines.count == 1)
    #expect(lines[0].contains(#""model":"digits","status":"OK","http_status":200"#))
  }

  @Test func aKeyThatIsNotKnownYetHoldsTheBodyBack() async throws {
    let (world, path) = try makeWorld()
    #expect(await ask(path, infer("{", key: "mk_wrong_key")).hasPrefix("HTTP/1.1 401 "))
    #expect(await ask(path, infer("{")).hasPrefix("HTTP/1.1 400 "))
    #expect(await ask(path, infer("{")).hasPrefix("HTTP/1.1 400 "), "the key is known now")
    world.auth.add("mk_limited_1", grant(key: "k3", models: ["team-*"]))
    #expect(await ask(path, infer(key: "mk_limited_1")).hasPrefix("HTTP/1.1 403 "))
    #expect(await ask(path, infer(model: "team-a", key: "mk_limited_1")).hasPrefix("HTTP/1.1 200 "))
    let lines = await world.stop()
    #expect(lines.map { $0.contains(#""http_status":400"#) } == [false, true, true, false, false])
  }

  @Test func bytesHeldHaveALimit() async throws {
    let (world, path) = try makeWorld { $0.limits.heldByteCountMax = 100_000 }
    let answer = await ask(path, infer(String(repeating: " ", count: 200_000)))
    #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"))
    #expect(isMetric(world, #"martlet_gateway_rejected_total{reason="gateway_bytes"} 1"#))
    #expect(world.gateway.heldByteCount == 0)
    #expect(await ask(path, infer()).hasPrefix("HTTP/1.1 200 "))
    await world.stop()
  }

  @Test func quotasAnswerWithRetryAdvice() async throws {
    let (world, path) = try makeWorld()
    var quota = MartletV1.Quota()
    quota.requestsPerSecond = 1
    quota.requestsBurst = 1
    quota.messageBytesMax = 1_000
    var limited = grant("small", key: "k9")
    limited.quota = quota
    world.auth.add("mk_limited_1", limited)
    let large = infer(String(repeating: " ", count: 2_000), key: "mk_limited_1")
    #expect(await ask(path, large).hasPrefix("HTTP/1.1 413 "))
    // Many sent ahead: however slow the machine is, they do not take a second each.
    let last = infer(key: "mk_limited_1")
    let kept = last.replacing("connection: close\r\n", with: "")
    let answers = await ask(path, String(repeating: kept, count: 20) + last)
    #expect(answers.contains("HTTP/1.1 429 ") && answers.contains("retry-after: 1\r\n"))
    await world.stop()
  }

  @Test func compressedAnswersArePaidForUntilNothingIsLeft() async throws {
    let (world, path) = try makeWorld {
      $0.limits.messageByteCountMax = 4 << 10
      $0.limits.inflatedKilobytesPerSecondMax = 1
    }
    // The answer names the tenant: 1.3 KB, as dear as ten that are decompressed.
    world.auth.add("mk_long_1", grant(String(repeating: "t", count: 1_300), key: "k9"))
    let question = infer(key: "mk_long_1", fields: "accept-encoding: gzip\r\n")
    #expect(await ask(path, question).contains("content-encoding: gzip\r\n"))
    let second = await ask(path, question)
    #expect(second.hasPrefix("HTTP/1.1 200 ") && !second.contains("content-encoding"))
    await world.stop()
  }

  @Test func sizesHaveLimits() async throws {
    let (world, path) = try makeWorld {
      $0.limits.messageByteCountMax = 2_000
      $0.limits.jsonByteCountMax = 1_000
    }
    for count in [1_500, 3_000] {
      #expect(
        await ask(path, infer(String(repeating: " ", count: count))).hasPrefix("HTTP/1.1 413 "))
    }
    let metrics = String(decoding: world.gateway.renderMetrics(), as: UTF8.self)
    for reason in ["json_too_large", "message_too_large"] {
      #expect(metrics.contains(#"martlet_gateway_rejected_total{reason="\#(reason)"} 1"#))
    }
    await world.stop()
  }

  @Test func aBodyThatStallsIsCutOff() async throws {
    let (world, path) = try makeWorld { $0.limits.transferGrace = .milliseconds(300) }
    let half = String(infer(String(repeating: " ", count: 1_000)).dropLast(500))
    #expect(await ask(path, half).hasPrefix("HTTP/1.1 499 "))
    #expect(isMetric(world, #"martlet_gateway_rejected_total{reason="slow_request"} 1"#))
    await world.stop()
  }

  @Test func aClientThatLeavesCancelsItsCall() async throws {
    let (world, path) = try makeWorld()
    world.models[0].state.withLock { $0.isHanging = true }
    let descriptor = connect(path)
    send(descriptor, infer())
    for await _ in world.models[0].entered.stream { break }
    close(descriptor)
    while world.models[0].state.withLock({ $0.cancelledCount }) == 0 { await Task.yield() }
    let lines = await world.stop()
    #expect(lines[0].contains(#""status":"CANCELLED""#))
  }

  @Test func errorsOfTheServiceHaveTheirStatus() async throws {
    let (world, path) = try makeWorld()
    for (code, status): (StatusCode, Int) in [
      (.invalidArgument, 400), (.notFound, 404), (.unimplemented, 501), (.internalError, 500),
    ] {
      world.models[0].state.withLock {
        $0.failure = RPCError(code: code, message: "a \"reason\" ü")
      }
      let answer = await ask(path, infer())
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
      #expect(answer.hasSuffix(#"{"error":"a \"reason\" ü"}"#))
    }
    await world.stop()
  }

  @Test func gRPCWebPassesFramesAndEndsWithTrailers() async throws {
    let (world, path) = try makeWorld()
    var request = Inference.ModelInferRequest()
    request.modelName = "digits"
    let body = frame(request.serialized()).withUnsafeBytes { Base64.encode($0, isPadded: true) }
    let text = String(decoding: body, as: UTF8.self)
    let answer = await ask(
      path,
      "POST /inference.GRPCInferenceService/ModelInfer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
        + "authorization: Bearer \(World.key)\r\ncontent-type: application/grpc-web-text\r\n"
        + "content-length: \(text.utf8.count)\r\n\r\n\(text)")
    #expect(answer.contains("content-type: application/grpc-web-text+proto\r\n"))
    #expect(answer.contains("served-by: m0\r\n"))
    let trailers = headers([("cost", "1"), ("grpc-status", "0")])
    let other = headers([("grpc-status", "0"), ("cost", "1")])
    let ends = [trailers, other].map { list in
      GRPCWebTrailers.frame(list).withUnsafeBytes {
        String(decoding: Base64.encode($0, isPadded: true), as: UTF8.self)
      }
    }
    #expect(ends.contains { answer.contains($0) })
    await world.stop()
  }
}
