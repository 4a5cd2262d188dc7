internal import Glibc
package import JSON
internal import Protocols
internal import RPC
package import Training

/// Workers and parameter servers as processes that are started here, or that join from elsewhere. For one
/// thread, which may wait.
///
/// A process that ends is known at once, one that is silent after ten seconds; those that were started here are
/// replaced. That the training goes on as it was is the engine's business.
package final class ProcessCluster: ClusterControl {
  /// What is trained, and where.
  package struct Task: Sendable {
    package var specification: JSONValue
    /// The file of examples: a path, or a name beside the folder.
    package var training: String
    /// Threads of all workers together.
    package var threadCount: Int
    /// For certificates and the coordinator's address; only this training's processes may read it.
    package var folder: String
    /// Where this process and the servers are reached.
    package var host: String
    /// Processes that there may be.
    package var nodeCountMax = 2048
    /// Whether processes of other machines may be waited for.
    package var mayStartElsewhere = true

    package init(
      specification: JSONValue, training: String, threadCount: Int, folder: String,
      host: String = "127.0.0.1"
    ) {
      (self.specification, self.training) = (specification, training)
      (self.threadCount, self.folder, self.host) = (threadCount, folder, host)
    }
  }

  private struct Node {
    var number: Int
    var handle: any NodeHandle
    var hasJoined = false

    /// Whether it works; one that had joined and is silent is ended.
    mutating func isAlive(among joined: Set<Int>) -> Bool {
      let isMember = joined.contains(number)
      if hasJoined, !isMember { handle.kill() }
      hasJoined = isMember
      return handle.isAlive
    }
  }

  private let task: Task
  private let plan: ClusterPlan
  /// nil: somebody else starts the processes.
  private let launcher: (any NodeLauncher)?
  private let folder: ClusterFolder
  private let members: ClusterMembers
  private let server: Server
  private let specification: String
  private var workerNodes: [Node] = []
  private var serverNodes: [Node] = []
  private var nextWorker = 0
  private var clients: [(address: String, client: Client)] = []
  private var traffic: [(bytes: Int, steps: Int)] = []
  private var hasEnded = false
  private var isListening = false
  /// Until a server that is busy with a step answers.
  private var busySeconds = 10
  /// Processes that ended by themselves since the last checkpoint.
  private var deathCount = 0

  /// More deaths than this without a checkpoint in between: whatever kills them will go on.
  private var deathCountMax: Int { max(10, 2 * (plan.workers + plan.servers)) }
  /// Until a process has joined: it reads the data and plans the network's steps.
  private static let startSeconds = 60
  /// The same, where somebody has to start it on another machine.
  private static let joinSeconds = 900
  /// Until processes that were told that all is over have ended.
  private static let endSeconds = 3.0
  private static let lookMicroseconds: UInt32 = 10_000

  package init(
    _ task: Task, _ plan: ClusterPlan, launcher: any NodeLauncher = ProcessLauncher()
  ) throws(TrainingError) {
    let nodeCount = plan.workers + plan.servers
    guard !plan.startsElsewhere || task.mayStartElsewhere else {
      throw TrainingError(
        .specification,
        "distribute: start \"elsewhere\" needs a service whose operator has set training.nodeHost "
          + "(docs/training.md); this one starts the processes itself")
    }
    guard nodeCount <= task.nodeCountMax else {
      throw TrainingError(
        .specification,
        "distribute: expected at most \(task.nodeCountMax) workers and servers on this service, got \(nodeCount)"
      )
    }
    (self.task, self.plan) = (task, plan)
    self.launcher = plan.startsElsewhere ? nil : launcher
    specification = String(decoding: task.specification.serialized(), as: UTF8.self)
    var message = MartletV1.ClusterTask()
    (message.specification, message.training) = (specification, task.training)
    message.exampleCount = UInt64(plan.exampleCount)
    message.threads = UInt32(clamping: max(1, task.threadCount / max(1, plan.workers)))
    members = ClusterMembers(message)
    folder = ClusterFolder(path: task.folder)
    try folder.prepare(host: task.host)
    server = Server(configuration: .ofTraining(folder, host: task.host))
    members.register(on: server)
    if plan.startsElsewhere {
      // Before anybody can know the address: who comes first is not refused.
      members.open(.server, plan.servers)
      members.open(.worker, plan.workers)
    }
    do { try server.start() } catch {
      throw TrainingError(.resources, "the training's coordinator cannot listen: \(error)")
    }
    isListening = true
    try folder.tell(.tcp(host: task.host, port: server.port ?? 0))
  }

  deinit { end() }

  package func startServers(
    _ rules: [ParameterShard.Rules], pause: () throws(TrainingError) -> Void
  ) throws(TrainingError) {
    let isFirst = traffic.isEmpty
    busySeconds = Self.seconds(forNumbers: rules.map(\.range.count).max() ?? 0)
    if isFirst {
      traffic = [(bytes: Int, steps: Int)](repeating: (0, 0), count: rules.count)
      if let launcher {
        for number in rules.indices {
          serverNodes.append(
            Node(number: number, handle: try launch(launcher, .server, number)))
        }
        for _ in 0..<plan.workers { workerNodes.append(try newWorker(launcher)) }
      }
    }
    // Who left those that others start may not come again.
    let workerCount = isFirst ? plan.workers : 1
    repeat {
      try waitForAll(workers: workerCount, servers: rules.count, pause: pause)
    } while try !connect(rules.count)
  }

  private func waitForAll(
    workers workerCount: Int, servers: Int, pause: () throws(TrainingError) -> Void
  ) throws(TrainingError) {
    let seconds = launcher == nil ? Self.joinSeconds : Self.startSeconds
    var looks = 0
    while true {
      try replaceWorkers()
      try replaceServers()
      let (workers, there) = (members.joined(.worker).count, members.joined(.server).count)
      if workers >= workerCount, there == servers { return }
      looks += 1
      guard looks * Int(Self.lookMicroseconds) < seconds * 1_000_000 else {
        throw TrainingError(
          .resources,
          "expected \(workerCount) workers and \(servers) parameter servers within \(seconds) s, got "
            + "\(workers) and \(there): resume the training when machines have time for them")
      }
      try pause()
      usleep(Self.lookMicroseconds)
    }
  }

  private func launch(
    _ launcher: any NodeLauncher, _ role: ClusterNode.Role, _ number: Int
  ) throws(TrainingError) -> any NodeHandle {
    members.expect(role, number)
    return try launcher.launch(folder: task.folder, role: role, number: number)
  }

  private func newWorker(_ launcher: any NodeLauncher) throws(TrainingError) -> Node {
    nextWorker += 1
    return Node(
      number: nextWorker - 1, handle: try launch(launcher, .worker, nextWorker - 1))
  }

  /// Ends processes that had joined and are silent, and starts others for workers that have ended.
  private func replaceWorkers() throws(TrainingError) {
    if let failure = members.failure { throw failure }
    guard let launcher else { return }
    let joined = Set(members.joined(.worker))
    for index in workerNodes.indices where !workerNodes[index].isAlive(among: joined) {
      try countDeath("worker")
      members.forget(.worker, workerNodes[index].number)
      workerNodes[index] = try newWorker(launcher)
    }
  }

  /// The same for servers, which begin empty.
  private func replaceServers() throws(TrainingError) {
    guard let launcher else { return }
    let joined = Set(members.joined(.server))
    for index in serverNodes.indices where !serverNodes[index].isAlive(among: joined) {
      try countDeath("parameter server")
      let number = serverNodes[index].number
      serverNodes[index] = Node(number: number, handle: try launch(launcher, .server, number))
      traffic[index] = (0, 0)
    }
  }

  /// Throws if any server is gone: the others cannot go on without it.
  private func checkServers() throws(ServerLost) {
    for number in clients.indices
    where members.address(ofServer: number) != clients[number].address {
      if number < serverNodes.count { serverNodes[number].handle.kill() }
      throw ServerLost(server: number)
    }
  }

  private func countDeath(_ what: String) throws(TrainingError) {
    deathCount += 1
    guard deathCount > deathCountMax else { return }
    throw TrainingError(
      .resources,
      "\(deathCount) processes ended since the last checkpoint, the last one a \(what), perhaps because they "
        + "need more memory than there is: use fewer workers, smaller batches or a smaller model, then resume "
        + "the training")
  }

  /// Returns false if a server is gone again.
  private func connect(_ serverCount: Int) throws(TrainingError) -> Bool {
    let known = Dictionary(clients.map { ($0.address, $0.client) }, uniquingKeysWith: { $1 })
    clients = []
    for number in 0..<serverCount {
      guard let address = members.address(ofServer: number) else { return false }
      do {
        clients.append(
          (
            address,
            try known[address]
              ?? Client(
                target: Endpoint(parsing: address), tls: folder.tls, configuration: .ofTraining,
                loop: clusterLoop)
          ))
      } catch {
        throw TrainingError(.resources, "a parameter server cannot be reached: \(error)")
      }
    }
    return true
  }

  package func workers() throws(TrainingError) -> [Int] {
    try replaceWorkers()
    return members.joined(.worker)
  }

  package func assign(_ assignments: [Int: ClusterAssignment]) {
    let servers = clients.map(\.address)
    for (worker, assignment) in assignments {
      members.send(assignment.message(servers: servers), to: worker)
    }
  }

  package func end() {
    guard !hasEnded else { return }
    hasEnded = true
    members.end()
    let handles = (workerNodes + serverNodes).map(\.handle)
    let lookCount = Int(Self.endSeconds * 1e6) / Int(Self.lookMicroseconds)
    for _ in 0..<lookCount where handles.contains(where: { $0.isAlive }) {
      usleep(Self.lookMicroseconds)
    }
    for handle in handles { handle.kill() }
    for (_, client) in clients { client.close() }
    folder.remove()
    guard isListening else { return }
    let server = server
    // Calls that were told so end by themselves.
    _Concurrency.Task.detached(executorPreference: clusterLoop) {
      await server.shutdown(gracePeriod: .seconds(1))
    }
  }

  package var summary: String? {
    let bytes = traffic.reduce(0.0) { sum, server in
      sum + Double(server.bytes) / Double(max(1, server.steps))
    }
    guard bytes > 0 else { return nil }
    return
      "\(plan.workers) workers and \(plan.servers) parameter servers moved \(Int(bytes)) bytes a step"
  }
}

