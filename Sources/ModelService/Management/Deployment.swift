internal import CLinux
public import Protocols
internal import RPC

/// One deployment, part by part: received into hiding, checked by loading it, then made visible.
public final class Deployment: Sendable {
  private let registry: Registry
  private let staged: any StagedVersion
  private let key: ModelKey
  private let version: Int64

  /// Begins with the first part, which names the model.
  init(
    _ first: MartletV1.DeployRequest, caller: Caller, registry: Registry, limits: DeployLimits
  ) throws {
    guard !first.name.isEmpty else {
      throw RPCError.invalid("expected the model's name in the first message, got none")
    }
    try caller.require(.deploy, model: first.name)
    guard first.version >= 0 else {
      throw RPCError.invalid(
        "expected a version of 1 or more, or 0 for the next, got \(first.version)")
    }
    self.registry = registry
    key = ModelKey(tenant: caller.tenant, name: first.name)
    version = first.version
    do {
      staged = try registry.repository.stage(key, limits: limits)
    } catch {
      throw error.status
    }
    do {
      try append(first)
    } catch {
      staged.abort()
      throw error
    }
  }

  /// Takes a further part.
  public func receive(_ part: MartletV1.DeployRequest) throws {
    guard part.name.isEmpty || part.name == key.name else {
      throw RPCError.invalid(
        "expected parts of model '\(key.name)', got one of '\(part.name.clipped)'")
    }
    guard part.version == 0 || part.version == version else {
      throw RPCError.invalid(
        "expected the version in the first message only, got \(part.version) after \(version)")
    }
    try append(part)
  }

  private func append(_ part: MartletV1.DeployRequest) throws {
    do {
      try staged.append(part.data[...], to: part.path)
    } catch {
      throw error.status
    }
  }

  /// Loads what was received; when that works, stores it for good and serves it.
  public func finish() throws -> MartletV1.DeployResponse {
    do {
      try staged.inheritConfiguration()
      let model = try staged.withFiles { files in
        try registry.reserve(Int(clamping: files.byteCount))
        return try registry.makeModel(key, version: max(1, version), files)
      }
      try registry.reserve(model.memoryByteCount)
      let stored = try staged.commit(version: version)
      registry.adopt(model.numbered(stored.number), stored)
      var response = MartletV1.DeployResponse()
      response.name = key.name
      response.version = stored.number
      return response
    } catch {
      abort()
      throw Self.status(error, key)
    }
  }

  /// Forgets what was received.
  public func abort() {
    staged.abort()
    // A file made to be large leaves large holes in the heap; give them back now.
    martlet_trim_heap()
  }

  private static func status(_ error: any Error, _ key: ModelKey) -> RPCError {
    switch error {
    case let error as RPCError: error
    case let error as RepositoryError: error.status
    default: .invalid("model '\(key.name)' can't be served: \(Registry.sentence(error))")
    }
  }
}
