/// Loaded certificates and settings: made once, shared by connections and threads.
public final class TLSContext: Sendable {
  /// Which end of a connection a context is for.
  public enum Side: Sendable, Hashable {
    /// Connects.
    case client
    /// Accepts.
    case server
  }

  /// Loads the PEM files.
  public init(_ configuration: TLSConfiguration, side: Side) throws(TLSError) {
    fatalError("not yet")
  }
}

/// Certificates could not be loaded, or a handshake failed.
public struct TLSError: Error, Sendable, CustomStringConvertible {
  /// What was expected and what came.
  public var message: String

  /// An error with its sentence.
  public init(message: String) {
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
