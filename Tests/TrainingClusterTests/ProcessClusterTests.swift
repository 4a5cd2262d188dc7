import Compute
import Crypto
import Foundation
import Glibc
import JSON
import Protocols
import RPC
import TestSupport
import Testing
import Training

@testable import TrainingCluster

/// Nodes as tasks of this process, which speak with each other as processes do.
private final class TaskLauncher: NodeLauncher {
  final class Handle: NodeHandle, @unchecked Sendable {
    // Sendable by hand: under the lock.
    private let lock = Locked((task: Task<Void, Never>?.none, isAlive: true))

    init(_ node: ClusterNode) {
      let task = Task { [lock] in
        try? await node.run()
        lock.withLock { $0.isAlive = false }
      }
      lock.withLock { $0.task = task }
    }

    var isAlive: Bool { lock.withLock { $0.isAlive } }

    func kill() {
      lock.withLock { state in
        state.isAlive = false
        state.task?.cancel()
      }
    }
  }

  let started = Locked<[(role: ClusterNode.Role, handle: Handle)]>([])

  func launch(
    folder: String, role: ClusterNode.Role, number: Int
  ) throws(TrainingError) -> any NodeHandle {
    start(folder, role, number)
  }

  @discardableResult
  func start(_ folder: String, _ role: ClusterNode.Role, _ number: Int?) -> any NodeHandle {
    let handle = Handle(ClusterNode(folder: folder, role: role, number: number))
    started.withLock { $0.append((role, handle)) }
    return handle
  }

  /// Ends one of a role's living processes: the `place`-th that was started.
  func kill(_ role: ClusterNode.Role, _ place: Int = 0) {
    started.withLock { started in
      started.filter { $0.role == role && $0.handle.isAlive }.dropFirst(place).first?.handle
    }?.kill()
  }

  func count(_ role: ClusterNode.Role) -> Int {
    started.withLock { $0.count { $0.role == role } }
  }
}

/// A value under a lock.
private final class Locked<Value>: @unchecked Sendable {
  // Sendable by hand: the value is touched under the lock only.
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<R>(_ body: (inout Value) -> R) -> R {
    lock.lock()
    defer { lock.unlock() }
    return body(&value)
  }
}

