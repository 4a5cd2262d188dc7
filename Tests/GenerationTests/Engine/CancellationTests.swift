import ModelFormats
import Synchronization
import TestSupport
import Testing

@testable import Generation

@Suite struct CancellationTests {
  /// Whoever cancels a task holds a lock of the runtime while the task's cancellation handler takes the
  /// loop's, so the loop must not wake that task under its own. It once did, and a soak of 2,000 streams
  /// stood still after some minutes.
  @Test(.timeLimit(.minutes(5))) func cancelledReadersNeverStopTheLoop() async throws {
    let model = try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes("llama")))
    let loop = try GenerationLoop(
      model, SchedulerConfiguration(pageCount: 64, contextMax: 64), threadCount: 1, wake: {})
    let pageCount = loop.load.availablePages
    let isDone = Atomic(false)
    let steps = Task.detached {
      while !isDone.load(ordering: .relaxed) {
        if !loop.step(clock: { 0 }) { await Task.yield() }
      }
    }
    let ended = Atomic(0)
    let used = Atomic(0)
    var random = SplitMix64(state: 20_261_127)
    for _ in 0..<300 {
      let readers = try (0..<6).map { number in
        var parameters = GenerationParameters()
        parameters.maxTokens = 40
        let stream = try loop.submit([1, 2, Int32(3 + number)], parameters, tenant: "a") {
          if $1 { ended.add(1, ordering: .relaxed) }
          used.add($0.generatedTokens, ordering: .relaxed)
        }
        return Task.detached {
          await withTaskCancellationHandler {
            while await stream.next() != nil {}
          } onCancel: {
            stream.cancel()
          }
        }
      }
      for _ in 0..<Int.random(in: 0..<20, using: &random) { await Task.yield() }
      for reader in readers { reader.cancel() }
      for reader in readers { await reader.value }
    }
    // The last ones are told of after their readers were woken at the latest.
    isDone.store(true, ordering: .relaxed)
    await steps.value
    #expect(loop.load.requests == 0)
    #expect(loop.load.availablePages == pageCount)
    #expect(ended.load(ordering: .relaxed) == 1_800)
    #expect(used.load(ordering: .relaxed) > 0)
  }
}
