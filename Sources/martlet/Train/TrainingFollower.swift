internal import Glibc
internal import Protocols
internal import RPC

/// Follows a training to its end, over as many connections as it takes.
struct TrainingFollower {
  let connection: Connection
  let id: String
  /// Where the events begin that nobody has seen.
  private var offset: UInt64 = 0

  private static let pauseMax = Duration.seconds(5)

  init(_ connection: Connection, id: String) {
    (self.connection, self.id) = (connection, id)
  }

  /// Hands over every event once, and gives the job as it ended. A connection that breaks is made
  /// again, for as long as the command's timeout says.
  mutating func follow(
    _ body: (MartletV1.TrainingEvent) throws -> Void, interrupted: (String) -> Void
  ) async throws -> MartletV1.TrainingJob {
    var pause = Duration.milliseconds(250)
    var giveUp = connection.deadline
    while true {
      do {
        var request = MartletV1.WatchTrainingRequest()
        (request.id, request.offset) = (id, offset)
        let events: ResponseStream<MartletV1.TrainingEvent> =
          try await connection.client.serverStreaming(
            "/martlet.v1.Training/Watch", request, metadata: connection.metadata)
        while let event = try await events.next() {
          (pause, giveUp) = (.milliseconds(250), connection.deadline)
          offset = event.offset
          if case .ended(let job)? = event.event { return job }
          try body(event)
        }
        interrupted("the service ended the stream")
      } catch let error as RPCError where Self.isTransient(error.code) {
        guard MonotonicTime.now() < giveUp else { throw error }
        interrupted(error.message)
      }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, Self.pauseMax)
    }
  }

  private static func isTransient(_ code: StatusCode) -> Bool {
    [.unavailable, .internalError, .unknown, .aborted, .cancelled, .deadlineExceeded]
      .contains(code)
  }
}

/// Ctrl-C lets go of a training, and says so.
enum Detachment {
  nonisolated(unsafe) private static var sentence: UnsafeMutablePointer<CChar>?

  /// From now on an interrupt ends the process with the sentence.
  static func arm(id: String) {
    // Never freed: the handler may run at any time.
    sentence = strdup(
      "\nmartlet: the training goes on: `martlet train watch \(id)` shows it again, "
        + "`martlet train cancel \(id)` ends it\n")
    installDetachmentHandler()
  }

  fileprivate static func leave() {
    // Nothing here but what a signal handler may call.
    if let sentence { _ = write(STDERR_FILENO, sentence, strlen(sentence)) }
    _exit(130)
  }
}

// A free function, so that the C callback inherits no actor.
private func installDetachmentHandler() {
  signal(SIGINT) { _ in Detachment.leave() }
}
