internal import Dispatch
internal import Protocols
internal import RPC
internal import Synchronization
internal import Training

/// Serves what ranks have trained: how rank 0, and nobody else, speaks with the gateway.
struct RankDeployment: Sendable {
  let name: String
  private let connection: Connection

  /// Asks the gateway before anything is computed: whether it answers, and whether the key may deploy.
  init(_ name: String, _ client: ClientOptions) throws(TrainingError) {
    self.name = name
    let connection: Connection
    do { connection = try client.connect() } catch { throw Self.told(error) }
    self.connection = connection
    // Trainings are shown to who may deploy.
    let _: MartletV1.ListTrainingsResponse = try Self.wait {
      try await connection.call("/martlet.v1.Training/List", MartletV1.ListTrainingsRequest())
    }
  }

  /// Deploys the model as the next version; gives its number.
  func deploy(_ onnx: [UInt8]) throws(TrainingError) -> Int64 {
    let (name, connection) = (name, connection)
    let response = try Self.wait {
      try await connection.deploy(
        [ModelFiles.File(name: "model.onnx", source: .text(onnx))], name: name)
    }
    return response.version
  }

  private static func told(_ error: any Error) -> TrainingError {
    switch error {
    case let error as RPCError: TrainingError(.resources, CommandFailure(error).message)
    case let error as CommandFailure: TrainingError(.resources, error.message)
    default: TrainingError(.resources, "\(error)")
    }
  }

  private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
    let done = DispatchSemaphore(value: 0)
  }

  /// Runs async code to its end. The thread waits, so it must be none that runs async code.
  private static func wait<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) throws(TrainingError) -> Value {
    let outcome = Outcome<Value>()
    Task.detached {
      let result: Result<Value, any Error>
      do { result = .success(try await body()) } catch { result = .failure(error) }
      outcome.result.withLock { $0 = result }
      outcome.done.signal()
    }
    outcome.done.wait()
    switch outcome.result.withLock({ $0 })! {
    case .success(let value): return value
    case .failure(let error): throw told(error)
    }
  }
}
