internal import EventLoop

// Sendable by hand: touched on its loop only; the tasks prefer the loop.

/// Tasks that run one unary handler after another. Resuming a task that waits costs a third of
/// making a new one, with its memory and its executor preference.
final class HandlerTasks: @unchecked Sendable {
  private let loop: EventLoop
  private var idle: [HandlerTask] = []
  private var isStopped = false

  /// More idle tasks than this end instead of waiting.
  private static let idleCountMax = 512

  init(loop: EventLoop) {
    self.loop = loop
  }

  /// Runs the call's handler in a moment. The task is the call's until it has ended.
  func run(_ call: GRPCServerCall) -> Task<Void, Never> {
    if let worker = idle.popLast() {
      worker.resume(with: call)
      return worker.task
    }
    let worker = HandlerTask(call)
    worker.task = Task(executorPreference: loop) { [self] in await worker.run(self) }
    return worker.task
  }

  /// Takes a task back; false when it should end.
  fileprivate func takeBack(_ worker: HandlerTask) -> Bool {
    guard !isStopped, idle.count < Self.idleCountMax else { return false }
    idle.append(worker)
    return true
  }

  /// Ends the idle tasks, and the others when they become idle.
  func stop() {
    isStopped = true
    for worker in idle { worker.resume(with: nil) }
    idle = []
  }
}

// Sendable by hand: see above.
private final class HandlerTask: @unchecked Sendable {
  var task: Task<Void, Never>!
  private var call: GRPCServerCall?
  private var continuation: UnsafeContinuation<Void, Never>?

  init(_ call: GRPCServerCall) {
    self.call = call
  }

  func resume(with call: GRPCServerCall?) {
    self.call = call
    let continuation = continuation
    self.continuation = nil
    continuation?.resume()
  }

  /// Runs the handler of the call it was given. Apart, so that no reference to the call is kept
  /// while the task waits: a call that nobody refers to begins again.
  private func serve() async -> Bool {
    guard let call = call.take() else { return false }
    await call.performUnary()
    return true
  }

  func run(_ owner: HandlerTasks) async {
    while await serve() {
      // Cancellation stays with a task for ever: one that was cancelled serves no other call.
      if Task.isCancelled { return }
      await withUnsafeContinuation { continuation in
        self.continuation = continuation
        if !owner.takeBack(self) { resume(with: nil) }
      }
    }
  }
}