// MARK: - Calls of the servers

extension ProcessCluster {
  /// A call of a server; whatever it fails with, the server is lost.
  private func call<Value: Sendable>(
    _ server: Int, seconds: Int,
    _ body: @escaping @Sendable (Client, MonotonicTime) async throws -> Value
  ) throws(ServerLost) -> Value {
    let (address, client) = clients[server]
    let deadline = MonotonicTime.now() + .seconds(seconds)
    do {
      return try waiting { try await body(client, deadline) }.get()
    } catch {
      // It may live and only be silent: the one that takes its place begins at the checkpoint.
      if members.address(ofServer: server) == address { members.forget(.server, server) }
      if server < serverNodes.count { serverNodes[server].handle.kill() }
      throw ServerLost(server: server)
    }
  }

  /// Time for a server's parameters at 20 MB/s, and for it to be busy.
  private static func seconds(forNumbers count: Int) -> Int { 10 + count / 5_000_000 }

  package func load(
    _ server: Int, generation: Int, step: Int, _ contents: ShardContents, sums: [Double],
    marks: UInt64, rules: ParameterShard.Rules
  ) throws(ServerLost) {
    var first = MartletV1.LoadParametersRequest()
    (first.generation, first.step) = (UInt64(generation), UInt64(step))
    (first.sums, first.marks, first.specification) = (sums, marks, specification)
    first.pieces = rules.range.pieceMessages
    first.parameterCount = UInt32(rules.parameterCount)
    let (message, numbers) = (first, contents.numbers)
    try call(server, seconds: Self.seconds(forNumbers: numbers.byteCount / 4)) { client, deadline in
      let _: MartletV1.LoadParametersResponse = try await client.clientStreaming(
        ParameterServerHandlers.service + "Load", deadline: deadline
      ) { writer in
        try await NumberParts.send(message, numbers, to: writer)
      }
    }
  }

