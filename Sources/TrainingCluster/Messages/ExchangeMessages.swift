internal import Protocols
internal import Training

extension ExchangeRequest {
  /// The first message of the call; the encoded gradient follows it.
  var message: MartletV1.ExchangeRequest {
    var message = MartletV1.ExchangeRequest()
    message.generation = UInt64(generation)
    if let (push, _) = push {
      var gradient = MartletV1.StepGradient()
      gradient.step = UInt64(push.step)
      gradient.shards = push.shards.map { UInt32($0) }
      (gradient.sums, gradient.marks) = (push.sums, push.marks)
      message.gradient = gradient
    }
    message.norms = squares.map { MartletV1.StepNorms(step: $0.step, $0.1) }
    message.wantedStep = step.map { .step(UInt64($0)) }
    message.wantsAll = wantsAll
    message.wantedNorms = normsOf.map { .normsOf(UInt64($0)) }
    return message
  }

  /// Reads ``message`` and what followed it.
  init(_ message: MartletV1.ExchangeRequest, _ encoded: EncodedNumbers) {
    let generation = Int(clamping: message.generation)
    self.init(generation: generation, wantsAll: message.wantsAll)
    if let gradient = message.gradient {
      let push = GradientPush(
        generation: generation, step: Int(clamping: gradient.step),
        shards: gradient.shards.map { Int($0) }, sums: gradient.sums, marks: gradient.marks)
      self.push = (push, encoded)
    }
    squares = message.norms.map { (Int(clamping: $0.step), $0.squares) }
    if case .step(let step)? = message.wantedStep { self.step = Int(clamping: step) }
    if case .normsOf(let step)? = message.wantedNorms { normsOf = Int(clamping: step) }
  }
}

extension MartletV1.StepNorms {
  fileprivate init(step: Int, _ squares: [Double]) {
    self.init()
    (self.step, self.squares) = (UInt64(step), squares)
  }
}

extension ExchangeReply {
  /// The first message of the answer; the encoded parameters follow it.
  var message: MartletV1.ExchangeResponse {
    var message = MartletV1.ExchangeResponse()
    switch self {
    case .stale: message.state = .stale
    case .pending: message.state = .pending
    case .norms(let step, let squares):
      message.state = .norms
      message.norms = MartletV1.StepNorms(step: step, squares)
    case .values(_, let clocks):
      message.state = .values
      message.clocks = clocks.map { UInt64($0) }
    }
    return message
  }

  /// Encoded parameters.
  var encoded: EncodedNumbers {
    if case .values(let encoded, _) = self { encoded } else { EncodedNumbers() }
  }

  /// Reads ``message`` and what followed it; nil if it is none.
  init?(_ message: MartletV1.ExchangeResponse, _ encoded: EncodedNumbers) {
    switch message.state {
    case .stale: self = .stale
    case .pending: self = .pending
    case .norms:
      guard let norms = message.norms else { return nil }
      self = .norms(step: Int(clamping: norms.step), norms.squares)
    case .values: self = .values(encoded, clocks: message.clocks.map { Int(clamping: $0) })
    default: return nil
    }
  }
}

extension ClusterAssignment {
  /// As a worker gets it.
  func message(servers: [String]) -> MartletV1.ClusterAssignment {
    var message = MartletV1.ClusterAssignment()
    message.generation = UInt64(generation)
    message.shards = shards.map { UInt32($0) }
    (message.isOver, message.servers) = (isOver, servers)
    return message
  }

  /// Reads a message.
  init(_ message: MartletV1.ClusterAssignment) {
    self.init(
      generation: Int(clamping: message.generation), shards: message.shards.map { Int($0) },
      isOver: message.isOver)
  }
}

extension TrainingError {
  /// The kind of failure, as others are told.
  var codeName: String { "\(code)" }

  /// What another process failed with.
  init(codeName: String, _ message: String) {
    let codes: [Code] = [.specification, .data, .diverged, .cancelled]
    self.init(codes.first { "\($0)" == codeName } ?? .resources, message)
  }
}
