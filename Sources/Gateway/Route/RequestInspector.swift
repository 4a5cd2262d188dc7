internal import RPC

/// Follows the gRPC frames of one request body and says which of its bytes may go on: those of
/// messages whose model is authorised. Holds no bytes itself.
struct RequestInspector {
  enum Verdict {
    /// The first `clear` bytes of this piece, and all held before if `clear` > 0, may go on.
    case forward(clear: Int)
    case refuse(Refusal, StaticString)
  }

  private var authorisation = Route.Authorisation.none
  private var limit = 0
  private var peekMax = 0
  private var compression: Compression?
  private var scanner = ModelNameScanner(field: 1)
  private var inflater: StreamingInflater?

  private var prefixCount = 0
  private var flag: UInt8 = 0
  private var length = 0
  private var remaining = 0
  private var peekedCount = 0
  private var inflatedCount = 0
  private var isAuthorised = false
  private var isAsked = false
  private var findsSequence = false
  /// The sequence that the call's first message belongs to, hashed, once bytes may go on; the
  /// instance is chosen by it.
  private(set) var sequence: UInt64?

  /// Messages that have begun.
  private(set) var messageCount = 0
  /// What the latest of them says that it holds.
  var messageByteCount: Int { messageCount == 0 ? 0 : length }
  /// Bytes that compressed messages became, to be paid for.
  private(set) var unpaidInflatedCount = 0

  /// Bytes of the message that is not complete yet; 0 between messages.
  var incompleteByteCount: Int {
    prefixCount < 5 ? prefixCount : prefixCount + length - remaining
  }

  /// What was inflated since the last time, in whole KiB; the rest stays.
  mutating func takeInflatedKilobytes() -> Int {
    defer { unpaidInflatedCount &= 1_023 }
    return unpaidInflatedCount >> 10
  }

  /// Starts on a new call; keeps the memory.
  mutating func begin(
    _ authorisation: Route.Authorisation, findsSequence: Bool = false, compression: Compression?,
    messageByteCountMax: Int, peekByteCountMax: Int
  ) {
    self.authorisation = authorisation
    self.findsSequence = findsSequence
    sequence = nil
    self.compression = compression
    limit = messageByteCountMax
    peekMax = peekByteCountMax
    scanner.begin(field: max(authorisation.field, 1))
    inflater = nil
    prefixCount = 0
    remaining = 0
    isAuthorised = false
    messageCount = 0
    unpaidInflatedCount = 0
  }

  /// Gives back what only compressed messages need.
  mutating func releaseMemory() {
    inflater = nil
  }

  /// The name of the model of the last message that was authorised, for the access log.
  var modelName: [UInt8] { scanner.name }

  private var isWatching: Bool {
    switch authorisation {
    case .none: false
    case .firstMessage: messageCount == 1
    case .eachMessage, .firstAndNamed: true
    }
  }

  private var mayBeUnnamed: Bool {
    if case .firstAndNamed = authorisation { return messageCount > 1 }
    return false
  }

  /// True when what was looked at ends with a message: the request may end here.
  var isBetweenMessages: Bool { prefixCount == 0 }

  /// Looks at the next piece of the body. `authorise` is asked once for each message that names
  /// a model, with the name's bytes.
  mutating func inspect(
    _ piece: UnsafeRawBufferPointer, authorise: (UnsafeRawBufferPointer) -> Refusal?
  ) -> Verdict {
    var index = 0
    var clear = 0
    while index < piece.count {
      if prefixCount < 5 {
        let problem = takePrefix(piece[index])
        index += 1
        if let problem { return problem }
        guard prefixCount == 5 else { continue }
      }
      let count = min(remaining, piece.count - index)
      let body = UnsafeRawBufferPointer(rebasing: piece[index..<index + count])
      index += count
      remaining -= count
      if isWatching {
        if let problem = watch(body, isLast: remaining == 0, authorise) { return problem }
      } else {
        isAuthorised = true
      }
      if isAuthorised { clear = index }
      if remaining == 0 { prefixCount = 0 }
    }
    return .forward(clear: clear)
  }

  /// The client has ended its side: nil, or why nothing of what is held may go on.
  func finish() -> Refusal? {
    prefixCount == 0 || isAuthorised ? nil : .malformedFraming
  }

