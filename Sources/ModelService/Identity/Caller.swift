public import RPC

/// On whose behalf a call is made, as the gateway verified it.
///
/// The tenant comes from here and never from a field of a request; every key of a map that holds
/// models, batches or counters contains it.
public struct Caller: Sendable, Hashable {
  /// What a key may be allowed to do.
  public enum Action: String, Sendable, Hashable, CaseIterable {
    /// Use models and read about them.
    case infer
    /// Put models into the repository, load, unload and delete them.
    case deploy
    /// Manage the tenant's keys; nothing here asks for it.
    case keys
    /// Everything, and the settings of the process.
    case admin
  }

  /// Whose models these are.
  public var tenant: String
  /// The key's public part, for logs.
  public var keyID: String
  /// What the key may do.
  public var actions: Set<Action>
  /// Which models it may touch: patterns of ``GlobPattern``.
  public var modelPatterns: [String]
  /// The gateway's name for the request, for logs.
  public var requestID: String

  /// An identity by its parts.
  public init(
    tenant: String, keyID: String = "", actions: Set<Action>, modelPatterns: [String] = ["*"],
    requestID: String = ""
  ) {
    self.tenant = tenant
    self.keyID = keyID
    self.actions = actions
    self.modelPatterns = modelPatterns
    self.requestID = requestID
  }

  /// Reads what the gateway attached. A peer that is a gateway but names no tenant is broken, and
  /// is refused rather than served as anybody.
  public init(metadata: Metadata) throws(RPCError) {
    guard let tenant = metadata["x-martlet-tenant"], RepositoryName.isValid(tenant) else {
      throw .denied("expected a tenant in x-martlet-tenant, got none or an invalid one")
    }
    self.tenant = tenant
    keyID = metadata["x-martlet-key"] ?? ""
    requestID = metadata["x-martlet-request-id"] ?? ""
    actions = Set(Self.list(metadata["x-martlet-rights"]).compactMap(Action.init(rawValue:)))
    modelPatterns = Self.list(metadata["x-martlet-models"])
  }

  private static func list(_ value: String?) -> [String] {
    guard let value else { return [] }
    return value.split(separator: ",").map { item in
      var item = item
      while item.first == " " { item.removeFirst() }
      while item.last == " " { item.removeLast() }
      return String(item)
    }
  }

  /// Whether the key may do one of these things at all.
  func may(_ wanted: Action...) -> Bool {
    actions.contains(.admin) || wanted.contains { actions.contains($0) }
  }

  /// Whether the key may touch the model.
  func maySee(_ model: String) -> Bool {
    actions.contains(.admin) || modelPatterns.contains { GlobPattern.matches($0, model) }
  }

  /// Refuses a call whose key lacks the right. The gateway has asked the same question before; a
  /// mistake there must not be enough.
  func require(_ wanted: Action..., model: String? = nil) throws(RPCError) {
    guard actions.contains(.admin) || wanted.contains(where: { actions.contains($0) }) else {
      let names = wanted.map(\.rawValue).joined(separator: "' or '")
      throw .denied("expected a key with the right '\(names)', got one without it")
    }
    guard let model else { return }
    guard maySee(model) else {
      throw .denied("expected a key for model '\(model.clipped)', got one for other models")
    }
  }
}
