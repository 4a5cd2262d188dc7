internal import RPC

/// Models of the operator that every tenant may use: language models of its tenant whose
/// configuration says `shared`. Many tenants' requests meet in their steps; what is cached for one
/// tenant stays its own, and what is counted is counted for the caller.
extension Registry {
  /// Whose models may be shared.
  static let operatorTenant = "system"

  /// The model that a caller means: its own tenant's, else one that the operator shares. A model
  /// that is not shared looks like one that does not exist.
  func resolve(
    _ name: String, version text: String, for caller: Caller
  ) async throws -> LoadedModel {
    let own = ModelKey(tenant: caller.tenant, name: name)
    do {
      return try await resolve(own, version: text)
    } catch let error as RPCError where error.code == .notFound {
      // A tenant that has a model of this name means that one, whatever version it asks for.
      guard entry(own) == nil, let key = try sharedKey(name, for: caller) else { throw error }
      return try await resolve(key, version: text)
    }
  }

  /// The operator's model of this name if the caller may use it.
  func sharedKey(_ name: String, for caller: Caller) throws -> ModelKey? {
    guard caller.tenant != Self.operatorTenant else { return nil }
    let key = ModelKey(tenant: Self.operatorTenant, name: name)
    if let loaded = ready(key, version: nil) { return loaded.isShared ? key : nil }
    // Nothing of the operator's is loaded for somebody who may not use it.
    let stored: StoredModel?
    do { stored = try repository.stored(key) } catch {
      throw RPCError.unavailable("the model repository can't be read")
    }
    let settings = try? stored?.newestConfiguration.map { try LanguageSettings($0.parsed()) }
    return settings?.isShared == true ? key : nil
  }

  /// The index of all that the caller can use: its tenant's models, and those that are shared and
  /// have no namesake there.
  func index(for caller: Caller) async throws -> [IndexLine] {
    var lines = try await index(tenant: caller.tenant)
    let own = Set(lines.map(\.name))
    let names: [String]
    do { names = try repository.models(of: Self.operatorTenant) } catch {
      throw RPCError.unavailable("the model repository can't be read")
    }
    for name in names where !own.contains(name) && caller.maySee(name) {
      if let key = try sharedKey(name, for: caller) { lines += try await index(key) }
    }
    return lines
  }
}
