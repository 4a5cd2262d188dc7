internal import CLinux
internal import RPC

extension Registry {
  /// Serves a model otherwise than deployed, in every process, until it is loaded, unloaded or
  /// deployed again. Whatever should be served is loaded as a test first: when that fails nothing
  /// has changed.
  func load(_ key: ModelKey, with override: ModelOverride, limits: DeployLimits) async throws {
    do {
      try await elsewhere { try self.putInForce(override, key, limits) }
    } catch let error as RPCError {
      throw RPCError(code: error.code, message: Self.failedToLoad(key, error))
    } catch {
      throw RPCError.invalid(Self.failedToLoad(key, error))
    }
    try refresh(key)
    await settle(key)
    martlet_trim_heap()
  }

  private func putInForce(
    _ override: ModelOverride, _ key: ModelKey, _ limits: DeployLimits
  ) throws {
    let configuration = try WrittenConfiguration(.json, override.configuration).parsed()
    var models: [LoadedModel] = []
    let stored = try repository.override(key, with: override, limits: limits) { candidate in
      let (served, _) = configuration.servedVersions(candidate.stored.versions.map(\.number))
      guard !served.isEmpty else {
        throw RPCError.invalid("expected a version that version_policy serves, got none")
      }
      for version in served {
        let model = try candidate.withVersion(version) { files in
          try reserve(Int(clamping: files.byteCount))
          return try makeModel(key, version: version, files)
        }
        guard let model else { throw RPCError.invalid("version \(version) was removed meanwhile") }
        models.append(model)
        try reserve(models.reduce(0) { $0 + $1.memoryByteCount })
      }
    }
    for model in models {
      guard let version = stored.versions.first(where: { $0.number == model.version }) else {
        continue
      }
      adopt(model, version)
    }
  }
}
