internal import Generation
internal import RPC
internal import Telemetry

/// What operators see of a model service. Labels are methods and statuses, which are few; models
/// and tenants are in ModelStatistics.
final class ServiceMetrics: Sendable {
  private let metrics: Metrics
  private let deployments: Counter

  init(_ metrics: Metrics, registry: Registry) {
    self.metrics = metrics
    deployments = metrics.counter(
      "martlet_model_deployments_total", help: "Versions stored by deployments.")
    metrics.gauge("martlet_model_memory_bytes", help: "Bytes held by loaded models.") {
      Double(registry.memoryByteCount)
    }
    metrics.gauge(
      "martlet_model_memory_bytes_max", help: "Bytes that loaded models may hold."
    ) { Double(registry.memoryByteCountMax) }
    metrics.gauge("martlet_models_loaded", help: "Versions in memory.") {
      Double(registry.loadedModels.count)
    }
    metrics.gauge("martlet_model_queue_requests", help: "Requests waiting for a model.") {
      Double(registry.loadedModels.reduce(0) { $0 + $1.scheduler.queuedCount })
    }
    metrics.gauge("martlet_model_sequences", help: "Live sequences of stateful models.") {
      Double(registry.loadedModels.reduce(0) { $0 + ($1.sequences?.sequenceCount ?? 0) })
    }
    metrics.gauge(
      "martlet_model_sequence_state_bytes", help: "Bytes that the states of sequences hold."
    ) { Double(registry.loadedModels.reduce(0) { $0 + ($1.sequences?.stateByteCount ?? 0) }) }
    metrics.gauge(
      "martlet_model_sequences_expired",
      help: "Sequences that nobody ended, of models now in memory."
    ) { Double(registry.loadedModels.reduce(0) { $0 + ($1.sequences?.expiredCount ?? 0) }) }
    metrics.gauge(
      "martlet_model_inferences_succeeded", help: "Requests answered by models now in memory."
    ) { Double(registry.loadedModels.reduce(0) { $0 + $1.statistics.requestCounts.success }) }
    metrics.gauge(
      "martlet_model_inferences_failed", help: "Requests that models now in memory refused."
    ) { Double(registry.loadedModels.reduce(0) { $0 + $1.statistics.requestCounts.fail }) }
    registerGeneration(registry)
  }

  private func registerGeneration(_ registry: Registry) {
    let gauges: [(name: String, help: String, value: @Sendable (Generator) -> Int)] = [
      ("requests", "Requests that are generated for.", { $0.requestCount }),
      ("pages_available", "Pages of keys and values that may be had.", { $0.availablePageCount }),
      ("steps", "Steps planned.", { $0.counts.steps }),
      ("prompt_tokens", "Tokens of prompts computed.", { $0.counts.promptTokens }),
      ("cached_tokens", "Tokens of prompts found in the prefix cache.", { $0.counts.cachedTokens }),
      ("generated_tokens", "Tokens generated.", { $0.counts.generatedTokens }),
      ("preemptions", "Sequences that lost their pages to others.", { $0.counts.preemptions }),
      ("refusals", "Requests refused because too many were there.", { $0.counts.refusals }),
    ]
    for (name, help, value) in gauges {
      metrics.gauge("martlet_generation_\(name)", help: "\(help) Models now in memory.") {
        Double(registry.loadedModels.compactMap(\.generator).reduce(0) { $0 + value($1) })
      }
    }
  }

  func countDeployment() { deployments.add() }

  /// Counts a call that was refused.
  func countFailure(_ code: StatusCode) {
    metrics.counter(
      "martlet_model_calls_failed_total", help: "Calls that ended with a status other than OK.",
      labels: ["code": code.name]
    ).add()
  }
}
