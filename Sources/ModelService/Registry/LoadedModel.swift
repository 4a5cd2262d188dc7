internal import Generation
internal import Protocols
internal import RPC

/// One version of a model, ready to answer: engine, configuration in force, labels, counters and
/// the queue in front of it. Requests that run keep it alive after the registry let go.
final class LoadedModel: Sendable {
  let key: ModelKey
  let version: Int64
  let config: Inference.ModelConfig
  let signature: ModelSignature
  let engine: any Engine
  /// Class names by output, for the classification extension.
  let labels: [String: [String]]
  let statistics: ModelStatisticsRecorder
  let scheduler: Scheduler
  /// For a language model, what generates.
  let generator: Generator?
  /// Whether every tenant may use it.
  let isShared: Bool
  /// For a stateful model, the sequences in front of the queue.
  let sequences: SequenceScheduler?

  init(
    key: ModelKey, version: Int64, engine: any Engine, platform: String, files: VersionFiles,
    execution: ExecutionResources
  ) throws {
    self.key = key
    self.version = version
    self.engine = engine
    let written = try Self.configuration(files)
    let (config, signature) = try written.completed(
      name: key.name, platform: engine.platform ?? platform, inputs: engine.inputs,
      optionalInputs: engine.optionalInputs, outputs: engine.outputs)
    self.config = config
    self.signature = signature
    labels = try Self.labels(config, engine, files)
    statistics = ModelStatisticsRecorder()
    let settings = try LanguageSettings(config)
    isShared = settings.isShared
    guard !isShared || key.tenant == Registry.operatorTenant && engine is LanguageEngine else {
      throw ConfigurationError(
        "parameter 'shared': expected a language model of the operator's tenant")
    }
    generator = try (engine as? LanguageEngine).map {
      try Generator($0.model, name: key.name, settings, execution)
    }
    scheduler = Scheduler(
      engine: engine, signature: signature.sequence?.extended(signature) ?? signature,
      policy: BatchPolicy(config, execution.settings), statistics: statistics,
      resources: execution)
    sequences = signature.sequence.map { [scheduler, statistics] in
      SequenceScheduler(
        model: key.name, signature: $0, scheduler: scheduler, statistics: statistics,
        resources: execution)
    }
  }

  private init(_ other: LoadedModel, version: Int64) {
    key = other.key
    self.version = version
    config = other.config
    signature = other.signature
    engine = other.engine
    labels = other.labels
    statistics = other.statistics
    scheduler = other.scheduler
    generator = other.generator
    isShared = other.isShared
    sequences = other.sequences
  }

  /// The same model under the number it got when it was stored.
  func numbered(_ version: Int64) -> LoadedModel {
    LoadedModel(self, version: version)
  }

  /// Runs a request, alone or with others, or when it is its turn in its sequence.
  func infer(
    _ request: PreparedInference, _ parameters: RequestParameters, deadline: MonotonicTime?,
    isLive: @escaping @Sendable () -> Bool
  ) async throws -> InferenceResult {
    guard let sequences else {
      return try await scheduler.infer(
        request, priority: parameters.priority,
        timeoutMicroseconds: parameters.timeoutMicroseconds, deadline: deadline, isLive: isLive)
    }
    return try await sequences.infer(
      request, parameters.sequence, priority: parameters.priority,
      timeoutMicroseconds: parameters.timeoutMicroseconds, deadline: deadline, isLive: isLive)
  }

  /// What is written; an empty configuration when nothing is.
  static func configuration(_ files: VersionFiles) throws -> Inference.ModelConfig {
    guard let written = try files.configuration() else { return Inference.ModelConfig() }
    return try written.parsed()
  }

  private static func labels(
    _ config: Inference.ModelConfig, _ engine: any Engine, _ files: VersionFiles
  ) throws -> [String: [String]] {
    var labels: [String: [String]] = [:]
    for output in config.output {
      guard !output.labelFilename.isEmpty else {
        if !engine.classLabels.isEmpty { labels[output.name] = engine.classLabels }
        continue
      }
      guard let bytes = try files.labels(output.labelFilename),
        let lines = Self.lines(bytes)
      else {
        throw ConfigurationError(
          "output '\(output.name)' wants labels of '\(output.labelFilename)', which is missing or "
            + "not UTF-8")
      }
      labels[output.name] = lines
    }
    return labels
  }

  /// One label a line, by bytes: Swift's characters would take CR LF for one that is not LF.
  private static func lines(_ bytes: [UInt8]) -> [String]? {
    var lines: [String] = []
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard let text = String(validating: content, as: UTF8.self) else { return nil }
      lines.append(text)
    }
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Bytes held by the engine, its idle contexts and the states of sequences.
  var memoryByteCount: Int {
    engine.memoryByteCount + (sequences?.stateByteCount ?? 0) + (generator?.cacheByteCount ?? 0)
  }
}
