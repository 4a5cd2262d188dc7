internal import Glibc
internal import JSON
internal import Protocols
internal import RPC
public import Training

/// A process that computes gradients, or holds a range of the parameters, of one training.
public struct ClusterNode: Sendable {
  /// What a process does.
  public enum Role: String, Sendable, CaseIterable {
    /// Computes gradients.
    case worker
    /// Holds a range of the parameters.
    case server
  }

  private let folder: ClusterFolder
  private let role: Role
  private let number: Int?
  private let host: String

  /// - Parameters:
  ///   - folder: of the training: its certificates, and where its coordinator is.
  ///   - number: as the coordinator counts processes of the role; nil: the coordinator says.
  ///   - host: the name or address under which the others reach this process.
  public init(folder: String, role: Role, number: Int?, host: String = "127.0.0.1") {
    self.folder = ClusterFolder(path: folder)
    (self.role, self.number, self.host) = (role, number, host)
  }

  /// Takes part until the training is over, or its coordinator is gone. Throws when it cannot begin.
  public func run() async throws(TrainingError) {
    do {
      let server = try role == .server ? startServer() : nil
      let coordinator = try Client(
        target: folder.coordinator(), tls: folder.tls, configuration: .ofTraining, loop: clusterLoop
      )
      await withTaskCancellationHandler {
        await take(part: coordinator, server?.port)
      } onCancel: {
        coordinator.close()
      }
      coordinator.close()
      await server?.shutdown(gracePeriod: .zero)
    } catch let error as TrainingError {
      throw error
    } catch {
      throw TrainingError(.resources, "the training cannot be joined: \(error)")
    }
  }

  private func startServer() throws -> Server {
    let server = Server(configuration: .ofTraining(folder, host: host))
    ParameterServerHandlers(host: ShardHost()).register(on: server)
    try server.start()
    return server
  }

  private func take(part coordinator: Client, _ port: UInt16?) async {
    let links = RemoteLinks(tls: folder.tls)
    defer { links.end() }
    do {
      let (writer, responses):
        (
          RequestWriter<MartletV1.JoinClusterRequest>,
          ResponseStream<MartletV1.JoinClusterResponse>
        ) = try await coordinator.bidirectional(ClusterMembers.path)
      var hello = MartletV1.JoinClusterRequest()
      hello.role = role.rawValue
      hello.givenNumber = number.map { .number(UInt32(clamping: $0)) }
      if let port { hello.address = Endpoint.tcp(host: host, port: port).description }
      try await writer.send(hello)
      while let message = try await responses.next() {
        if let task = message.task, role == .worker { work(task, folder, links, writer) }
        guard let assignment = message.assignment else { continue }
        if assignment.isOver { return }
        try links.take(assignment)
      }
    } catch {
      // The coordinator is gone, and with it everything that could be said.
    }
  }

  /// Computes on a thread of its own.
  private func work(
    _ task: MartletV1.ClusterTask, _ folder: ClusterFolder, _ links: RemoteLinks,
    _ writer: RequestWriter<MartletV1.JoinClusterRequest>
  ) {
    // Address space only: layers may be deep.
    Thread.spawn(name: "worker", stackByteCount: 64 << 20) {
      do throws(TrainingError) {
        try Self.worker(task, folder, links).run()
      } catch {
        guard error.code != .cancelled else { return }
        var failure = MartletV1.JoinClusterRequest()
        (failure.failure, failure.failureCode) = (error.message, error.codeName)
        let message = failure
        _ = waiting { try await writer.send(message) }
      }
    }
  }

  private static func worker(
    _ task: MartletV1.ClusterTask, _ folder: ClusterFolder, _ links: RemoteLinks
  ) throws(TrainingError) -> ClusterWorker {
    let specification: JSONValue
    do throws(JSONError) {
      specification = try JSONValue(parsing: Array(task.specification.utf8)[...])
    } catch { throw TrainingError(.specification, "the description is no JSON: \(error)") }
    let name = task.training.split(separator: "/").last.map(String.init) ?? task.training
    let request = TrainingRequest(
      specification: specification,
      training: try DataFile.open(
        task.training.hasPrefix("/") ? task.training : "\(folder.path)/../\(name)", name: name),
      threadCount: max(1, Int(task.threads)))
    return try ClusterWorker(
      request, exampleCount: Int(clamping: task.exampleCount), links: links)
  }
}
