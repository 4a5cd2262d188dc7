internal import Compute
internal import Generation
internal import Protocols
internal import RPC
internal import Synchronization
internal import Testing

@testable import ModelService

/// Texts of several tenants that one model embeds, on a compute thread that gates hold up.
@Suite struct EmbeddingTurnsTests {
  typealias Gate = SchedulerTests.Gate

  let workers = WorkerThreads(count: 1, name: "test")
  let generator: Generator
  let embedded = TextQueueTests.Begun()

  init() throws {
    let path = "\(Fixtures.root)/Tests/Fixtures/language-models/bert.gguf"
    var settings = ExecutionSettings()
    settings.parallelism = 1
    generator = try Generator(
      try LanguageModel(path: path), name: "bert",
      try LanguageSettings(Inference.ModelConfig()),
      ExecutionResources(settings: settings, workers: workers, timer: DeadlineTimer()))
  }

  /// The first of a test's texts, which is under way behind a gate.
  private func first(behind gate: Gate) async -> Task<Void, any Error> {
    close(gate)
    while gate.entered.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
    let task = embedding("acme")
    while workers.queuedCount < 1 { await Task.yield() }
    return task
  }

  /// Holds the compute thread up, behind what it has to do so far.
  private func close(_ gate: Gate) {
    gate.close()
    workers.submit { gate.pass() }
  }

  private func embedding(_ tenant: String) -> Task<Void, any Error> {
    Task { [generator, embedded] in
      _ = try await generator.embed([1, 2, 3], caller: Caller(tenant: tenant, actions: [.infer]))
      embedded.add(tenant)
    }
  }

  /// One that waits for its turn.
  private func waiting(_ tenant: String) async -> Task<Void, any Error> {
    let count = generator.waitingTextCount
    let task = embedding(tenant)
    while generator.waitingTextCount == count { await Task.yield() }
    return task
  }

  @Test func anotherTenantsTextWaitsForTheOneUnderWay() async throws {
    let (first, second) = (Gate(), Gate())
    var tasks = [await self.first(behind: first)]
    close(second)
    for tenant in ["acme", "acme", "umbrella"] { tasks.append(await waiting(tenant)) }
    first.open()
    // The next one's text is behind the second gate, and a third one behind that text.
    while generator.waitingTextCount > 2 { await Task.yield() }
    while second.entered.load(ordering: .sequentiallyConsistent) == 0 { await Task.yield() }
    while workers.queuedCount < 1 { await Task.yield() }
    let third = Gate()
    close(third)
    second.open()
    while embedded.all.count < 2 { await Task.yield() }
    #expect(Set(embedded.all) == ["acme", "umbrella"])
    third.open()
    for task in tasks { try await task.value }
    #expect(embedded.all.count == 4)
  }

  @Test func whoIsCancelledLeavesTheLineAtOnce() async throws {
    let gate = Gate()
    let first = await first(behind: gate)
    let gone = await waiting("acme")
    let last = await waiting("acme")
    gone.cancel()
    // The gate is closed.
    #expect(await status { try await gone.value }?.code == .cancelled)
    #expect(generator.waitingTextCount == 1)
    gate.open()
    try await first.value
    try await last.value
    #expect(embedded.all.count == 2)
  }
}
