extension DirectoryRepository {
  /// Starts to receive a version.
  public func stage(
    _ key: ModelKey, limits: DeployLimits
  ) throws(RepositoryError) -> any StagedVersion {
    guard RepositoryName.isValid(key.tenant), RepositoryName.isValid(key.name) else {
      throw RepositoryError(
        .invalidName,
        "expected a name of 1…\(RepositoryName.byteCountMax) letters, digits, '_', '-', '.' or "
          + "'+' that does not begin with '.'")
    }
    try step("create the tenant's folder")
    let tenant = try root.makeFolder(key.tenant)
    try root.sync()
    return try DirectoryStagedVersion(self, tenant: tenant, key: key, limits: limits)
  }

  /// Says what is wanted of a model, for all processes.
  public func setUnloaded(_ isUnloaded: Bool, _ key: ModelKey) throws(RepositoryError) {
    guard let tenant = try tenantFolder(key.tenant) else { throw Self.missing(key) }
    _ = try tenant.lock(wait: true)
    guard let model = try tenant.folder(key.name), try Self.stored(model) != nil else {
      throw Self.missing(key)
    }
    try step("change the marker")
    if isUnloaded {
      if model.status(Self.unloadedMarker) == nil {
        Folder.close(file: try model.createFile(Self.unloadedMarker))
      }
    } else {
      try model.removeFile(Self.unloadedMarker)
    }
    try step("sync the marker")
    try model.sync()
    shared.increment()
  }

  /// Removes one version, or the model with all of them. What is removed is renamed away first, so
  /// that it is gone in one step.
  public func delete(_ key: ModelKey, version number: Int64?) throws(RepositoryError) {
    guard let tenant = try tenantFolder(key.tenant) else { throw Self.missing(key) }
    _ = try tenant.lock(wait: true)
    guard let model = try tenant.folder(key.name), let stored = try Self.stored(model) else {
      throw Self.missing(key)
    }
    let trash = Self.randomName(Self.trashPrefix)
    if let number {
      guard stored.versions.contains(where: { $0.number == number }) else {
        throw RepositoryError(.notFound, "'\(key.name)' version \(number) is not found")
      }
    }
    try step("rename to trash")
    if let number, stored.versions.count > 1 {
      try model.rename(String(number), into: tenant, as: trash)
      try step("sync the model's folder")
      try model.sync()
    } else {
      // The last version takes the model's own files along.
      try tenant.rename(key.name, into: tenant, as: trash)
    }
    try step("sync the tenant's folder")
    try tenant.sync()
    shared.increment()
    try step("empty the trash")
    tenant.removeTree(trash)
  }

  private static func missing(_ key: ModelKey) -> RepositoryError {
    RepositoryError(.notFound, "'\(key.name)' is not found")
  }

  /// Removes staging folders whose process is gone (nobody holds their lock) and emptied trash.
  func sweep() throws(RepositoryError) {
    for tenantName in try tenants() {
      guard let tenant = try root.folder(tenantName) else { continue }
      for entry in try tenant.entries() {
        if entry.hasPrefix(Self.trashPrefix) {
          tenant.removeTree(entry)
        } else if entry.hasPrefix(Self.stagingPrefix),
          let staging = try tenant.folder(entry), try staging.lock(wait: false)
        {
          tenant.removeTree(entry)
        }
      }
    }
  }
}
