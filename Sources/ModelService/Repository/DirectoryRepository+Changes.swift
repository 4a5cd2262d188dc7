extension DirectoryRepository {
  /// Starts to receive a version.
  public func stage(
    _ key: ModelKey, limits: DeployLimits
  ) throws(RepositoryError) -> any StagedVersion {
    try Self.checkName(key)
    try step("create the tenant's folder")
    let tenant = try root.makeFolder(key.tenant)
    try root.sync()
    return try DirectoryStagedVersion(self, tenant: tenant, key: key, limits: limits)
  }

  static func checkName(_ key: ModelKey) throws(RepositoryError) {
    guard RepositoryName.isValid(key.tenant), RepositoryName.isValid(key.name) else {
      throw RepositoryError(
        .invalidName,
        "expected a name of 1…\(RepositoryName.byteCountMax) letters, digits, '_', '-', '.' or "
          + "'+' that does not begin with '.'")
    }
  }

  /// Says what is wanted of a model, for all processes. Either way an override ends.
  public func setUnloaded(_ isUnloaded: Bool, _ key: ModelKey) throws(RepositoryError) {
    guard let tenant = try tenantFolder(key.tenant) else { throw Self.missing(key) }
    _ = try tenant.lock(wait: true)
    guard let model = try tenant.folder(key.name), try ModelFolder(model).stored() != nil else {
      throw Self.missing(key)
    }
    guard try !ModelFolder(model).deployed().isEmpty else {
      // There is nothing but an override: without it there is nothing.
      guard isUnloaded else { throw Self.missing(key) }
      return try remove(key.name, from: tenant, of: tenant)
    }
    try step("change the marker")
    if isUnloaded {
      if model.status(Self.unloadedMarker) == nil {
        Folder.close(file: try model.createFile(Self.unloadedMarker))
      }
      try removeOverrides(model, of: tenant)
    } else {
      try removeOverrides(model, of: tenant)
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
    guard let model = try tenant.folder(key.name), try ModelFolder(model).stored() != nil else {
      throw Self.missing(key)
    }
    let deployed = try ModelFolder(model).deployed()
    if let number {
      guard deployed.contains(where: { $0.number == number }) else {
        throw RepositoryError(.notFound, "'\(key.name)' version \(number) is not found")
      }
    }
    if let number, deployed.count > 1 {
      try remove(String(number), from: model, of: tenant)
    } else {
      // The last version takes the model's own files along.
      try remove(key.name, from: tenant, of: tenant)
    }
  }

  /// Renames an entry away, announces that it is gone, and then clears it up.
  private func remove(
    _ name: String, from folder: Folder, of tenant: Folder
  ) throws(RepositoryError) {
    let trash = Self.randomName(Self.trashPrefix)
    try step("rename to trash")
    try folder.rename(name, into: tenant, as: trash)
    try step("sync the folder")
    try folder.sync()
    try step("sync the tenant's folder")
    try tenant.sync()
    shared.increment()
    try step("empty the trash")
    tenant.removeTree(trash)
  }

  static func missing(_ key: ModelKey) -> RepositoryError {
    RepositoryError(.notFound, "'\(key.name)' is not found")
  }

  /// Removes staging folders whose process is gone (nobody holds their lock), emptied trash, and
  /// overrides that were replaced.
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
        } else if RepositoryName.isValid(entry), let model = try tenant.folder(entry) {
          for number in try ModelFolder.overrides(in: model).dropLast() {
            model.removeTree(ModelFolder.overridePrefix + String(number))
          }
        }
      }
    }
  }
}
