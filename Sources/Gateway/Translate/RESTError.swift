internal import Protocols
internal import RPC

/// Why a REST request or its answer cannot be translated.
struct RESTError: Error, Equatable {
  /// What the same mistake would be in gRPC.
  var code: StatusCode
  /// What was expected and what came.
  var message: String

  init(_ code: StatusCode, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Nothing here is about a rate, so what is too much is too large.
  var httpStatus: Int { code == .resourceExhausted ? 413 : code.httpStatus }

  init(_ error: JSONError, in place: String = "") {
    code = error.code == .tooLarge ? .resourceExhausted : .invalidArgument
    message = place.isEmpty ? error.message : "\(place): \(error.message)"
  }
}

extension StatusCode {
  /// The HTTP status that says the same, as Triton and Google's APIs map them.
  var httpStatus: Int {
    switch self {
    case .ok: 200
    case .invalidArgument, .failedPrecondition, .outOfRange: 400
    case .unauthenticated: 401
    case .permissionDenied: 403
    case .notFound: 404
    case .alreadyExists, .aborted: 409
    case .resourceExhausted: 429
    // nginx's, for want of a standard: the client has given up.
    case .cancelled: 499
    case .unknown, .internalError, .dataLoss: 500
    case .unimplemented: 501
    case .unavailable: 503
    case .deadlineExceeded: 504
    }
  }
}