  private mutating func takePrefix(_ byte: UInt8) -> Verdict? {
    if prefixCount == 0 {
      flag = byte
      length = 0
      isAuthorised = false
      guard flag <= 1 else {
        return .refuse(.malformedFraming, "a message's flag is neither 0 nor 1")
      }
    } else {
      length = length << 8 | Int(byte)
    }
    prefixCount += 1
    guard prefixCount == 5 else { return nil }
    guard length <= limit else {
      return .refuse(.messageTooLarge, "a message is larger than the limit")
    }
    messageCount += 1
    remaining = length
    guard isWatching else { return nil }
    // Later messages of a stream follow the first.
    scanner.reset(findsSequence: findsSequence && messageCount == 1)
    isAsked = false
    peekedCount = 0
    inflatedCount = 0
    if flag == 1 {
      guard let compression else {
        return .refuse(
          .malformedFraming, "a compressed message needs grpc-encoding gzip or deflate")
      }
      inflater = StreamingInflater(compression)
    }
    return nil
  }

  private mutating func watch(
    _ body: UnsafeRawBufferPointer, isLast: Bool,
    _ authorise: (UnsafeRawBufferPointer) -> Refusal?
  ) -> Verdict? {
    let progress: ModelNameScanner.Progress
    if flag == 1 {
      switch inflate(body) {
      case .success(let result): progress = result
      case .failure(let problem): return .refuse(problem.refusal, problem.reason)
      }
    } else {
      progress = scanner.scan(body)
    }
    switch progress {
    case .malformed(let reason): return .refuse(.malformedRequest, reason)
    case .undecodable(let reason): return .refuse(.undecodableMessage, reason)
    case .more, .found: break
    }
    if isLast {
      if let reason = scanner.finish() { return .refuse(.undecodableMessage, reason) }
      if flag == 1, inflater?.isAtEnd == false {
        return .refuse(.malformedFraming, "a compressed message ends too early")
      }
      inflater = nil
    }
    // A message without the field has the empty name, as every reader of protobuf sees it.
    if !isAsked, scanner.isFound || isLast && !mayBeUnnamed {
      isAsked = true
      if let refusal = scanner.name.withUnsafeBytes(authorise) {
        return .refuse(refusal, "")
      }
    }
    if let problem = place(isLast: isLast) { return problem }
    // Nothing has to wait for a name that may be missing; one that comes late is asked about
    // before the message is complete, and so before anybody acts on it.
    if mayBeUnnamed { isAuthorised = true }
    peekedCount += body.count
    if !isAuthorised, peekedCount > peekMax {
      return .refuse(
        .malformedRequest,
        isAsked
          ? "the parameters are too long" : "the model's name comes too late in the message")
    }
    return nil
  }

  /// Lets a message go on once it is clear where: where its sequence is, or anywhere when the
  /// parameters are over and named none.
  private mutating func place(isLast: Bool) -> Verdict? {
    let mayHaveSequence = findsSequence && messageCount == 1
    guard mayHaveSequence else {
      if isAsked { isAuthorised = true }
      return nil
    }
    if isAuthorised {
      // Its first bytes are on the way to another instance.
      return scanner.sequence == sequence
        ? nil : .refuse(.malformedRequest, "sequence_id comes after the tensors")
    }
    if isAsked, isLast || scanner.isPastParameters {
      sequence = scanner.sequence
      isAuthorised = true
    }
    return nil
  }

  private struct InflateProblem: Error {
    var refusal: Refusal
    var reason: StaticString
  }

  /// Decompresses without keeping anything: the scanner sees each step's output and forgets it.
  private mutating func inflate(
    _ body: UnsafeRawBufferPointer
  ) -> Result<ModelNameScanner.Progress, InflateProblem> {
    guard let inflater else { return .success(.more) }
    var result = ModelNameScanner.Progress.more
    var count = inflatedCount
    let (limit, peekMax, isUnnamedFine) = (limit, peekMax, mayBeUnnamed)
    var isTooLarge = false
    let isValid = inflater.inflate(body) { output in
      count += output.count
      guard count <= limit else {
        isTooLarge = true
        return false
      }
      let progress = scanner.scan(output)
      switch progress {
      case .malformed, .undecodable:
        result = progress
        return false
      case .found: result = .found
      case .more: break
      }
      if !isUnnamedFine, !scanner.isFound, count > peekMax {
        result = .malformed("the model's name comes too late in the message")
        return false
      }
      return true
    }
    unpaidInflatedCount += count - inflatedCount
    inflatedCount = count
    if isTooLarge {
      return .failure(
        InflateProblem(
          refusal: .messageTooLarge, reason: "a decompressed message is larger than the limit"))
    }
    switch result {
    case .malformed, .undecodable: return .success(result)
    case .more, .found: break
    }
    guard isValid else {
      return .failure(
        InflateProblem(refusal: .malformedFraming, reason: "a compressed message is not valid"))
    }
    return .success(result)
  }
}
