import RPC
import Synchronization
import Testing

@testable import Gateway

/// One tenant's calls must not take an instance away from the others: only what shows that the
/// instance is ill counts against it.
@Suite(.timeLimit(.minutes(1))) struct InstanceHealthTests {
  /// Many more in a row than an ill instance is allowed.
  private static let callCount = 4 * BalancingSettings().failuresMax

  private func ejections(_ world: World) -> Int? {
    let name = #"martlet_gateway_ejections_total{service="model"} "#
    let lines = String(decoding: world.gateway.renderMetrics(), as: UTF8.self).split(
      separator: "\n")
    return lines.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
  }

  private func fail(_ world: World) async -> Set<StatusCode> {
    var codes: Set<StatusCode> = []
    for _ in 0..<Self.callCount { codes.insert(await status { try await world.infer() }) }
    return codes
  }

  @Test(arguments: [
    (HTTP2ErrorCode.protocolError, StatusCode.internalError),
    (.cancel, .cancelled), (.enhanceYourCalm, .resourceExhausted),
    (.refusedStream, .unavailable),
  ])
  func aResetOfTheRequestLeavesTheInstance(
    _ code: HTTP2ErrorCode, _ expected: StatusCode
  ) async throws {
    let world = try World()
    world.models[0].state.withLock { $0.resetCode = code }
    #expect(await fail(world) == [expected])
    #expect(ejections(world) == 0)
    await world.stop()
  }

  @Test func aModelThatIsNotReadyLeavesTheInstance() async throws {
    let world = try World()
    world.models[0].state.withLock {
      $0.failure = RPCError(code: .unavailable, message: "the model is not ready")
    }
    #expect(await fail(world) == [.unavailable])
    #expect(ejections(world) == 0)
    await world.stop()
  }

  @Test func anInstanceThatReportsErrorsOfItsOwnIsEjected() async throws {
    let world = try World()
    world.models[0].state.withLock { $0.resetCode = .internalError }
    #expect(await fail(world) == [.internalError])
    #expect(try #require(ejections(world)) >= 1)
    await world.stop()
  }
}
