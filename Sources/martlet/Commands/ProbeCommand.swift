internal import ArgumentParser
internal import Protocols
internal import RPC

/// `martlet probe`: the health check of a container, inside the program because the image has no
/// shell.
struct ProbeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Exit 0 when the gateway, or a role's private port, says it is ready.",
    discussion: """
      Without --operator the gateway is asked by grpc.health.v1 (no key is needed). With \
      --operator HOST:PORT the role's own /readyz is asked.
      """)
  @OptionGroup var options: ClientOptions
  @Option(name: .customLong("operator"), help: "A role's private HOST:PORT.")
  var operatorAddress: String?

  func run() async throws {
    if let operatorAddress {
      let status = try HTTPProbe.status(of: "/readyz", at: operatorAddress)
      guard status == 200 else {
        throw CommandFailure(.unavailable, "expected status 200 from /readyz, got \(status)")
      }
      return
    }
    let response: GRPCHealthV1.HealthCheckResponse = try await options.connect().call(
      "/grpc.health.v1.Health/Check", GRPCHealthV1.HealthCheckRequest())
    guard response.status == .serving else {
      throw CommandFailure(.unavailable, "the gateway answers, but not all roles are ready")
    }
  }
}
