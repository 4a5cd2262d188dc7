import Glibc
import TestSupport
import Testing

@testable import Generation

struct SamplerTests {
  static func logits(_ count: Int, seed: UInt64, spread: Float = 4) -> [Float] {
    var random = SplitMix64(state: seed)
    return (0..<count).map { _ in Float.random(in: -spread...spread, using: &random) }
  }

  static func sample(
    _ sampler: inout Sampler, _ logits: [Float], mask: TokenMask? = nil
  ) throws -> SampledToken {
    var row = logits
    let scratch = SamplingScratch(vocabularySize: logits.count)
    var result: Result<SampledToken, SamplingError>?
    row.withUnsafeMutableBufferPointer { row in
      do throws(SamplingError) {
        result = .success(try sampler.sample(row, mask: mask, scratch: scratch))
      } catch { result = .failure(error) }
    }
    return try result!.get()
  }

  /// How often each token is the first one, over many seeds.
  static func counts(
    _ logits: [Float], _ parameters: SamplingParameters, draws: Int, prompt: [Int32] = [],
    generated: [Int32] = [], mask: TokenMask? = nil
  ) throws -> [Int] {
    var counts = [Int](repeating: 0, count: logits.count)
    for seed in 0..<UInt64(draws) {
      var sampler = Sampler(parameters, prompt: prompt, seed: seed)
      sampler.replay(generated)
      counts[Int(try sample(&sampler, logits, mask: mask).token)] += 1
    }
    return counts
  }

  @Test func drawsFitTheExactDistribution() throws {
    var random = SplitMix64(state: 11)
    for round in 0..<40 {
      let logits = Self.logits(60, seed: UInt64(round))
      var parameters = SamplingParameters()
      parameters.temperature = [1, 0.5, 1.7].randomElement(using: &random)!
      if Bool.random(using: &random) { parameters.topK = Int.random(in: 1...70, using: &random) }
      if Bool.random(using: &random) { parameters.topP = Float.random(in: 0.3...1, using: &random) }
      if Bool.random(using: &random) { parameters.minP = Float.random(in: 0...0.3, using: &random) }
      if round % 4 == 0 { parameters.typicalP = Float.random(in: 0.3...0.95, using: &random) }
      if round % 3 == 0 {
        parameters.repetitionPenalty = 1.3
        parameters.frequencyPenalty = 0.4
        parameters.presencePenalty = -0.3
      }
      if round % 5 == 0 { parameters.logitBias = [3: 2, 7: -.infinity, 9: -1] }
      var mask: TokenMask?
      if round % 2 == 0 {
        mask = TokenMask(vocabularySize: 60)
        for token in 0..<60 as Range<Int32> where Bool.random(using: &random) {
          mask!.insert(token)
        }
        mask!.insert(20)
      }
      let prompt: [Int32] = [1, 2, 3, 3, 50]
      let generated: [Int32] = [3, 4, 4, 20]
      let want = ReferenceSampling.probabilities(
        logits, parameters, prompt: prompt, generated: generated, mask: mask)
      let counts = try Self.counts(
        logits, parameters, draws: 1_000, prompt: prompt, generated: generated, mask: mask)
      let misfit = ReferenceSampling.misfit(counts, want)
      #expect(misfit == nil, "round \(round): \(parameters)")
    }
  }

