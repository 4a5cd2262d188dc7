internal import Protocols
internal import RPC

/// What a request says besides its tensors. Unknown names are left alone, as Triton does; names
/// that it keeps for itself are refused.
struct RequestParameters: Sendable, Equatable {
  /// 0: the model's default.
  var priority: UInt64?
  /// How long the request may wait in the queue.
  var timeoutMicroseconds: UInt64?
  /// The client wants to see the end of a stream of answers even when it is empty.
  var wantsEmptyFinalResponse = false

  /// Which sequence the request belongs to; nil: it stands alone.
  var sequence: SequenceStep?

  /// Nothing said.
  init() {}

  init(_ parameters: [String: Inference.InferParameter]) throws(RPCError) {
    var (id, isStart, isEnd) = (SequenceID?.none, false, false)
    for (name, value) in parameters {
      switch name {
      case "sequence_id": id = try SequenceID(value)
      case "sequence_start": isStart = try Self.flag(name, value)
      case "sequence_end": isEnd = try Self.flag(name, value)
      case "priority": priority = try Self.unsigned(name, value)
      case "timeout": timeoutMicroseconds = try Self.unsigned(name, value)
      case "triton_enable_empty_final_response":
        wantsEmptyFinalResponse = try Self.flag(name, value)
      default:
        guard !name.hasPrefix("triton_") else {
          throw .invalid(
            "parameter keys starting with 'triton_' are reserved for Triton usage. Only the "
              + "following keys starting with 'triton_' are allowed: "
              + "triton_enable_empty_final_response. Got '\(name.clipped)'")
        }
      }
    }
    sequence = id.map { SequenceStep(id: $0, isStart: isStart, isEnd: isEnd) }
  }

  /// Language models answer each request alone.
  func refuseSequence() throws(RPCError) {
    guard sequence == nil else {
      throw .invalid("expected no sequence_id: a language model keeps no sequences")
    }
  }

  /// When nobody waits for the answer any more: a call's own deadline, or what `timeout` says of one
  /// that begins now.
  func deadline(within call: MonotonicTime?) -> MonotonicTime? {
    guard let timeoutMicroseconds, timeoutMicroseconds > 0 else { return call }
    let timeout = Duration.microseconds(Int64(clamping: min(timeoutMicroseconds, 1 << 50)))
    let own = MonotonicTime.now() + timeout
    return call.map { min($0, own) } ?? own
  }

  private static func flag(
    _ name: String, _ value: Inference.InferParameter
  ) throws(RPCError) -> Bool {
    guard case .bool(let flag) = value else { throw wrongType(name, "bool_param") }
    return flag
  }

  private static func unsigned(
    _ name: String, _ value: Inference.InferParameter
  ) throws(RPCError) -> UInt64 {
    switch value {
    case .uint64(let number): return number
    case .int64(let number):
      guard let positive = UInt64(exactly: number) else {
        throw .invalid("expected parameter '\(name)' of 0 or more, got \(number)")
      }
      return positive
    default: throw wrongType(name, "int64_param or uint64_param")
    }
  }

  private static func wrongType(_ name: String, _ expected: String) -> RPCError {
    .invalid("invalid value type for '\(name)' parameter, expected \(expected).")
  }
}
