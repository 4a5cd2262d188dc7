internal import CLinux
internal import Protocols
internal import RPC
internal import Synchronization

/// The models this process serves. It loads what is asked for, keeps it until the repository says
/// otherwise, and finds out about changes by looking at the repository's generation at each
/// request.
///
/// Loads run on workers, one at a time per version however many requests wait for it.
final class Registry: Sendable {
  typealias Entry = ModelEntry<LoadedModel>

  private struct State {
    var entries: [ModelKey: Entry] = [:]
    var waiters: [ModelKey: [Int64: [UnsafeContinuation<Void, Never>]]] = [:]
  }

  let repository: any ModelRepository
  let loader: any EngineLoader
  let memoryByteCountMax: Int
  private let execution: ExecutionResources
  /// Runs a load somewhere else; tests run it step by step.
  let background: @Sendable (@escaping @Sendable () -> Void) -> Void
  private let state = Mutex(State())

  init(
    repository: any ModelRepository, loader: any EngineLoader, memoryByteCountMax: Int,
    execution: ExecutionResources,
    background: (@Sendable (@escaping @Sendable () -> Void) -> Void)? = nil
  ) {
    self.repository = repository
    self.loader = loader
    self.memoryByteCountMax = memoryByteCountMax
    self.execution = execution
    self.background = background ?? { [workers = execution.workers] in workers.submit($0) }
  }

  /// The model when it can answer at once: one load from memory and one look into a map.
  func ready(_ key: ModelKey, version: Int64?) -> LoadedModel? {
    let generation = repository.generation
    return state.withLock { state in
      guard let entry = state.entries[key], entry.generation == generation,
        case .serve(let model) = entry.resolve(version)
      else { return nil }
      return model
    }
  }

  /// The model, loaded when it has to be. Errors are those of Triton, which clients match.
  func resolve(_ key: ModelKey, version text: String) async throws -> LoadedModel {
    let version = try Self.version(text, of: key)
    if let model = ready(key, version: version) { return model }
    while true {
      try refresh(key)
      switch begin(key, version: version) {
      case .serve(let model): return model
      case .load, .wait: break
      case .missing: throw Self.unknown("'\(key.name.clipped)' is not found")
      case .missingVersion: throw Self.unknown("'\(key.name.clipped)' version \(text) is not found")
      case .unavailable(let reason):
        throw RPCError.unavailable("Request for unknown model: '\(key.name)' \(reason)")
      }
      await settled(key, version: version)
    }
  }

  static func version(_ text: String, of key: ModelKey) throws -> Int64? {
    if text.isEmpty { return nil }
    guard let number = Int64(text) else {
      throw RPCError.invalid(
        "failed to get model version from specified version string '\(text.prefix(32))': expected "
          + "a number")
    }
    guard number > 0 else { throw unknown("'\(key.name.clipped)' version \(number) is not found") }
    return number
  }

  private static func unknown(_ message: String) -> RPCError {
    .notFound("Request for unknown model: \(message)")
  }

