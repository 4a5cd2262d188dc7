internal import Protocols

/// What a key may do, or which of several actions a route asks for.
struct ActionSet: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  static let infer = ActionSet(rawValue: 1)
  static let deploy = ActionSet(rawValue: 2)
  static let keys = ActionSet(rawValue: 4)
  static let admin = ActionSet(rawValue: 8)

  init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Actions this gateway does not know give no right.
  init(_ actions: [MartletV1.Action]) {
    self = actions.reduce(into: []) { set, action in
      switch action {
      case .infer: set.insert(.infer)
      case .deploy: set.insert(.deploy)
      case .keys: set.insert(.keys)
      case .admin: set.insert(.admin)
      default: break
      }
    }
  }

  /// True when one of the needed actions is held; `admin` is every action.
  func permits(anyOf needed: ActionSet) -> Bool {
    contains(.admin) || !isDisjoint(with: needed)
  }

  /// As services read it: `infer,deploy`.
  var headerValue: String {
    let names: [(ActionSet, String)] = [
      (.infer, "infer"), (.deploy, "deploy"), (.keys, "keys"), (.admin, "admin"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
  }
}