  package func proceed(
    _ server: Int, generation: Int, limit: Int, resetsSums: Int?
  ) throws(ServerLost) {
    var request = MartletV1.ProceedRequest()
    (request.generation, request.limit) = (UInt64(generation), UInt64(limit))
    request.sumCount = UInt32(resetsSums ?? 0)
    let message = request
    try call(server, seconds: busySeconds) { client, deadline in
      let _: MartletV1.ProceedResponse = try await client.unary(
        ParameterServerHandlers.service + "Proceed", message, deadline: deadline)
    }
  }

  package func status(_ server: Int) throws(ServerLost) -> ShardStatus {
    try checkServers()
    let response: MartletV1.ShardStatusResponse = try call(server, seconds: busySeconds) {
      client, deadline in
      try await client.unary(
        ParameterServerHandlers.service + "Status", MartletV1.ShardStatusRequest(),
        deadline: deadline)
    }
    traffic[server] = (
      Int(clamping: response.receivedBytes) + Int(clamping: response.sentBytes),
      Int(clamping: response.steps)
    )
    return ShardStatus(
      isAtLimit: response.isAtLimit, version: Int(clamping: response.version),
      sums: response.sums, marks: response.marks)
  }

  package func contents(
    _ server: Int, rules: ParameterShard.Rules
  ) throws(ServerLost) -> ShardContents {
    let byteCount = 4 * rules.range.count * (1 + rules.slotCount)
    let numbers: EncodedNumbers = try call(server, seconds: Self.seconds(forNumbers: byteCount / 4))
    {
      client, deadline in
      let responses: ResponseStream<NumberPart<MartletV1.ParametersResponse>> =
        try await client.serverStreaming(
          ParameterServerHandlers.service + "Contents", MartletV1.ParametersRequest(),
          deadline: deadline)
      return try await NumberParts.receive(responses, byteCountMax: byteCount).numbers
    }
    guard numbers.byteCount == byteCount,
      let contents = ShardContents(numbers, count: rules.range.count)
    else { throw ServerLost(server: server) }
    deathCount = 0
    return contents
  }
}
