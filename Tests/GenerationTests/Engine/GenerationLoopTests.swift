import ModelFormats
import Synchronization
import TestSupport
import Testing

@testable import Generation

@Suite struct GenerationLoopTests {
  private func loop(threads: Int = 1, context: Int = 128) throws -> GenerationLoop {
    let model = try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes("llama")))
    return try GenerationLoop(
      model, SchedulerConfiguration(pageCount: 256, contextMax: context), threadCount: threads,
      wake: {})
  }

  private final class Told: Sendable {
    let amounts = Mutex<[(usage: GenerationUsage, isFirst: Bool)]>([])
    var sum: GenerationUsage {
      amounts.withLock { amounts in
        amounts.reduce(into: GenerationUsage()) {
          $0.promptTokens += $1.usage.promptTokens
          $0.cachedTokens += $1.usage.cachedTokens
          $0.generatedTokens += $1.usage.generatedTokens
        }
      }
    }
    var firstCount: Int { amounts.withLock { $0.count(where: \.isFirst) } }
  }

  /// Whoever is killed loses a few seconds, not a stream of an hour; and nothing is counted twice.
  @Test func usageIsToldWhileARequestIsUnderWay() async throws {
    let loop = try loop()
    let told = Told()
    var parameters = GenerationParameters()
    parameters.maxTokens = 100
    // A text that does not end by itself.
    parameters.sampling.seed = 5
    let stream = try loop.submit([1, 2, 3], parameters, tenant: "a") { usage, isFirst in
      told.amounts.withLock { $0.append((usage, isFirst)) }
    }
    // The reader takes everything, so that nothing is paused.
    let reader = Task.detached {
      var last: GenerationUsage?
      while let delta = await stream.next() { last = delta.usage ?? last }
      return last
    }
    var now: Int64 = 0
    for step in 1...20 {
      now += 1_000_000_000
      #expect(loop.step(clock: { now }))
      // Of the prompt and of all tokens but those of the last five seconds.
      if step >= 6 { #expect(told.sum.generatedTokens >= step - 6, "\(step)") }
    }
    #expect(told.sum.promptTokens == 3)
    #expect(told.firstCount == 1)
    while loop.load.requests > 0 {
      if !loop.step(clock: { now }) { await Task.yield() }
    }
    let usage = try #require(await reader.value)
    #expect(told.sum == usage)
    #expect(told.firstCount == 1)
  }

  @Test func whatAPausedRequestUsedIsTold() throws {
    let loop = try loop()
    let told = Told()
    var parameters = GenerationParameters()
    parameters.maxTokens = 100
    // A text that does not end by itself.
    parameters.sampling.seed = 5
    let stream = try loop.submit([1, 2, 3], parameters, tenant: "a") { usage, isFirst in
      told.amounts.withLock { $0.append((usage, isFirst)) }
    }
    // Nobody reads: it stands still after some tens of pieces.
    while loop.step(clock: { 1 }) {}
    let count = told.sum.generatedTokens
    #expect(count >= GenerationStream.pendingMax && count <= GenerationStream.pendingMax + 1)
    stream.cancel()
    #expect(told.sum.generatedTokens == count)
    #expect(told.firstCount == 1)
  }

  /// A reader that stops and goes on gets every piece.
  @Test func aPausedStreamGoesOnWithoutLoss() async throws {
    let loop = try loop()
    var parameters = GenerationParameters()
    parameters.maxTokens = 100
    parameters.sampling.seed = 5
    parameters.sampling.temperature = 1
    // Steps are only computed while the reader stands still.
    let stream = try loop.submit([1, 2, 3], parameters, tenant: "a")
    var slow: [Int32] = []
    repeat {
      while loop.step(clock: { 1 }) {}
      let delta = await stream.next()
      slow += delta?.tokens.map(\.token) ?? []
      if delta?.usage != nil { break }
    } while true
    #expect(slow.count >= 90)
    let other = try loop.submit([1, 2, 3], parameters, tenant: "b")
    let reader = Task.detached {
      var tokens: [Int32] = []
      while let delta = await other.next() { tokens += delta.tokens.map(\.token) }
      return tokens
    }
    while loop.load.requests > 0 {
      if !loop.step(clock: { 1 }) { await Task.yield() }
    }
    #expect(await reader.value == slow)
  }

  /// Grammars, choices, filters and penalties of many streams: two threads choose, to the last bit of
  /// a probability, what one chooses.
  @Test func threadsChooseWhatOneThreadChooses() async throws {
    var all: [GenerationParameters] = []
    for index in 0..<12 {
      var parameters = GenerationParameters()
      parameters.maxTokens = 24
      parameters.choices = index % 3 == 0 && index % 4 != 2 ? 3 : 1
      parameters.sampling.seed = UInt64(index)
      parameters.sampling.temperature = index % 4 == 2 ? 0 : 0.9
      if index % 4 == 1 { parameters.sampling.topP = 0.8 }
      if index % 4 == 3 { parameters.sampling.topK = 11 }
      if index % 2 == 1 { parameters.sampling.logprobs = 3 }
      if index % 3 == 1 { parameters.sampling.repetitionPenalty = 1.3 }
      if index % 3 == 0 { parameters.constraint = .regex("[a-z ]*") }
      all.append(parameters)
    }
    func run(
      _ loop: GenerationLoop, _ parameters: ArraySlice<GenerationParameters>
    ) async throws -> [[GenerationDelta]] {
      let readers = try parameters.enumerated().map { index, parameters in
        let stream = try loop.submit([1, 2, 3], parameters, tenant: "t\(index % 3)")
        return Task.detached {
          var deltas: [GenerationDelta] = []
          while let delta = await stream.next() { deltas.append(delta) }
          return deltas
        }
      }
      while loop.load.requests > 0 {
        if !loop.step(clock: { 1 }) { await Task.yield() }
      }
      var results: [[GenerationDelta]] = []
      for reader in readers { results.append(await reader.value) }
      return results
    }
    func text(_ deltas: [GenerationDelta]) -> [String] {
      (0..<3).map { choice in
        let own = deltas.filter { $0.choice == choice }
        // How many tokens a piece has depends on when it was read, and the last digits of a logarithm on
        // whether its sequence was paused meanwhile and computed again, many tokens at a time.
        let tokens = own.flatMap(\.tokens).map { token in
          "\(token.token) \(token.alternatives.map(\.token))"
        }
        let ends = own.compactMap(\.finish).map { "\($0)" }
        return own.map(\.text).joined() + "\(tokens)" + ends.joined()
      }
    }
    let one = try await run(try loop(), all[...])
    let two = try await run(try loop(threads: 2), all[...])
    for index in all.indices {
      // Not shown: they are long.
      let isEqual = text(one[index]) == text(two[index])
      #expect(isEqual, "request \(index)")
    }
  }
}
