internal import Protocols
internal import RPC
internal import Synchronization
internal import Training

/// The processes that have joined. Each is a member as long as its call lasts: a process that dies is none at
/// once, one that is silent after some seconds.
final class ClusterMembers: Sendable {
  static let path = "/martlet.v1.ClusterCoordinator/Join"

  private struct Key: Hashable {
    var role: ClusterNode.Role
    var number: Int
  }

  private struct Member {
    /// Tells two processes of one number apart.
    var ticket: Int
    var address: String
    var outbox: AsyncStream<MartletV1.JoinClusterResponse>.Continuation
  }

  private struct State {
    var members: [Key: Member] = [:]
    var expected: Set<Key> = []
    /// How many of each role may join that nobody here started.
    var places: [ClusterNode.Role: Int] = [:]
    var ticketCount = 0
    var workerCount = 0
    var failure: TrainingError?
  }

  private let task: MartletV1.ClusterTask
  private let state = Mutex(State())

  init(_ task: MartletV1.ClusterTask) { self.task = task }

  // MARK: - For the coordinator

  /// Lets a process join; another one of that number is none any more.
  func expect(_ role: ClusterNode.Role, _ number: Int) {
    forget(role, number)
    state.withLock { _ = $0.expected.insert(Key(role: role, number: number)) }
  }

  /// Lets processes join that were started elsewhere.
  func open(_ role: ClusterNode.Role, _ count: Int) {
    state.withLock { $0.places[role] = count }
  }

  /// Parts from a process.
  func forget(_ role: ClusterNode.Role, _ number: Int) {
    let key = Key(role: role, number: number)
    let member = state.withLock { state in
      state.expected.remove(key)
      return state.members.removeValue(forKey: key)
    }
    member?.outbox.finish()
  }

  /// Numbers of those who are there, ascending.
  func joined(_ role: ClusterNode.Role) -> [Int] {
    state.withLock { $0.members.keys.filter { $0.role == role }.map(\.number) }.sorted()
  }

  /// Where a server is; nil for one that is not there.
  func address(ofServer number: Int) -> String? {
    state.withLock { $0.members[Key(role: .server, number: number)]?.address }
  }

  /// What a worker failed with.
  var failure: TrainingError? { state.withLock { $0.failure } }

  /// Tells a worker what to do.
  func send(_ assignment: MartletV1.ClusterAssignment, to worker: Int) {
    var message = MartletV1.JoinClusterResponse()
    message.assignment = assignment
    let outbox = state.withLock { $0.members[Key(role: .worker, number: worker)]?.outbox }
    outbox?.yield(message)
  }

  /// Tells everybody that the training is over.
  func end() {
    var message = MartletV1.JoinClusterResponse()
    message.assignment = ClusterAssignment(generation: 0, shards: [], isOver: true)
      .message(servers: [])
    let members = state.withLock { state in
      (state.expected, state.places) = ([], [:])
      return state.members
    }
    for member in members.values {
      member.outbox.yield(message)
      member.outbox.finish()
    }
  }

  // MARK: - For the processes

  func register(on server: Server) {
    server.bidirectional(Self.path) {
      [self]
      (
        requests: RequestStream<MartletV1.JoinClusterRequest>,
        writer: ResponseWriter<MartletV1.JoinClusterResponse>, _
      ) in
      guard let first = try await requests.next() else {
        throw RPCError(code: .invalidArgument, message: "expected a role, got no message")
      }
      let (key, ticket, messages) = try admit(first)
      defer { leave(key, ticket) }
      var hello = MartletV1.JoinClusterResponse()
      hello.task = task
      try await writer.send(hello)
      // The call ends when either side has nothing more to say; what still reads ends with the call.
      Task { [self] in
        defer { leave(key, ticket) }
        while let message = try await requests.next() { note(message) }
      }
      for await message in messages { try await writer.send(message) }
    }
  }

  private func admit(
    _ hello: MartletV1.JoinClusterRequest
  ) throws -> (Key, Int, AsyncStream<MartletV1.JoinClusterResponse>) {
    guard let role = ClusterNode.Role(rawValue: hello.role) else {
      throw RPCError(
        code: .invalidArgument, message: "expected the role worker or server, got another")
    }
    let (messages, outbox) = AsyncStream.makeStream(of: MartletV1.JoinClusterResponse.self)
    let found = state.withLock { state -> (Key, Int)? in
      guard let key = Self.key(role, hello.givenNumber, &state) else { return nil }
      state.ticketCount += 1
      state.members[key] = Member(
        ticket: state.ticketCount, address: hello.address, outbox: outbox)
      return (key, state.ticketCount)
    }
    guard let (key, ticket) = found else {
      throw RPCError(
        code: .failedPrecondition, message: "the training expects no further \(role) of this number"
      )
    }
    return (key, ticket, messages)
  }

  /// The number that a process is known by; nil if it is not wanted.
  private static func key(
    _ role: ClusterNode.Role, _ given: MartletV1.JoinClusterRequest.GivenNumber?,
    _ state: inout State
  ) -> Key? {
    let places = state.places[role] ?? 0
    if places == 0 {
      guard case .number(let number)? = given else { return nil }
      let key = Key(role: role, number: Int(number))
      return state.expected.contains(key) && state.members[key] == nil ? key : nil
    }
    if role == .worker {
      // Never a number twice: whoever comes after another has to be told what to do.
      guard state.members.keys.count(where: { $0.role == role }) < places else { return nil }
      state.workerCount += 1
      return Key(role: role, number: state.workerCount - 1)
    }
    let free = (0..<places).first { state.members[Key(role: role, number: $0)] == nil }
    return free.map { Key(role: role, number: $0) }
  }

  private func leave(_ key: Key, _ ticket: Int) {
    let member = state.withLock { state -> Member? in
      guard state.members[key]?.ticket == ticket else { return nil }
      return state.members.removeValue(forKey: key)
    }
    member?.outbox.finish()
  }

  private func note(_ message: MartletV1.JoinClusterRequest) {
    guard !message.failure.isEmpty else { return }
    state.withLock { state in
      if state.failure == nil {
        state.failure = TrainingError(codeName: message.failureCode, message.failure)
      }
    }
  }
}
