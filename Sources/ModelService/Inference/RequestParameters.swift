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

  /// Nothing said.
  init() {}

  init(_ parameters: [String: Inference.InferParameter]) throws(RPCError) {
    for (name, value) in parameters {
      switch name {
      case "sequence_id":
        // Correlates requests of stateful models; there are none, so it has no effect.
        switch value {
        case .int64, .uint64, .string: break
        default: throw Self.wrongType(name, "int64_param or string_param")
        }
      case "sequence_start", "sequence_end":
        guard case .bool = value else { throw Self.wrongType(name, "bool_param") }
      case "priority": priority = try Self.unsigned(name, value)
      case "timeout": timeoutMicroseconds = try Self.unsigned(name, value)
      case "triton_enable_empty_final_response":
        guard case .bool(let flag) = value else { throw Self.wrongType(name, "bool_param") }
        wantsEmptyFinalResponse = flag
      default:
        guard !name.hasPrefix("triton_") else {
          throw .invalid(
            "parameter keys starting with 'triton_' are reserved for Triton usage. Only the "
              + "following keys starting with 'triton_' are allowed: "
              + "triton_enable_empty_final_response. Got '\(name.clipped)'")
        }
      }
    }
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
