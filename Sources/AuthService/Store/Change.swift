/// What a committed write makes out of date.
public enum Change: Hashable, Sendable {
  /// Everything decided about one key.
  case key(String)
  /// Everything decided about a tenant's keys.
  case tenant(String)
}

/// The changes after some revision, as far as the store still remembers them.
public enum ChangeHistory: Equatable, Sendable {
  /// In order of revision; may stop at the limit asked for.
  case changes([NumberedChange])
  /// The store has forgotten, or never had, the revision asked for.
  case forgotten(current: UInt64)
}

/// A change and the revision it made.
public struct NumberedChange: Equatable, Sendable {
  /// Grows with every change, also over restarts.
  public var revision: UInt64
  /// What is out of date.
  public var change: Change
}
