internal import Synchronization
internal import Testing
internal import Training

@testable import ModelService

/// The process dies before the n-th step of a job's life, for every n. Whoever comes next ends the
/// job, and its result becomes one version.
@Suite struct JobCrashTests {
  @Test func aJobIsMadeWholeOrNotAtAll() throws {
    for stepCount in 0..<100 {
      let folder = TemporaryFolder()
      let fuse = CrashTests.Fuse(stepCount)
      var made: JobFolder?
      do {
        let fixture = try TrainingFixture(
          folder: folder, step: { name throws(RepositoryError) in try fuse.step(name) })
        made = try? fixture.create()
      }
      let next = try TrainingFixture(folder: folder)
      let jobs = try next.store.jobs(of: "acme")
      #expect(jobs.count <= 1 && (made == nil || jobs.count == 1), "\(fuse.steps)")
      for job in jobs { #expect(try next.run(job)?.kind == .finished) }
      #expect(
        folder.list("acme/.training").allSatisfy { !$0.hasPrefix(".") }, "nothing is left over")
      if made != nil { return #expect(stepCount > 5) }
    }
    Issue.record("a job was never made")
  }

  @Test func aJobIsEndedByWhoeverComesNextAndDeployedOnce() throws {
    for stepCount in 0..<300 {
      let folder = TemporaryFolder()
      let counts = CountingTrainer.Counts()
      let job = try TrainingFixture(folder: folder, counts: counts).create()
      let fuse = CrashTests.Fuse(stepCount)
      let isEnded: Bool
      do {
        let fixture = try TrainingFixture(
          folder: folder, counts: counts,
          step: { name throws(RepositoryError) in try fuse.step(name) })
        isEnded = try fixture.run(job) != nil
      }
      let next = try TrainingFixture(folder: folder, counts: counts)
      try next.run(job)
      #expect(try job.state().kind == .finished, "step \(stepCount): \(fuse.steps.last ?? "")")
      #expect(try next.versions() == [1], "step \(stepCount): \(fuse.steps.last ?? "")")
      // At most the epoch is repeated whose checkpoint was not written.
      #expect(counts.epochs.withLock { $0.count } <= 4)
      #expect(Set(counts.epochs.withLock { $0 }) == [1, 2, 3])
      let left = folder.list("acme/.training/\(job.key.id)").filter { $0.hasPrefix(".") }
      #expect(left == [], "step \(stepCount): \(left)")
      if isEnded { return #expect(stepCount > 30) }
    }
    Issue.record("a job never ended")
  }

  @Test func whatWasAcknowledgedStays() throws {
    // Cancel and delete, at every step.
    for stepCount in 0..<50 {
      let folder = TemporaryFolder()
      let job = try TrainingFixture(folder: folder).create()
      let fuse = CrashTests.Fuse(stepCount)
      let fixture = try TrainingFixture(
        folder: folder, step: { name throws(RepositoryError) in try fuse.step(name) })
      let isCancelled = (try? fixture.cancel(job.key.id)) != nil
      let isDeleted = isCancelled && (try? fixture.delete(job.key.id)) != nil
      let next = try TrainingFixture(folder: folder)
      let left = try next.store.jobs(of: "acme")
      if isDeleted {
        #expect(left.isEmpty)
        return #expect(stepCount > 5)
      }
      if isCancelled, let job = left.first { #expect(try job.state().kind == .cancelled) }
    }
    Issue.record("a job was never deleted")
  }

  /// A disk that is full from the n-th step on refuses with `full` instead.
  @Test func aFullDiskLeavesTheLastCheckpoint() throws {
    var sawFull = false
    for stepCount in 0..<40 {
      let folder = TemporaryFolder()
      let job = try TrainingFixture(folder: folder).create()
      let fuse = CrashTests.Fuse(stepCount)
      let fixture = try TrainingFixture(
        folder: folder,
        step: { name throws(RepositoryError) in
          // The reserve makes room for the state.
          if name.contains(JobFolder.stateFile) { return }
          do { try fuse.step(name) } catch {
            throw RepositoryError(.full, "could not write a file: No space left on device")
          }
        })
      guard let state = try fixture.run(job), state.kind == .failed else { continue }
      sawFull = true
      #expect(state.code == "resources")
      #expect(
        state.message.contains("disk is full") || state.message.contains("No space left"),
        "\(state.message)")
      #expect(state.message.lowercased().contains("resume"))
      let checkpoint = try job.folder.read(JobFolder.checkpointFile, byteCountMax: 10) ?? []
      let next = try TrainingFixture(folder: folder)
      try next.resume(job.key.id)
      #expect(try next.run(job)?.kind == .finished)
      #expect(
        next.counts.epochs.withLock { $0.first } == checkpoint.first.map { Int($0) + 1 } ?? 1
          || checkpoint == [3])
    }
    #expect(sawFull)
  }
}
