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
  case badKeys = "bad_keys"
  case connectionRate = "connection_rate"
  case keyRate = "key_rate"
  case tenantRate = "tenant_rate"
  case keyStreams = "key_streams"
  case tenantStreams = "tenant_streams"
  case gatewayCalls = "gateway_calls"
  case connectionBytes = "connection_bytes"
  case keyBytes = "key_bytes"
  case tenantBytes = "tenant_bytes"
  case gatewayBytes = "gateway_bytes"
  case inflationRate = "inflation_rate"
  case slowRequest = "slow_request"
  case slowReader = "slow_reader"
  case metadataTooLarge = "metadata_too_large"
  case messageTooLarge = "message_too_large"
  case jsonTooLarge = "json_too_large"
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
    case .keyChanged, .authUnavailable, .tooManyChecks, .noUpstream, .upstreamLost, .draining,
      .gatewayCalls, .gatewayBytes:
      .unavailable
    case .unknownMethod, .unknownEncoding: .unimplemented
    case .privateMethod, .missingRight, .modelNotAllowed: .permissionDenied
    case .messageTooLarge, .jsonTooLarge, .metadataTooLarge, .badKeys, .connectionRate, .keyRate,
      .tenantRate, .keyStreams, .tenantStreams, .connectionBytes, .keyBytes, .tenantBytes,
      .inflationRate:
      .resourceExhausted
    case .slowRequest, .slowReader: .cancelled
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
    case .badKeys: "too many bad API keys came from this address; try again later"
    case .connectionRate: "the connection's request rate is exhausted"
    case .keyRate: "the API key's request rate is exhausted"
    case .tenantRate: "the tenant's request rate is exhausted"
    case .keyStreams: "the API key has as many open calls as it may have"
    case .tenantStreams: "the tenant has as many open calls as it may have"
    case .gatewayCalls: "the gateway has as many open calls as it may have; try again"
    case .connectionBytes: "the connection has as many bytes under way as it may have"
    case .keyBytes: "the API key has as many bytes under way as it may have"
    case .tenantBytes: "the tenant has as many bytes under way as it may have"
    case .gatewayBytes: "the gateway holds as many bytes as it may hold; try again"
    case .inflationRate: "the tenant's compressed messages become too large for their rate"
    case .slowRequest: "the request comes too slowly"
    case .slowReader: "the response is taken too slowly"
    case .metadataTooLarge: "the metadata is larger than the limit"
    case .messageTooLarge: "the message is larger than the tenant's limit"
    case .jsonTooLarge: "the JSON is larger than the limit"
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

  /// When to come back, for what passes; more exact where a bucket knows. nil: not by waiting.
  var retryAfterSeconds: Int? {
    switch self {
    case .badKeys, .connectionRate, .keyRate, .tenantRate, .keyStreams, .tenantStreams,
      .gatewayCalls, .connectionBytes, .keyBytes, .tenantBytes, .gatewayBytes, .inflationRate,
      .keyChanged, .authUnavailable, .tooManyChecks, .noUpstream, .upstreamLost, .draining:
      1
    default: nil
    }
  }

  /// A key was shown that is none, which costs a question or is a guess.
  var isBadKey: Bool {
    switch self {
    case .malformedKey, .unknownKey, .revokedKey, .expiredKey: true
    default: false
    }
  }
}
