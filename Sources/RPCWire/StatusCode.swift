/// The status of a gRPC call, with the numbers that travel in `grpc-status`.
public enum StatusCode: UInt32, Sendable, Hashable, CaseIterable {
  /// The call succeeded.
  case ok = 0
  /// The caller gave up.
  case cancelled = 1
  /// Nothing better is known.
  case unknown = 2
  /// The request is wrong whatever the state of the system.
  case invalidArgument = 3
  /// The deadline passed before the call ended.
  case deadlineExceeded = 4
  /// What was asked for does not exist, or not for this caller.
  case notFound = 5
  /// What was to be made exists.
  case alreadyExists = 6
  /// The caller is known and lacks the right.
  case permissionDenied = 7
  /// A quota, a queue or a size limit is exhausted.
  case resourceExhausted = 8
  /// The system is not in the state the call needs.
  case failedPrecondition = 9
  /// A conflict; the caller may start over at a higher level.
  case aborted = 10
  /// Past the valid range.
  case outOfRange = 11
  /// The method does not exist here.
  case unimplemented = 12
  /// A fault of ours, or a broken message.
  case internalError = 13
  /// The service cannot be reached now; the caller may retry.
  case unavailable = 14
  /// Data is lost or corrupt.
  case dataLoss = 15
  /// The caller is not known.
  case unauthenticated = 16

  /// The name used in documentation and logs, such as `NOT_FOUND`.
  public var name: String {
    switch self {
    case .ok: "OK"
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internalError: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }
}
