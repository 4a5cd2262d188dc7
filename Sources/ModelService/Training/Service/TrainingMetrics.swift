internal import Synchronization
internal import Telemetry

/// What operators see of training.
final class TrainingMetrics: Sendable {
  private let metrics: Metrics
  private let runningCount = Atomic<Int>(0)

  init(_ metrics: Metrics) {
    self.metrics = metrics
    metrics.gauge("martlet_trainings_running", help: "Trainings that this process computes.") {
      [weak self] in Double(self?.runningCount.load(ordering: .relaxed) ?? 0)
    }
  }

  func running(_ count: Int) { runningCount.store(count, ordering: .relaxed) }

  func ended(_ kind: JobState.Kind) {
    metrics.counter(
      "martlet_trainings_ended_total", help: "Trainings that ended here, by how.",
      labels: ["state": kind.rawValue]
    ).add()
  }
}