  /// Reads what the repository says about a model when it may have changed.
  func refresh(_ key: ModelKey) throws {
    let generation = repository.generation
    let isCurrent = state.withLock { $0.entries[key]?.generation == generation }
    if isCurrent { return }
    let stored: StoredModel?
    do {
      stored = try repository.stored(key)
    } catch {
      throw RPCError.unavailable("the model repository can't be read")
    }
    let (served, substitutes) = Self.served(stored)
    let wakes = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
      if stored == nil {
        // Names that don't exist leave no trace, however many are asked for.
        state.entries[key] = nil
        return state.waiters.removeValue(forKey: key).map { $0.values.flatMap { $0 } } ?? []
      }
      state.entries[key, default: Entry()].reconcile(
        stored, served: served, substitutes: substitutes, generation: generation)
      return []
    }
    for continuation in wakes { continuation.resume() }
  }

  /// A configuration that can't be read serves the newest version, whose load then says why.
  private static func served(_ stored: StoredModel?) -> (served: [Int64], substitutes: [Int64]) {
    guard let stored else { return ([], []) }
    let config =
      stored.newestConfiguration.flatMap { try? $0.parsed() }
      ?? Inference.ModelConfig()
    return config.servedVersions(stored.versions.map(\.number))
  }

  /// Resolves, and starts the load when one is needed.
  private func begin(_ key: ModelKey, version: Int64?) -> Entry.Resolution {
    let resolution = state.withLock { state -> Entry.Resolution in
      guard let entry = state.entries[key] else { return .missing }
      let resolution = entry.resolve(version)
      if case .load(let stored) = resolution { state.entries[key]?.began(stored) }
      return resolution
    }
    if case .load(let stored) = resolution {
      background { self.load(key, stored) }
    }
    return resolution
  }

  private func load(_ key: ModelKey, _ version: StoredVersion) {
    let result = loadResult(key, version)
    let wakes = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
      state.entries[key]?.finished(version, result)
      guard var waiting = state.waiters[key] else { return [] }
      let wakes = waiting.removeValue(forKey: version.number) ?? []
      state.waiters[key] = waiting.isEmpty ? nil : waiting
      return wakes
    }
    for continuation in wakes { continuation.resume() }
    // Reading a file leaves holes as large as the file, and a version may just have been let go.
    martlet_trim_heap()
  }

  private func loadResult(
    _ key: ModelKey, _ version: StoredVersion
  ) -> Result<LoadedModel, LoadFailure> {
    do {
      try reserve(Int(clamping: version.byteCount))
      let model = try repository.withVersion(key, version.number) { files in
        try makeModel(key, version: version.number, files)
      }
      guard let model else { return .failure(LoadFailure(reason: "was removed meanwhile")) }
      try reserve(model.memoryByteCount)
      return .success(model)
    } catch {
      return .failure(LoadFailure(reason: Self.sentence(error)))
    }
  }

  /// Loads files into a model that the registry does not know.
  func makeModel(_ key: ModelKey, version: Int64, _ files: VersionFiles) throws -> LoadedModel {
    try LoadedModel(
      key: key, version: version, engine: try loader.load(files), platform: loader.platform,
      files: files, execution: execution)
  }

  /// Puts in a model that was loaded to check a deployment, so that it isn't loaded twice.
  func adopt(_ model: LoadedModel, _ version: StoredVersion) {
    guard (try? refresh(model.key)) != nil else { return }
    state.withLock { state in
      guard case .idle = state.entries[model.key]?.slots[version.number]?.state else { return }
      state.entries[model.key]?.finished(version, .success(model))
    }
  }

  /// Refuses what would take the process over its memory budget: for now, if other models leave too
  /// little of it, or for good.
  func reserve(_ byteCount: Int) throws {
    guard byteCount <= memoryByteCountMax else {
      throw RPCError(
        code: .failedPrecondition,
        message:
          "expected a model of at most \(memoryByteCountMax) bytes, which all models together "
          + "may have, got \(byteCount) bytes: it can never be loaded here")
    }
    let held = memoryByteCount
    guard held + byteCount <= memoryByteCountMax else {
      throw RPCError.overloaded(
        "expected models of at most \(memoryByteCountMax) bytes together, got \(held) bytes that "
          + "are loaded and \(byteCount) more", retryAfterSeconds: 30)
    }
  }

  /// Bytes held by loaded models.
  var memoryByteCount: Int { loadedModels.reduce(0) { $0 + $1.memoryByteCount } }

  /// What is known about a model, without looking again.
  func entry(_ key: ModelKey) -> Entry? {
    state.withLock { $0.entries[key] }
  }

  /// The versions served by policy.
  func servedVersions(_ key: ModelKey) -> [Int64] {
    state.withLock { $0.entries[key]?.served ?? [] }
  }

  /// Lets failed loads be tried again.
  func forgetFailures(_ key: ModelKey) {
    state.withLock { $0.entries[key]?.forgetFailures() }
  }

  /// Every model in memory.
  var loadedModels: [LoadedModel] {
    state.withLock { $0.entries.values.flatMap(\.loaded) }
  }

  /// Returns when the load that a request waits for has ended.
  private func settled(_ key: ModelKey, version: Int64?) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isOver = state.withLock { state -> Bool in
        guard case .wait(let number) = state.entries[key]?.resolve(version) else { return true }
        state.waiters[key, default: [:]][number, default: []].append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  /// A sentence about a failed load that holds no path of this machine.
  static func sentence(_ error: any Error) -> String {
    switch error {
    case let error as RPCError: error.message
    case let error as LoadFailure: error.reason
    case let error as any Error & CustomStringConvertible: error.description
    default: "the model could not be loaded"
    }
  }
}
