internal import RPC
internal import Telemetry

/// The access-log line of a request.
extension Exchange {
  func writeLine(_ nanoseconds: UInt64) {
    gateway.accessLog.write { line in
      line.field("time", Timestamp(milliseconds: gateway.loop.wallMilliseconds()))
      requestID.withBytes { line.field("request_id", plain: $0) }
      if let decision { line.fields(decision.logFields) }
      if let clientIdentity {
        line.field("client_certificate", clientIdentity.fingerprint)
        line.field("client_subject", clientIdentity.subject)
      }
      if let route {
        line.field("method", route.path)
      } else {
        recordedPath.withUnsafeBytes { line.field("method", utf8: $0) }
      }
      if inspectedModel, !inspector.modelName.isEmpty {
        inspector.modelName.withUnsafeBytes { line.field("model", utf8: $0) }
      }
      line.field("status", status.label)
      line.field("http_status", httpStatus)
      line.field("bytes_in", byteCountIn)
      line.field("bytes_out", byteCountOut)
      line.field("duration_us", Int(nanoseconds / 1_000))
      if let link = leg.link { line.fields(link.logFields) }
      if attempts > 1 { line.field("retries", attempts - 1) }
    }
  }

  /// The inspector keeps the name of an earlier request until it begins anew.
  private var inspectedModel: Bool {
    decision != nil && route?.authorisation != Route.Authorisation.none && wasInspected
  }
}

extension StatusCode {
  /// ``name`` without a String.
  var label: StaticString {
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
