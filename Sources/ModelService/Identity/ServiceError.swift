internal import RPC

/// The statuses this service answers with, each with the sentence it needs.
extension RPCError {
  static func invalid(_ message: String) -> RPCError {
    RPCError(code: .invalidArgument, message: message)
  }

  static func notFound(_ message: String) -> RPCError {
    RPCError(code: .notFound, message: message)
  }

  static func unavailable(_ message: String) -> RPCError {
    RPCError(code: .unavailable, message: message)
  }

  static func unimplemented(_ message: String) -> RPCError {
    RPCError(code: .unimplemented, message: message)
  }

  static func denied(_ message: String) -> RPCError {
    RPCError(code: .permissionDenied, message: message)
  }

  static func internalFault(_ message: String) -> RPCError {
    RPCError(code: .internalError, message: message)
  }

  /// Overload: the caller may come again after `seconds`.
  static func overloaded(_ message: String, retryAfterSeconds seconds: Int = 1) -> RPCError {
    RPCError(
      code: .resourceExhausted, message: message, metadata: ["retry-after": String(seconds)])
  }
}