  /// Several blocks, and a distribution so flat that nearly all tokens are candidates.
  @Test(arguments: [4, 0.01] as [Float])
  func drawsFitALargeVocabulary(_ spread: Float) throws {
    let logits = Self.logits(3_000, seed: 5, spread: spread)
    for (topP, topK) in [(1, 0), (0.9, 0), (1, 700), (0.5, 2_000)] as [(Float, Int)] {
      var parameters = SamplingParameters()
      parameters.topP = topP
      parameters.topK = topK
      var sampler = Sampler(parameters, prompt: [], seed: 3)
      var counts = [Int](repeating: 0, count: logits.count)
      for _ in 0..<150 { counts[Int(try Self.sample(&sampler, logits).token)] += 1 }
      // Tens of tokens a cell: there are more tokens than draws.
      let want = ReferenceSampling.probabilities(logits, parameters)
      func pooled<Value: AdditiveArithmetic>(_ values: [Value]) -> [Value] {
        stride(from: 0, to: values.count, by: 150).map { values[$0..<$0 + 150].reduce(.zero, +) }
      }
      for (token, count) in counts.enumerated() where count > 0 { #expect(want[token] > 0) }
      #expect(ReferenceSampling.misfit(pooled(counts), pooled(want)) == nil, "\(topP) \(topK)")
    }
  }

  @Test func filtersKeepExactlyTheReferencesTokens() throws {
    var random = SplitMix64(state: 2)
    for round in 0..<60 {
      let count = Int.random(in: 1...400, using: &random)
      // Whole numbers: many ties.
      let logits = Self.logits(count, seed: UInt64(round)).map { $0.rounded() }
      let indices = (0..<Int32(count)).map { $0 }
      func candidates() -> Candidates {
        logits.withUnsafeBufferPointer { logits in
          indices.withUnsafeBufferPointer {
            Candidates($0, logits: logits.baseAddress!, top: logits.max()!)
          }
        }
      }
      var parameters = SamplingParameters()
      var got = candidates()
      switch round % 3 {
      case 0:
        parameters.topK = Int.random(in: 1...count, using: &random)
        got.keepLikeliest(parameters.topK)
      case 1:
        parameters.topP = Float.random(in: 0.01..<1, using: &random)
        got.keepLikeliest(part: Double(parameters.topP))
      default:
        parameters.minP = Float.random(in: 0.01...1, using: &random)
        got.keepAtLeast(part: Double(parameters.minP))
      }
      let want = ReferenceSampling.probabilities(logits, parameters)
      #expect(
        got.all.map(\.token).sorted() == indices.filter { want[Int($0)] > 0 },
        "round \(round): \(parameters)")
    }
  }

  @Test func aSeedGivesTheSameTokensWhateverElseIsSampled() throws {
    var parameters = SamplingParameters()
    parameters.seed = 42
    parameters.temperature = 0.9
    func run(disturbed: Bool) throws -> [Int32] {
      var sampler = Sampler(parameters, prompt: [1], seed: disturbed ? 1 : 2)
      var other = Sampler(SamplingParameters(), prompt: [], seed: 9)
      return try (0..<50).map { step in
        if disturbed { _ = try Self.sample(&other, Self.logits(100, seed: 77)) }
        return try Self.sample(&sampler, Self.logits(100, seed: UInt64(step))).token
      }
    }
    #expect(try run(disturbed: false) == run(disturbed: true))
    var second = Sampler(parameters, prompt: [1], choice: 1, seed: 0)
    let tokens = try (0..<50).map {
      try Self.sample(&second, Self.logits(100, seed: UInt64($0))).token
    }
    #expect(tokens != (try run(disturbed: false)))
  }

  @Test func logprobsAreThoseOfTheModel() throws {
    let logits = Self.logits(500, seed: 8)
    var parameters = SamplingParameters()
    parameters.logprobs = 5
    parameters.temperature = 0.3
    parameters.logitBias = [17: 100]
    var sampler = Sampler(parameters, prompt: [], seed: 1)
    let got = try Self.sample(&sampler, logits)
    let want = ReferenceSampling.probabilities(logits, SamplingParameters())
    #expect(got.token == 17)
    #expect(abs(Double(got.logprob!) - log(want[17])) < 1e-4)
    let order = want.indices.sorted { want[$0] > want[$1] }.prefix(5)
    #expect(got.alternatives.map { Int($0.token) } == Array(order))
    for alternative in got.alternatives {
      #expect(abs(Double(alternative.logprob) - log(want[Int(alternative.token)])) < 1e-4)
    }
  }

