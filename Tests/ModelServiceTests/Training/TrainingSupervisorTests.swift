internal import Glibc
internal import Telemetry
internal import Testing

@testable import ModelService

/// Who takes jobs, and what is left when a process stops.
@Suite struct TrainingSupervisorTests {
  private func supervisor(_ fixture: TrainingFixture) -> TrainingSupervisor {
    TrainingSupervisor(
      store: fixture.store, fixture.around, metrics: TrainingMetrics(Metrics()), log: nil)
  }

  /// Whoever asks how a job is has its lock for a moment.
  @Test func aLookPutsAJobOffToTheNextLookOnly() throws {
    let fixture = try TrainingFixture()
    let job = try fixture.create()
    let supervisor = supervisor(fixture)
    let looker = try #require(try fixture.store.job(job.key))
    #expect(flock(looker.folder.descriptor, LOCK_SH | LOCK_NB) == 0)
    supervisor.startWaiting()
    #expect(supervisor.runCount == 0 && supervisor.hasMissed)
    looker.unlock()
    supervisor.startWaiting()
    #expect(!supervisor.hasMissed)
    while supervisor.runCount > 0 { usleep(1000) }
    #expect(try job.state().kind == .finished)
  }

  /// What a process stops to compute is anybody's once it has stopped, and everybody knows.
  @Test func whoStopsHasGivenEverythingBack() throws {
    var limits = TrainingLimits()
    limits.jobCountMax = 3
    for _ in 0..<20 {
      let fixture = try TrainingFixture(limits: limits)
      let jobs = try (0..<3).map { _ in
        try fixture.create(#"{"epochs": 3, "holds_after": 1}"#)
      }
      let supervisor = supervisor(fixture)
      supervisor.startWaiting()
      #expect(supervisor.runCount == 3)
      let before = fixture.store.shared.value
      supervisor.stop(seconds: 60)
      #expect(fixture.store.shared.value == before + 3)
      for job in jobs {
        #expect(!job.isHeld)
        #expect(try job.state().kind == .waiting)
      }
      supervisor.startWaiting()
      #expect(supervisor.runCount == 0, "it takes none any more")
    }
  }
}
