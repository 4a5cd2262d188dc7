internal import RPC

/// Why a request is not served: what the client is told, and under which name it is counted.
enum Refusal: String, CaseIterable, Sendable {
  case noKey = "no_key"
  case severalKeys = "several_keys"
  case malformedKey = "malformed_key"
  case unknownKey = "unknown_key"
  case expiredKey = "expired_key"
  case revokedKey = "revoked_key"
  case keyChanged = "key_changed"
  case authUnavailable = "auth_unavailable"
  case tooManyChecks = "too_many_checks"
  case unknownMethod = "unknown_method"
  case privateMethod = "private_method"
  case missingRight = "missing_right"
  case modelNotAllowed = "model_not_allowed"
  case rateLimited = "rate_limited"
  case tooManyStreams = "too_many_streams"
  case messageTooLarge = "message_too_large"
  case malformedRequest = "malformed_request"
  case undecodableMessage = "undecodable_message"
  case unknownEncoding = "unknown_encoding"
  case malformedFraming = "malformed_framing"
  case noUpstream = "no_upstream"
  case upstreamLost = "upstream_lost"
  case deadlineExceeded = "deadline_exceeded"
  case draining = "draining"

  var code: StatusCode {
    switch self {
    case .noKey, .severalKeys, .malformedKey, .unknownKey, .expiredKey, .revokedKey:
      .unauthenticated
    case .keyChanged, .authUnavailable, .tooManyChecks, .noUpstream, .upstreamLost, .draining:
      .unavailable
    case .unknownMethod, .unknownEncoding: .unimplemented
    case .privateMethod, .missingRight, .modelNotAllowed: .permissionDenied
    case .rateLimited, .tooManyStreams, .messageTooLarge: .resourceExhausted
    case .malformedRequest: .invalidArgument
    // As gRPC's own servers answer bytes that are not length-prefixed messages.
    case .malformedFraming, .undecodableMessage: .internalError
    case .deadlineExceeded: .deadlineExceeded
    }
  }

  /// A sentence for the client. It names nothing that the client did not send.
  var message: String {
    switch self {
    case .noKey: "expected an API key in 'authorization: Bearer mk_…' or 'x-api-key', got none"
    case .severalKeys: "expected one API key, got more than one header that carries a key"
    case .malformedKey: "the API key is malformed: expected mk_ and letters, digits, _ or -"
    // One sentence for all three: a key that once existed must not be told from one that never did.
    case .unknownKey, .expiredKey, .revokedKey: "the API key is not valid"
    case .keyChanged: "the API key's rights changed while the stream was open; open it again"
    case .authUnavailable: "the API key cannot be checked now; try again"
    case .tooManyChecks: "too many API keys are being checked; try again"
    case .unknownMethod: "the method is not served here"
    case .privateMethod: "the method is not open to clients"
    case .missingRight: "the API key lacks the right that the method needs"
    case .modelNotAllowed: "the API key does not allow the model named in the request"
    case .rateLimited: "the tenant's request rate is exhausted; retry-after says when to come back"
    case .tooManyStreams: "the API key has as many open calls as it may have"
    case .messageTooLarge: "the message is larger than the tenant's limit"
    case .malformedRequest: "the request is not a well-formed gRPC message of the method"
    case .undecodableMessage: "the request's message is not valid protobuf"
    case .malformedFraming: "the request's body is not a sequence of gRPC messages"
    case .unknownEncoding: "grpc-encoding: expected identity, gzip or deflate"
    case .noUpstream: "no instance of the service can take the call now; try again"
    case .upstreamLost: "the instance that served the call was lost; try again"
    case .deadlineExceeded: "the deadline passed before the call ended"
    case .draining: "the gateway is going down; connect again"
    }
  }
}