  @Test func whatIsNoNumberIsAClearError() throws {
    func code(_ logits: [Float], mask: TokenMask? = nil) -> SamplingError.Code? {
      var sampler = Sampler(SamplingParameters(), prompt: [], seed: 1)
      do {
        _ = try Self.sample(&sampler, logits, mask: mask)
        return nil
      } catch { return (error as? SamplingError)?.code }
    }
    #expect(code([1, .nan, 2]) == .notFinite)
    #expect(code([1, .infinity, 2]) == .notFinite)
    #expect(code([-.infinity, -.infinity]) == .nothingAllowed)
    #expect(code([1, 2], mask: TokenMask(vocabularySize: 2)) == .nothingAllowed)
    var mask = TokenMask(vocabularySize: 3)
    mask.insert(1)
    #expect(code([.nan, -.infinity, 1], mask: mask) == .nothingAllowed)
    #expect(code([.nan, 0, 1], mask: mask) == nil)
    #expect(code([-.infinity, -3e38, -.infinity]) == nil)
  }

  @Test func greedyTakesTheFirstOfTheLikeliest() throws {
    var parameters = SamplingParameters()
    parameters.temperature = 0
    var sampler = Sampler(parameters, prompt: [], seed: 1)
    #expect(try Self.sample(&sampler, [0, 3, 1, 3]).token == 1)
  }

  @Test func settingsOutOfRangeAreNamed() {
    func message(_ change: (inout SamplingParameters) -> Void, choices: Int = 1) -> String? {
      var parameters = SamplingParameters()
      change(&parameters)
      do throws(SamplingError) {
        try parameters.validate(vocabularySize: 100, choices: choices)
        return nil
      } catch { return error.message }
    }
    #expect(message { _ in } == nil)
    #expect(
      message { $0.temperature = -1 }
        == "temperature: expected 0 or between 0.00001 and 100, got -1.0")
    #expect(message { $0.temperature = .nan }?.hasPrefix("temperature") == true)
    #expect(message { $0.topP = 0 } == "top_p: expected more than 0 and at most 1, got 0.0")
    #expect(message { $0.topP = .nan }?.hasPrefix("top_p") == true)
    #expect(message { $0.minP = 1.5 }?.hasPrefix("min_p") == true)
    #expect(message { $0.typicalP = 0 }?.hasPrefix("typical_p") == true)
    #expect(message { $0.repetitionPenalty = 0 }?.hasPrefix("repetition_penalty") == true)
    #expect(message { $0.frequencyPenalty = .infinity }?.hasPrefix("frequency_penalty") == true)
    #expect(message { $0.presencePenalty = .nan }?.hasPrefix("presence_penalty") == true)
    #expect(message { $0.topK = -1 } == "top_k: expected 0 or more, got -1")
    #expect(message { $0.logprobs = 21 } == "logprobs: expected 0 to 20, got 21")
    #expect(
      message { $0.logitBias = [100: 1] } == "logit_bias: expected tokens below 100, got 100")
    #expect(message { $0.logitBias = [1: .nan] }?.hasPrefix("logit_bias") == true)
    #expect(message { $0.logitBias = [1: .infinity] }?.hasPrefix("logit_bias") == true)
    #expect(message { $0.logitBias = [1: -.infinity] }?.hasPrefix("logit_bias") == true)
    #expect(
      message { $0.logitBias = [1: 100.5] }
        == "logit_bias: expected between -100 and 100, got 100.5")
    #expect(message { $0.logitBias = [1: -101] } != nil)
    #expect(message { $0.logitBias = [1: -100, 2: 100] } == nil)
    // Greedy takes one token: what filters or draws contradicts it.
    func greedy(_ change: (inout SamplingParameters) -> Void, choices: Int = 1) -> String? {
      message(
        {
          $0.temperature = 0
          change(&$0)
        }, choices: choices)
    }
    #expect(greedy { _ in } == nil)
    #expect(greedy({ _ in }, choices: 2)?.hasPrefix("choices: expected 1 when") == true)
    #expect(greedy { $0.topP = 0.9 }?.hasPrefix("top_p: expected none when") == true)
    #expect(greedy { $0.topK = 40 }?.hasPrefix("top_k") == true)
    #expect(greedy { $0.minP = 0.1 }?.hasPrefix("min_p") == true)
    #expect(greedy { $0.typicalP = 0.1 }?.hasPrefix("typical_p") == true)
  }
}
