internal import RPCWire
internal import Synchronization

/// A message as it arrived.
struct ReceivedMessage: Sendable {
  var bytes: [UInt8]
  /// Compressed on the wire; `bytes` are not.
  var wasCompressed: Bool
}

/// Messages that have arrived and wait for their reader, from the loop to any one task.
///
/// It also does the window's arithmetic: how many received bytes may be given back to the peer.
struct MessageQueue: ~Copyable, Sendable {
  /// While less than this waits for the reader, received bytes are given back at once; the rest
  /// when the reader has caught up. So a peer is held back by a slow reader, and a message
  /// larger than the window still arrives.
  static let waitingByteCountMax = 128 << 10
  /// What keeping one message costs besides its bytes: a flood of empty ones must count.
  private static let messageOverhead = 64

  struct State: Sendable {
    var messages: [ReceivedMessage] = []
    var head = 0
    var waitingByteCount = 0
    var heldBackByteCount = 0
    var end: Result<Void, RPCError>?
    var waiter: UnsafeContinuation<ReceivedMessage?, any Error>?

    mutating func pop() -> ReceivedMessage {
      let message = messages[head]
      messages[head].bytes = []
      head += 1
      if head == messages.count {
        messages.removeAll(keepingCapacity: true)
        head = 0
      }
      waitingByteCount -= message.bytes.count + MessageQueue.messageOverhead
      return message
    }
  }

  private let state = Mutex(State())

  /// Adds a message, or hands it to the reader who waits.
  func append(_ message: ReceivedMessage) {
    let waiter = state.withLock { state -> UnsafeContinuation<ReceivedMessage?, any Error>? in
      guard state.end == nil else { return nil }
      if let waiter = state.waiter {
        state.waiter = nil
        return waiter
      }
      state.messages.append(message)
      state.waitingByteCount += message.bytes.count + Self.messageOverhead
      return nil
    }
    waiter?.resume(returning: message)
  }

  /// No more messages: the reader gets those that wait, then the end. Only the first counts.
  func finish(_ end: Result<Void, RPCError>) {
    let waiter = state.withLock { state -> UnsafeContinuation<ReceivedMessage?, any Error>? in
      guard state.end == nil else { return nil }
      state.end = end
      defer { state.waiter = nil }
      return state.waiter
    }
    guard let waiter else { return }
    switch end {
    case .success: waiter.resume(returning: nil)
    case .failure(let error): waiter.resume(throwing: error)
    }
  }

  /// How many of the bytes just received may be given back now.
  func received(_ byteCount: Int) -> Int {
    state.withLock { state in
      if state.waitingByteCount <= Self.waitingByteCountMax { return byteCount }
      state.heldBackByteCount += byteCount
      return 0
    }
  }

  /// How many bytes may be given back after a message was read.
  private func takeHeldBack(_ state: inout State) -> Int {
    guard state.waitingByteCount <= Self.waitingByteCountMax / 2 else { return 0 }
    defer { state.heldBackByteCount = 0 }
    return state.heldBackByteCount
  }

  /// The next message, nil at the end; `giveBack` gets bytes for the peer's window.
  func next(giveBack: (Int) -> Void) async throws -> ReceivedMessage? {
    let (ready, byteCount) = try state.withLock { state -> (ReceivedMessage??, Int) in
      if state.head < state.messages.count {
        let message = state.pop()
        return (message, takeHeldBack(&state))
      }
      switch state.end {
      case .success: return (.some(nil), 0)
      case .failure(let error): throw error
      case nil: return (nil, takeHeldBack(&state))
      }
    }
    if byteCount > 0 { giveBack(byteCount) }
    if let ready { return ready }
    return try await withUnsafeThrowingContinuation { continuation in
      let answer = state.withLock { state -> Result<ReceivedMessage?, any Error>? in
        if state.head < state.messages.count { return .success(state.pop()) }
        switch state.end {
        case .success: return .success(nil)
        case .failure(let error): return .failure(error)
        case nil:
          precondition(state.waiter == nil, "a message stream has one reader at a time")
          state.waiter = continuation
          return nil
        }
      }
      if let answer { continuation.resume(with: answer) }
    }
  }
}
