public import RPC

/// On whose behalf a call is made, as the gateway verified it.
///
/// The tenant comes from here and never from a field of a request; every key of a map that holds
/// models, batches or counters contains it.
public struct Caller: Sendable, Hashable {
  /// What a key may be allowed to do.
  public struct Actions: OptionSet, Sendable, Hashable {
    /// One bit an action.
    public let rawValue: UInt8

    /// A set of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Use models and read about them.
    public static let infer = Actions(rawValue: 1)
    /// Put models into the repository, load, unload and delete them.
    public static let deploy = Actions(rawValue: 2)
    /// Manage the tenant's keys; nothing here asks for it.
    public static let keys = Actions(rawValue: 4)
    /// Everything, and the settings of the process.
    public static let admin = Actions(rawValue: 8)

    fileprivate init(named name: UnsafeRawBufferPointer) {
      self = Self.names.first { $0.name.utf8.elementsEqual(name) }?.action ?? []
    }

    static let names: [(name: String, action: Actions)] = [
      ("infer", .infer), ("deploy", .deploy), ("keys", .keys), ("admin", .admin),
    ]

    /// The names, for people.
    var described: String {
      Self.names.filter { contains($0.action) }.map { "'\($0.name)'" }.joined(separator: " or ")
    }
  }

  /// Whose models these are.
  public var tenant: String
  /// The key's public part, for logs.
  public var keyID: String
  /// What the key may do.
  public var actions: Actions
  /// Which models it may touch: patterns of ``GlobPattern``.
  public var modelPatterns: [String]
  /// The gateway's name for the request, for logs.
  public var requestID: String

  /// An identity by its parts.
  public init(
    tenant: String, keyID: String = "", actions: Actions, modelPatterns: [String] = ["*"],
    requestID: String = ""
  ) {
    self.tenant = tenant
    self.keyID = keyID
    self.actions = actions
    self.modelPatterns = modelPatterns
    self.requestID = requestID
  }

  /// Reads what the gateway attached. A peer that is a gateway but names no tenant, or two, is
  /// broken, and is refused rather than served as anybody.
  public init(metadata: Metadata) throws(RPCError) {
    var (tenant, keyID, requestID) = ("", "", "")
    var tenantCount = 0
    var actions: Actions = []
    var patterns: [String] = []
    metadata.headers.withBlock { block in
      block.forEach { field in
        if field.isNamed("x-martlet-tenant") {
          tenant = String(decoding: field.value, as: UTF8.self)
          tenantCount += 1
        } else if field.isNamed("x-martlet-rights") {
          Self.forEachItem(field.value) { actions.formUnion(Actions(named: $0)) }
        } else if field.isNamed("x-martlet-models") {
          Self.forEachItem(field.value) { patterns.append(String(decoding: $0, as: UTF8.self)) }
        } else if field.isNamed("x-martlet-key") {
          keyID = String(decoding: field.value, as: UTF8.self)
        } else if field.isNamed("x-martlet-request-id") {
          requestID = String(decoding: field.value, as: UTF8.self)
        }
      }
    }
    guard tenantCount == 1, RepositoryName.isValid(tenant) else {
      throw .denied("expected one tenant in x-martlet-tenant, got none or an invalid one")
    }
    self.init(
      tenant: tenant, keyID: keyID, actions: actions, modelPatterns: patterns,
      requestID: requestID)
  }

  /// The items of a comma-separated list, without the spaces around them.
  private static func forEachItem(
    _ list: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    var start = 0
    while start < list.count {
      var end = start
      while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
      var (first, last) = (start, end)
      while first < last, list[first] == UInt8(ascii: " ") { first += 1 }
      while last > first, list[last - 1] == UInt8(ascii: " ") { last -= 1 }
      if first < last { body(UnsafeRawBufferPointer(rebasing: list[first..<last])) }
      start = end + 1
    }
  }

  /// Whether the key may touch the model.
  func maySee(_ model: String) -> Bool {
    actions.contains(.admin) || modelPatterns.contains { GlobPattern.matches($0, model) }
  }

  /// Refuses a call whose key has none of the rights. The gateway has asked the same question
  /// before; a mistake there must not be enough.
  func require(_ wanted: Actions, model: String? = nil) throws(RPCError) {
    guard actions.contains(.admin) || !actions.isDisjoint(with: wanted) else {
      throw .denied("expected a key with the right \(wanted.described), got one without it")
    }
    guard let model else { return }
    guard maySee(model) else {
      throw .denied("expected a key for model '\(model.clipped)', got one for other models")
    }
  }
}
