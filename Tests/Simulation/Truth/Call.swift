internal import EventLoop
internal import RPCWire

/// What a call asks for, and so what may become of it.
enum CallKind: String, CaseIterable, Sendable {
  /// ModelInfer: may be sent twice.
  case infer
  /// ModelInfer with much to send or to answer.
  case inferLarge
  /// RepositoryModelLoad: must not be done twice.
  case load
  /// ModelStreamInfer, message by message.
  case stream
  /// Models/Deploy: many messages, one effect.
  case deploy
  /// Keys/ListKeys at the auth service: may be sent twice.
  case listKeys
  /// Keys/CreateKey at the auth service: must not be done twice.
  case createKey
  /// Answered by the gateway itself.
  case health

  /// Whether the gateway may send it a second time.
  var isRetrySafe: Bool {
    switch self {
    case .infer, .inferLarge, .listKeys, .health: true
    case .load, .stream, .deploy, .createKey: false
    }
  }
}

/// What a client means to do, drawn from the seed before the run.
struct PlannedCall: Sendable {
  var number = 0
  var kind = CallKind.infer
  var at = Duration.zero
  var client = 0
  var key = 0
  /// The client gives up after this.
  var timeout: Duration?
  /// The client changes its mind after this.
  var cancelAfter: Duration?
  var requestByteCount = 0
  var answerByteCount = 0
  /// What the service spends on it.
  var work = Duration.zero
  /// Messages of a stream, and how long its reader rests after each.
  var messageCount = 1
  var rest = Duration.zero
  /// The model is not ready: the service answers UNAVAILABLE, which is no failure of the instance.
  var isUnready = false
}

/// What became of a call, as its client saw it.
final class Call: @unchecked Sendable {
  let plan: PlannedCall
  var startedAt: MonotonicTime?
  var endedAt: MonotonicTime?
  var endCount = 0
  var status: StatusCode?
  var message = ""
  var wasCancelled = false
  /// Services that began to do it.
  var executions: [String] = []
  /// A service has sent its answer off; when the connection then breaks, part of it may be with
  /// the client already.
  var wasAnswered = false

  init(_ plan: PlannedCall) {
    self.plan = plan
  }

  var deadline: MonotonicTime? {
    guard let startedAt, let timeout = plan.timeout else { return nil }
    return startedAt + timeout
  }

  var description: String { "call \(plan.number) (\(plan.kind.rawValue), client \(plan.client))" }
}
