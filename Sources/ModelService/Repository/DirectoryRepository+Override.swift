extension DirectoryRepository {
  /// Puts an override in force: received into hiding, checked, made durable, and then visible by one
  /// rename to the next `.override-N` of the model. The highest counts, so whatever it replaces can
  /// be removed afterwards.
  public func override(
    _ key: ModelKey, with override: ModelOverride, limits: DeployLimits,
    check: (OverrideCandidate) throws -> Void
  ) throws -> StoredModel {
    if override.files.isEmpty {
      guard let model = try modelFolder(key), try !ModelFolder(model).deployed().isEmpty else {
        throw Self.missing(key)
      }
    }
    try Self.checkName(key)
    try step("create the tenant's folder")
    let tenant = try root.makeFolder(key.tenant)
    let name = Self.randomName(Self.stagingPrefix)
    do {
      let staged = try receive(override, limits, as: name, in: tenant)
      let candidate = try ModelFolder(try tenant.folder(key.name), override: staged)
      guard let stored = try candidate.stored() else { throw Self.missing(key) }
      try check(OverrideCandidate(candidate, stored))
      return try putInForce(staged, name, key, tenant)
    } catch {
      tenant.removeTree(name)
      throw error
    }
  }

  /// Writes everything, down to the disk. The folder's lock keeps others from sweeping it away.
  private func receive(
    _ override: ModelOverride, _ limits: DeployLimits, as name: String, in tenant: Folder
  ) throws(RepositoryError) -> Folder {
    try step("create the staging folder")
    let staged = try tenant.makeFolder(name)
    _ = try staged.lock(wait: true)
    try Self.check(override, limits)
    try write(
      override.configuration[...], as: ModelFolder.overrideConfigurationFile, in: staged)
    for (number, files) in override.files.sorted(by: { $0.key < $1.key }) {
      let version = try staged.makeFolder(String(number))
      for (name, content) in files.sorted(by: { $0.key < $1.key }) {
        try write(content, as: name, in: version)
      }
      try step("sync a version")
      try version.sync()
    }
    try step("sync the staging folder")
    try staged.sync()
    return staged
  }

  private func write(
    _ content: ArraySlice<UInt8>, as name: String, in folder: Folder
  ) throws(RepositoryError) {
    try step("write '\(name)'")
    let file = try folder.createFile(name)
    defer { Folder.close(file: file) }
    try Folder.write(content, to: file)
    try step("sync '\(name)'")
    try Folder.sync(file: file)
  }

  private static func check(
    _ override: ModelOverride, _ limits: DeployLimits
  ) throws(RepositoryError) {
    let files = override.files.values.flatMap { $0 }
    guard files.count <= limits.fileCountMax else {
      throw RepositoryError(
        .tooLarge, "expected at most \(limits.fileCountMax) files, got \(files.count)")
    }
    let byteCount = files.reduce(UInt64(0)) { $0 + UInt64($1.value.count) }
    guard byteCount <= limits.byteCountMax,
      files.allSatisfy({ UInt64($0.value.count) <= limits.fileByteCountMax })
    else {
      throw RepositoryError(
        .tooLarge,
        "expected at most \(limits.byteCountMax) bytes in all files and "
          + "\(limits.fileByteCountMax) in one, got more")
    }
    guard override.configuration.count <= VersionFiles.configurationByteCountMax else {
      throw RepositoryError(
        .tooLarge,
        "expected a configuration of at most \(VersionFiles.configurationByteCountMax) bytes, got "
          + "\(override.configuration.count)")
    }
    for name in override.files.values.flatMap(\.keys) where !RepositoryName.isValid(name) {
      throw RepositoryError(.invalidName, "expected a plain file name, got one that is not")
    }
  }

  private func putInForce(
    _ staged: Folder, _ name: String, _ key: ModelKey, _ tenant: Folder
  ) throws(RepositoryError) -> StoredModel {
    _ = try tenant.lock(wait: true)
    defer { tenant.unlock() }
    // Somebody may have deleted the model since it was checked.
    guard
      var stored = try ModelFolder(try tenant.folder(key.name), override: staged).stored()
    else { throw Self.missing(key) }
    stored.isUnloaded = false
    try step("create the model's folder")
    let model = try tenant.makeFolder(key.name)
    let replaced = try ModelFolder.overrides(in: model)
    try step("rename the override into place")
    let number = (replaced.last ?? 0) + 1
    try tenant.rename(
      name, into: model, as: ModelFolder.overridePrefix + String(number))
    try model.removeFile(Self.unloadedMarker)
    try step("sync the model's folder")
    try model.sync()
    try step("sync the tenant's folder")
    try tenant.sync()
    try step("announce")
    shared.increment()
    try step("remove what was replaced")
    for number in replaced { model.removeTree(ModelFolder.overridePrefix + String(number)) }
    return stored
  }

  /// Ends every override of a model, the one in force last. The caller holds the tenant's lock,
  /// syncs and announces.
  func removeOverrides(_ model: Folder, of tenant: Folder) throws(RepositoryError) {
    for number in try ModelFolder.overrides(in: model) {
      let trash = Self.randomName(Self.trashPrefix)
      try step("rename an override to trash")
      try model.rename(
        ModelFolder.overridePrefix + String(number), into: tenant, as: trash)
      tenant.removeTree(trash)
    }
  }
}
