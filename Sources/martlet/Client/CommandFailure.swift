internal import Glibc
internal import RPC

/// Why a command ends early: an exit code of sysexits and one sentence that says what to do next.
struct CommandFailure: Error {
  /// The codes of sysexits.h that scripts may branch on.
  enum Code: Int32 {
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case software = 70
    case cannotCreate = 73
    case temporary = 75
    case noPermission = 77
    case configuration = 78
  }

  var code: Code
  var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// A call's status as an exit code, with the status in the sentence.
  init(_ error: RPCError) {
    let advice: String
    switch error.code {
    case .unauthenticated:
      (code, advice) = (.noPermission, "; set MARTLET_API_KEY or pass --api-key with a valid key")
    case .permissionDenied:
      (code, advice) = (.noPermission, "; ask the tenant's administrator for a key with the right")
    case .unavailable:
      (code, advice) = (.unavailable, "; is the gateway running at that address (MARTLET_ADDRESS)?")
    case .deadlineExceeded: (code, advice) = (.unavailable, "; try again or allow more time")
    // Whoever knows that it helps to come again says when. A limit that stays is no reason to.
    case .resourceExhausted where error.metadata["retry-after"] != nil:
      (code, advice) = (.temporary, "; try again later")
    case .notFound: (code, advice) = (.noInput, "")
    case .alreadyExists: (code, advice) = (.cannotCreate, "")
    case .invalidArgument, .failedPrecondition, .outOfRange, .resourceExhausted:
      (code, advice) = (.badData, "")
    default: (code, advice) = (.software, "")
    }
    message = "\(error.code.name): \(error.message)\(advice)"
  }

  /// Writes the sentence to standard error and ends the process.
  func report() -> Never {
    tell()
    exit(code.rawValue)
  }

  /// Writes the sentence to standard error.
  func tell() { Self.tell(message) }

  /// Writes a sentence to standard error.
  static func tell(_ message: String) {
    let line = "martlet: \(Output.safeLines(message))\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
