/// What a file descriptor is ready for, or what is asked to be told.
public struct Readiness: OptionSet, Sendable {
  /// The epoll event bits.
  public let rawValue: UInt32

  /// A set of epoll event bits.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// EPOLLIN
  public static let read = Readiness(rawValue: 0x001)
  /// EPOLLOUT
  public static let write = Readiness(rawValue: 0x004)
  /// EPOLLERR
  public static let error = Readiness(rawValue: 0x008)
  /// EPOLLHUP
  public static let hangup = Readiness(rawValue: 0x010)
}

/// Receives the readiness of one file descriptor, always on its loop's thread.
public protocol EventHandler: AnyObject {
  /// The descriptor is ready; level-triggered, so what is left is reported again.
  func handle(_ readiness: Readiness)
}

/// Work put off to the end of the loop's current turn, so that everything one turn produces
/// for a connection leaves in one write.
public protocol Flushable: AnyObject {
  /// Called once per ``EventLoop/flushLater(_:)``, on the loop's thread.
  func flush()
}
