// Sendable by hand: the value is handed back on its loop's own thread only, which is checked.

/// Carries a value that is confined to a loop through other threads, untouched.
public struct LoopBound<Value>: @unchecked Sendable {
  private let loop: EventLoop
  private let wrapped: Value

  /// Wraps a value of a loop.
  public init(_ value: Value, on loop: EventLoop) {
    wrapped = value
    self.loop = loop
  }

  /// The value; on the loop's thread.
  public var value: Value {
    precondition(loop.isCurrent, "a loop's value was used on another thread")
    return wrapped
  }
}
