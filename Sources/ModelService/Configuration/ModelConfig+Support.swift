internal import Protocols

extension Inference.ModelConfig {
  /// Refuses what would change a model's meaning and isn't implemented. Hints about placement and
  /// speed (`optimization`, `instance_group` of CPUs, `model_warmup`, `parameters` …) are accepted
  /// and have no effect beyond what docs/models.md says.
  func refuseUnsupported(optionalInputs: Set<String> = []) throws(ConfigurationError) {
    if !platform.isEmpty, !["onnxruntime_onnx", "onnx", "gguf", "safetensors"].contains(platform) {
      throw ConfigurationError(
        "expected platform 'onnx', 'onnxruntime_onnx', 'gguf' or 'safetensors', got '\(platform)'")
    }
    if !backend.isEmpty, !["onnxruntime", "onnx", "gguf", "safetensors"].contains(backend) {
      throw ConfigurationError(
        "expected backend 'onnxruntime', 'onnx', 'gguf' or 'safetensors', got '\(backend)'")
    }
    if !defaultModelFilename.isEmpty,
      !DirectoryRepository.modelFiles.contains(defaultModelFilename)
    {
      throw ConfigurationError(
        "expected default_model_filename "
          + "'\(DirectoryRepository.modelFiles.joined(separator: "' or '"))', got another")
    }
    switch schedulingChoice {
    case .sequenceBatching(let batching): try Self.check(batching, maxBatchSize)
    case .ensembleScheduling: throw Self.unsupported("ensemble_scheduling")
    case .dynamicBatching(let batching): try Self.check(batching, maxBatchSize)
    case nil: break
    }
    if modelTransactionPolicy?.decoupled == true, platform != "gguf", platform != "safetensors" {
      throw Self.unsupported("decoupled: true")
    }
    if !batchInput.isEmpty { throw Self.unsupported("batch_input") }
    if !batchOutput.isEmpty { throw Self.unsupported("batch_output") }
    if responseCache?.enable == true { throw Self.unsupported("response_cache") }
    if let agents = modelRepositoryAgents?.agents, !agents.isEmpty {
      throw Self.unsupported("model_repository_agents")
    }
    if let operations = modelOperations?.opLibraryFilename, !operations.isEmpty {
      throw Self.unsupported("model_operations")
    }
    for group in instanceGroup where group.kind == .gpu {
      throw Self.unsupported("instance_group of KIND_GPU")
    }
    for input in input {
      if input.reshape != nil { throw Self.unsupported("reshape (input '\(input.name)')") }
      if input.isShapeTensor { throw Self.unsupported("is_shape_tensor ('\(input.name)')") }
      if input.allowRaggedBatch { throw Self.unsupported("allow_ragged_batch ('\(input.name)')") }
      if input.optional, !optionalInputs.contains(input.name) {
        throw Self.unsupported("optional inputs ('\(input.name)')")
      }
    }
    for output in output where output.reshape != nil || output.isShapeTensor {
      throw Self.unsupported("reshape and is_shape_tensor (output '\(output.name)')")
    }
  }

  private static func check(
    _ batching: Inference.ModelDynamicBatching, _ maxBatchSize: Int32
  ) throws(ConfigurationError) {
    guard maxBatchSize > 0 else {
      throw ConfigurationError("dynamic_batching needs max_batch_size of 1 or more, got 0")
    }
    for size in batching.preferredBatchSize where size < 1 || size > maxBatchSize {
      throw ConfigurationError(
        "expected preferred_batch_size of 1…\(maxBatchSize) (max_batch_size), got \(size)")
    }
    if !batching.priorityQueuePolicy.isEmpty { throw unsupported("priority_queue_policy") }
    if batching.defaultPriorityLevel > batching.priorityLevels {
      throw ConfigurationError(
        "expected default_priority_level of at most \(batching.priorityLevels) "
          + "(priority_levels), got \(batching.defaultPriorityLevel)")
    }
    if batching.priorityLevels > 0, batching.defaultPriorityLevel == 0 {
      throw ConfigurationError(
        "expected default_priority_level of 1…\(batching.priorityLevels), got none")
    }
  }

  private static func check(
    _ batching: Inference.ModelSequenceBatching, _ maxBatchSize: Int32
  ) throws(ConfigurationError) {
    if batching.iterativeSequence { throw unsupported("iterative_sequence") }
    guard case .oldest(let oldest) = batching.strategyChoice else { return }
    for size in oldest.preferredBatchSize where size < 1 || size > max(1, maxBatchSize) {
      throw ConfigurationError(
        "expected preferred_batch_size of 1…\(max(1, maxBatchSize)) (max_batch_size), got \(size)")
    }
  }

  static func unsupported(_ what: String) -> ConfigurationError {
    ConfigurationError("\(what) is not supported by this server")
  }

  /// Which of the stored versions are served, ascending, and which may stand in while those can't
  /// be loaded.
  func servedVersions(_ stored: [Int64]) -> (served: [Int64], substitutes: [Int64]) {
    switch versionPolicy?.policyChoice {
    case .all: return (stored, [])
    case .specific(let specific):
      let wanted = Set(specific.versions)
      return (stored.filter(wanted.contains), [])
    case .latest(let latest):
      let count = max(1, Int(latest.numVersions))
      return (Array(stored.suffix(count)), Array(stored.dropLast(count)))
    case nil: return (Array(stored.suffix(1)), Array(stored.dropLast(1)))
    }
  }
}
