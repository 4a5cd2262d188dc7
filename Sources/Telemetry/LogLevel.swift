/// How much a log line matters.
public enum LogLevel: String, Sendable, Hashable, CaseIterable {
  /// For finding faults; off in production.
  case debug
  /// Normal events worth knowing: started, reloaded, stopped.
  case info
  /// Something is off and was dealt with.
  case warning
  /// Something failed that someone should look at.
  case error
}

/// A log could not be opened.
public struct LogError: Error, Sendable, CustomStringConvertible {
  /// What was expected and what came.
  public var message: String

  /// The sentence.
  public var description: String { message }
}