@Suite(.serialized) struct ProcessClusterTests {
  /// 120 points in two classes.
  private static func table(_ folder: String) throws -> String {
    var text = "a,b,c,y\n"
    var state: UInt64 = 7
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 24) - 0.5
    }
    for index in 0..<120 {
      let (a, b, c) = (next(), next(), next())
      text += "\(a),\(b),\(c),\(a + b * c + 0.3 * Double(index % 2) > 0.1 ? 1 : 0)\n"
    }
    let path = "\(folder)/training.csv"
    try writeFileAtomically(path, Array(text.utf8), mode: 0o600)
    return path
  }

  private struct Outcome {
    var losses: [Double] = []
    var notes: [String] = []
    var onnx: [UInt8] = []
  }

  /// On a thread of its own: a coordinator waits, which the threads of tasks must not.
  private static func train(
    _ distribute: String, _ launcher: TaskLauncher? = nil, optimizer: String = #""adam""#,
    atFolder: (@Sendable (String) throws(TrainingError) -> Void)? = nil,
    atEpoch: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try trainHere(
              distribute, launcher, optimizer: optimizer, atFolder: atFolder, atEpoch: atEpoch)
          })
      }
    }
  }

  private static func trainHere(
    _ distribute: String, _ launcher: TaskLauncher?, optimizer: String,
    atFolder: (@Sendable (String) throws(TrainingError) -> Void)?, atEpoch: (Int) -> Void
  ) throws -> Outcome {
    let folder = ScratchFolder()
    let text = """
      {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 40, "activation": "tanh"}},
        {"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}}]},
       "compile": {"optimizer": \(optimizer), "loss": "sparse_categorical_crossentropy"},
       "fit": {"epochs": 5, "batch_size": 16, "seed": 5, "target": "y"},
       "distribute": \(distribute)}
      """
    let specification = try JSONValue(parsing: Array(text.utf8)[...])
    let path = try table(folder.path)
    var request = TrainingRequest(
      specification: specification, training: try DataFile.open(path, name: path), threadCount: 1)
    if let launcher {
      let task = ProcessCluster.Task(
        specification: specification, training: path, threadCount: 1,
        folder: "\(folder.path)/cluster")
      request.cluster = { plan throws(TrainingError) in
        let cluster = try ProcessCluster(task, plan, launcher: launcher)
        try atFolder?(task.folder)
        return cluster
      }
    }
    var outcome = Outcome()
    var trainer = try Trainers.trainer(for: request)
    let model = try trainer.run { progress throws(TrainingError) in
      guard progress.endsEpoch else { return }
      outcome.losses.append(progress.metrics[0].value)
      atEpoch(progress.epoch)
    }
    (outcome.notes, outcome.onnx) = (model.notes, model.onnx)
    // Nobody can join any more, and nobody's key is left.
    #expect(access("\(folder.path)/cluster/model.key", F_OK) != 0)
    return outcome
  }

  private func expectSame(_ left: Outcome, _ right: Outcome, _ what: String) {
    #expect(left.losses.count == 5 && right.losses.count == 5, "\(what)")
    for (a, b) in zip(left.losses, right.losses) { #expect(abs(a - b) < 1e-5, "\(what)") }
  }

  @Test(arguments: [
    #"{"workers": 1, "servers": 1}"#, #"{"workers": 2, "servers": 2}"#,
    #"{"workers": 3, "servers": 3, "shards": 4}"#,
  ])
  func theLossCurveIsThatOfOneProcess(distribute: String) async throws {
    let shards = distribute.contains("shards") ? 4 : distribute.contains(#"workers": 2"#) ? 2 : 1
    let one = try await Self.train(#"{"workers": 0, "shards": \#(shards)}"#)
    let many = try await Self.train(distribute, TaskLauncher())
    expectSame(one, many, distribute)
    #expect(many.notes.contains { $0.contains("bytes a step") }, "\(many.notes)")
  }

  @Test func clippingByTheWholeGradientsNormIsThatOfOneProcess() async throws {
    let optimizer =
      #"{"class_name": "SGD", "config": {"learning_rate": 0.2, "global_clipnorm": 0.1}}"#
    let one = try await Self.train(#"{"workers": 0, "shards": 2}"#, optimizer: optimizer)
    let many = try await Self.train(
      #"{"workers": 2, "servers": 2}"#, TaskLauncher(), optimizer: optimizer)
    expectSame(one, many, "clipped")
  }

  @Test(arguments: [
    #"{"workers": 2, "mode": "asynchronous"}"#, #"{"workers": 2, "staleness": 2}"#,
    #"{"workers": 2, "compression": "bf16"}"#, #"{"workers": 2, "servers": 2, "fraction": 0.2}"#,
  ])
  func otherModesLearnToo(distribute: String) async throws {
    let found = try await Self.train(distribute, TaskLauncher())
    #expect(found.losses.last! < found.losses[0], "\(found.losses)")
  }

  @Test(arguments: [ClusterNode.Role.worker, .server], [0, 1])
  func whoeverEndsIsReplaced(role: ClusterNode.Role, place: Int) async throws {
    let distribute = #"{"workers": 2, "servers": 2}"#
    let one = try await Self.train(#"{"workers": 0, "shards": 2}"#)
    let launcher = TaskLauncher()
    let found = try await Self.train(
      distribute, launcher,
      atEpoch: { epoch in
        if epoch == 2 || epoch == 3 { launcher.kill(role, place) }
      })
    expectSame(one, found, "\(role)")
    #expect(launcher.count(role) > 2)
  }

  @Test func processesThatKeepEndingEndTheTraining() throws {
    final class Broken: NodeLauncher {
      final class Handle: NodeHandle {
        let isAlive = false
        func kill() {}
      }
      func launch(
        folder: String, role: ClusterNode.Role, number: Int
      ) throws(TrainingError) -> any NodeHandle { Handle() }
    }
    let folder = ScratchFolder()
    let task = ProcessCluster.Task(
      specification: .object([]), training: "none.csv", threadCount: 1,
      folder: "\(folder.path)/cluster")
    let cluster = try ProcessCluster(
      task, ClusterPlan(workers: 1, servers: 1, exampleCount: 1), launcher: Broken())
    let error = #expect(throws: TrainingError.self) {
      try cluster.startServers([]) { () throws(TrainingError) in }
    }
    #expect(error?.code == .resources)
    #expect(error?.message.contains("processes ended") == true, "\(error?.message ?? "")")
  }

  /// Nobody is started; who joins later takes part, and who leaves is not waited for.
  @Test func processesThatOthersStartedJoin() async throws {
    let one = try await Self.train(#"{"workers": 0, "shards": 2}"#)
    let launcher = TaskLauncher()
    let found = try await Self.train(
      #"{"workers": 2, "servers": 1, "shards": 2, "start": "elsewhere"}"#, launcher,
      atFolder: { folder in
        for role in [ClusterNode.Role.worker, .server, .worker] {
          launcher.start(folder, role, nil)
        }
        // They come before the coordinator waits for them; once they were refused then.
        usleep(300_000)
      }
    ) { epoch in
      if epoch == 2 { launcher.kill(.worker) }
    }
    expectSame(one, found, "elsewhere")
    #expect(launcher.started.withLock { $0.count } == 3)
  }

  /// Certificates of another training, though of the same name, are refused.
  @Test func anotherTrainingsCertificateOpensNothing() async throws {
    let (mine, other) = (ScratchFolder(), ScratchFolder())
    let folder = ClusterFolder(path: mine.path + "/cluster")
    try folder.prepare(host: "127.0.0.1")
    let strangers = ClusterFolder(path: other.path + "/cluster")
    try strangers.prepare(host: "127.0.0.1")
    let server = Server(configuration: .ofTraining(folder, host: "127.0.0.1"))
    ParameterServerHandlers(host: ShardHost()).register(on: server)
    try server.start()
    let target = Endpoint.tcp(host: "127.0.0.1", port: server.port!)
    func status(_ tls: TLSConfiguration) async throws -> StatusCode? {
      let client = try Client(target: target, tls: tls, configuration: .ofTraining)
      defer { client.close() }
      do {
        let _: MartletV1.ShardStatusResponse = try await client.unary(
          ParameterServerHandlers.service + "Status", MartletV1.ShardStatusRequest())
        return nil
      } catch let error as RPCError { return error.code }
    }
    #expect(try await status(folder.tls) == .failedPrecondition)
    #expect(try await status(strangers.tls) == .unavailable)
    var half = strangers.tls
    half.trustRoots = folder.tls.trustRoots
    #expect(try await status(half) == .unavailable)
    await server.shutdown(gracePeriod: .zero)
  }
}
