/// Ways to be wrong on purpose: the checks must find each of them, or they prove nothing.
public enum Mutation: String, CaseIterable, Sendable {
  /// The gateway sends calls a second time that may have had an effect.
  case unsafeRetry
  /// The auth service does not say that a key was revoked.
  case lostRevocation
  /// A service's cache does not know whose answer it keeps.
  case sharedCache
  /// An ejected instance stays out for an hour.
  case foreverEjected
  /// A service never answers some calls.
  case stuckHandler
  /// The gateway gives clients more window than it may hold bytes.
  case unboundedWindow
}
