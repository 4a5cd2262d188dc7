/// What a key may do. A right covers only itself: `deploy` does not imply `infer`.
public struct Rights: OptionSet, Hashable, Sendable {
  /// The set as the store keeps it; the bits never change their meaning.
  public let rawValue: UInt8

  /// The set of the given bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Ask models for answers.
  public static let infer = Rights(rawValue: 1)
  /// Upload, load, unload, and delete models.
  public static let deploy = Rights(rawValue: 2)
  /// Manage the keys of the own tenant.
  public static let keys = Rights(rawValue: 4)
  /// Everything, in every tenant.
  public static let admin = Rights(rawValue: 8)

  /// Every right there is.
  public static let all: Rights = [.infer, .deploy, .keys, .admin]
}

/// A named set of rights, as people give them to a key.
public enum Role: String, CaseIterable, Sendable {
  /// Ask models for answers.
  case infer
  /// Deploy models, and ask them.
  case deploy
  /// Manage the tenant's keys, deploy models, and ask them.
  case manage
  /// Everything, in every tenant.
  case admin

  /// The rights that a new key of this role gets.
  public var rights: Rights {
    switch self {
    case .infer: [.infer]
    case .deploy: [.deploy, .infer]
    case .manage: [.keys, .deploy, .infer]
    case .admin: .all
    }
  }
}
