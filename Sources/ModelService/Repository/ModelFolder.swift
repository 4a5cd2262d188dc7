/// Reads a model's folder: its versions, the files that are common to them, and the override in
/// force, if there is one.
struct ModelFolder {
  static let overridePrefix = ".override-"
  static let overrideConfigurationFile = "config.json"

  /// nil: nothing is deployed, and an override is looked at before it is in place.
  private let folder: Folder?
  private let override: Folder?
  /// The override brings versions of its own.
  private let replacesVersions: Bool

  /// The folder with the newest override in it.
  init(_ folder: Folder) throws(RepositoryError) {
    let newest = try Self.overrides(in: folder).last
    // Between listing and opening it may have been replaced; the generation will tell.
    let override = try newest.flatMap { number throws(RepositoryError) in
      try folder.folder(Self.overridePrefix + String(number))
    }
    try self.init(folder, override: override)
  }

  init(_ folder: Folder?, override: Folder?) throws(RepositoryError) {
    self.folder = folder
    self.override = override
    replacesVersions =
      try override?.entries().contains { RepositoryName.version($0) != nil } ?? false
  }

  /// What is to be served; nil for a folder without versions.
  func stored() throws(RepositoryError) -> StoredModel? {
    let versions =
      if replacesVersions, let override { try Self.versions(of: override, also: nil) } else {
        try deployed()
      }
    guard let newest = versions.last?.number else { return nil }
    return StoredModel(
      isUnloaded: folder?.status(DirectoryRepository.unloadedMarker) != nil, versions: versions,
      newestConfiguration: try configuration(of: newest))
  }

  private func configuration(
    of number: Int64
  ) throws(RepositoryError) -> WrittenConfiguration? {
    if let override { return try Self.configuration(override) }
    let name = DirectoryRepository.configurationFile
    let byteCountMax = VersionFiles.configurationByteCountMax
    var written = try folder?.folder(String(number))?.read(name, byteCountMax: byteCountMax)
    if written == nil { written = try folder?.read(name, byteCountMax: byteCountMax) }
    return written.map { WrittenConfiguration(.text, $0) }
  }

  /// What deployments and people have put there, whatever overrides it.
  func deployed() throws(RepositoryError) -> [StoredVersion] {
    guard let folder else { return [] }
    return try Self.versions(of: folder, also: replacesVersions ? nil : override)
  }

  /// Lends the files that are to be served under a number; nil when there are none.
  func withVersion<Result>(
    _ number: Int64, _ body: (VersionFiles) throws -> Result
  ) throws -> Result? {
    guard let version = try (replacesVersions ? override : folder)?.folder(String(number)) else {
      return nil
    }
    return try Self.withFiles(
      version, common: replacesVersions ? nil : folder, override: override, body)
  }
}

extension ModelFolder {
  /// The numbers of overrides, ascending: the last is in force, others were replaced by it.
  static func overrides(in folder: Folder) throws(RepositoryError) -> [Int64] {
    try folder.entries().compactMap { entry in
      guard entry.hasPrefix(overridePrefix) else { return nil }
      return RepositoryName.version(String(entry.dropFirst(overridePrefix.count)))
    }.sorted()
  }

  private static func configuration(
    _ override: Folder
  ) throws(RepositoryError) -> WrittenConfiguration? {
    try override.read(
      overrideConfigurationFile, byteCountMax: VersionFiles.configurationByteCountMax
    ).map { WrittenConfiguration(.json, $0) }
  }

  /// The versions in a folder. Their stamps hold the files beside them and those of `other`.
  private static func versions(
    of folder: Folder, also other: Folder?
  ) throws(RepositoryError) -> [StoredVersion] {
    var numbers: [Int64] = []
    var common = ContentStamp()
    for entry in try folder.entries() {
      guard let status = folder.status(entry) else { continue }
      if status.isFolder, let number = RepositoryName.version(entry) {
        numbers.append(number)
      } else if status.isFile, RepositoryName.isValid(entry) {
        common.add(entry, status)
      }
    }
    if let other, let status = other.status(overrideConfigurationFile) {
      common.add(overrideConfigurationFile, status)
    }
    var versions: [StoredVersion] = []
    for number in numbers.sorted() {
      // Between listing and opening, another process may have deleted it.
      guard let version = try folder.folder(String(number)) else { continue }
      versions.append(try describe(version, number: number, common: common))
    }
    return versions
  }

  private static func describe(
    _ version: Folder, number: Int64, common: ContentStamp
  ) throws(RepositoryError) -> StoredVersion {
    var stamp = common
    var byteCount: UInt64 = 0
    for entry in try version.entries() {
      guard let status = version.status(entry), status.isFile else { continue }
      stamp.add(entry, status)
      byteCount += status.byteCount
    }
    return StoredVersion(number: number, stamp: stamp.value, byteCount: byteCount)
  }

  /// The one file that is the model.
  static func modelFile(_ version: Folder) throws(RepositoryError) -> String {
    let names = DirectoryRepository.modelFiles.filter { version.status($0)?.isFile == true }
    if names.isEmpty, version.status(DirectoryRepository.folderFile)?.isFile == true {
      return DirectoryRepository.folderFile
    }
    guard names.count == 1 else {
      throw RepositoryError(
        .incomplete,
        "expected a file \(DirectoryRepository.modelFiles.joined(separator: " or ")), or "
          + "\(DirectoryRepository.folderFile) of a folder of Hugging Face, got "
          + "\(names.isEmpty ? "none" : "both")")
    }
    return names[0]
  }

  /// Lends a version's files; what it hasn't itself is looked for in `common`, and the configuration
  /// is that of the override.
  static func withFiles<Result>(
    _ version: Folder, common: Folder?, override: Folder? = nil,
    _ body: (VersionFiles) throws -> Result
  ) throws -> Result {
    let modelFile = try modelFile(version)
    let stored = try describe(version, number: 1, common: ContentStamp())
    // Loaders want a path, and this one can't be led astray: it starts at the open folder.
    let files = VersionFiles(
      modelPath: "/proc/self/fd/\(version.descriptor)/./\(modelFile)",
      byteCount: stored.byteCount,
      configurationOverride: try override.flatMap { override throws(RepositoryError) in
        try configuration(override)
      }
    ) { name, byteCountMax throws(RepositoryError) in
      if let own = try version.read(name, byteCountMax: byteCountMax) { return own }
      return try common?.read(name, byteCountMax: byteCountMax)
    }
    return try withExtendedLifetime(version) { try body(files) }
  }
}
