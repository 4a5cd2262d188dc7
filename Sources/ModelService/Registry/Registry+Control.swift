internal import CLinux
internal import RPC

extension Registry {
  /// One line of the index.
  struct IndexLine: Sendable, Equatable {
    enum State: String, Sendable {
      case ready = "READY"
      case unavailable = "UNAVAILABLE"
      case loading = "LOADING"
      case unloading = "UNLOADING"
    }

    var name: String
    var version: Int64
    var state: State
    var reason: String
    var byteCount: UInt64
  }

  /// Loads a model for good: the wish is kept in the repository, so every process follows.
  func load(_ key: ModelKey) async throws {
    do {
      try await elsewhere { [repository] in try repository.setUnloaded(false, key) }
    } catch let error as RPCError {
      throw RPCError(code: error.code, message: Self.failedToLoad(key, error))
    }
    try refresh(key)
    forgetFailures(key)
    do {
      _ = try await resolve(key, version: "")
    } catch {
      throw RPCError.invalid(Self.failedToLoad(key, error))
    }
    await settle(key)
  }

  /// The words that Triton's clients look for.
  static func failedToLoad(_ key: ModelKey, _ error: any Error) -> String {
    "failed to load '\(key.name.clipped)', \(sentence(error))"
  }

  /// Unloads a model in every process, until it is loaded again or a new version is deployed.
  func unload(_ key: ModelKey) async throws {
    try await elsewhere { [repository] in try repository.setUnloaded(true, key) }
    try refresh(key)
    martlet_trim_heap()
  }

  /// Removes a version, or the model. Blocks while the disk is written.
  func delete(_ key: ModelKey, version: Int64?) throws {
    do {
      try repository.delete(key, version: version)
    } catch {
      throw error.status
    }
    try refresh(key)
    martlet_trim_heap()
  }

  /// Runs a change of the repository where waiting for locks and disks holds nobody up.
  func elsewhere(
    _ body: @escaping @Sendable () throws -> Void
  ) async throws {
    try await withUnsafeThrowingContinuation {
      (continuation: UnsafeContinuation<Void, any Error>) in
      background {
        do {
          try body()
          continuation.resume()
        } catch {
          continuation.resume(throwing: (error as? RepositoryError)?.status ?? error)
        }
      }
    }
  }

  /// Loads every version that is served by policy, as far as that works.
  func settle(_ key: ModelKey) async {
    for version in servedVersions(key) { _ = try? await resolve(key, version: String(version)) }
  }

  /// The versions of a tenant's models, by name and number. Whatever should be served is loaded
  /// first, so that the answer does not depend on which process gives it.
  func index(tenant: String) async throws -> [IndexLine] {
    let names: [String]
    do {
      names = try repository.models(of: tenant)
    } catch {
      throw RPCError.unavailable("the model repository can't be read")
    }
    var lines: [IndexLine] = []
    for name in names {
      let key = ModelKey(tenant: tenant, name: name)
      lines += try await index(key)
    }
    return lines
  }

  /// The versions of one model, ascending; empty when there is none.
  func index(_ key: ModelKey) async throws -> [IndexLine] {
    try refresh(key)
    guard let entry = entry(key) else { return [] }
    if !entry.isUnloaded { await settle(key) }
    return lines(key)
  }

  private func lines(_ key: ModelKey) -> [IndexLine] {
    guard let entry = entry(key) else { return [] }
    return entry.slots.sorted { $0.key < $1.key }.map { number, slot in
      let isServed = entry.served.contains(number)
      let (state, reason): (IndexLine.State, String) =
        switch slot.state {
        case .ready: (.ready, "")
        case .loading: (.loading, "")
        case .failed(let reason): (.unavailable, reason)
        case .idle:
          (.unavailable, entry.isUnloaded ? "unloaded" : isServed ? "" : "not served by policy")
        }
      return IndexLine(
        name: key.name, version: number, state: state, reason: reason,
        byteCount: slot.stored.byteCount)
    }
  }

  /// Loads what every tenant has, so that first requests find it ready. Failures stay with their
  /// models.
  func loadAll() async {
    guard let tenants = try? repository.tenants() else { return }
    for tenant in tenants { _ = try? await index(tenant: tenant) }
  }
}

extension RepositoryError {
  /// The status a caller sees.
  var status: RPCError {
    switch code {
    case .invalidName, .incomplete: .invalid(message)
    case .alreadyExists: RPCError(code: .alreadyExists, message: message)
    case .notFound: .notFound("Request for unknown model: \(message)")
    case .tooLarge: RPCError(code: .resourceExhausted, message: message)
    case .full: RPCError(code: .resourceExhausted, message: "the model repository: \(message)")
    case .storage, .interrupted: .unavailable("the model repository: \(message)")
    }
  }
}
