import TestSupport
import Testing

@testable import Tokenizers

@Suite struct UnigramTests {
  private func unigram(_ tokens: [[UInt8]], _ scores: [Double]) throws -> Unigram {
    var strings = ByteStrings()
    for token in tokens { strings.append(token) }
    var model = UnigramModel(scores: scores)
    model.unknownToken = Int32(tokens.count)
    return try Unigram(model, strings, byteTokens: [], includes: { _ in true })
  }

  private func encode(_ model: Unigram, _ text: [UInt8]) throws -> [Int32] {
    var (tokens, scratch) = ([Int32](), Unigram.Scratch())
    var interruption = Interruption { true }
    try model.encode(text, 0..<text.count, into: &tokens, &scratch, &interruption)
    return tokens
  }

  /// Viterbi's algorithm as it is written down: from every place where a character begins each token is
  /// tried, and of ways that are as likely the one that was found first stays.
  private func reference(_ tokens: [[UInt8]], _ scores: [Double], _ text: [UInt8]) -> [Int32] {
    let unknown = Int32(tokens.count)
    let unknownScore = (scores.min() ?? 0) - Unigram.unknownPenalty
    var best = [(score: Double, token: Int32, start: Int)?](repeating: nil, count: text.count + 1)
    best[0] = (0, 0, 0)
    for start in text.indices where start == 0 || text[start] & 0xC0 != 0x80 {
      guard let score = best[start]?.score else { continue }
      func offer(_ token: Int32, _ end: Int, _ added: Double) {
        if let known = best[end], score + added <= known.score { return }
        best[end] = (score + added, token, start)
      }
      var next = start + 1
      while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
      var isToken = false
      for (token, bytes) in tokens.enumerated() where text[start...].starts(with: bytes) {
        // Of tokens with the same bytes the first counts.
        guard tokens.firstIndex(of: bytes) == token else { continue }
        offer(Int32(token), start + bytes.count, scores[token])
        if start + bytes.count == next { isToken = true }
      }
      if !isToken { offer(unknown, next, unknownScore) }
    }
    var (path, end) = ([Int32](), text.count)
    while end > 0, let step = best[end] {
      // A run of unknown characters is one token.
      if step.token != unknown || path.last != unknown { path.append(step.token) }
      end = step.start
    }
    return path.reversed()
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func theMostLikelyTokensAreFound(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    // Of one to three bytes; the last are no characters, as a hostile vocabulary may have them.
    let characters: [[UInt8]] = ["a", "b", "\u{E4}", "\u{E5}", "\u{4E00}"].map { Array($0.utf8) }
    let parts = characters + [[0xA4], [0xC3]]
    func text(_ parts: [[UInt8]], _ count: Int) -> [UInt8] {
      (0..<count).flatMap { _ in parts.randomElement(using: &random) ?? [] }
    }
    let isHostile = seed % 3 == 0
    let tokens = (0..<Int.random(in: 1...40, using: &random)).map { _ in
      text(isHostile ? parts : characters, Int.random(in: 1...6, using: &random))
    }
    // Few different scores: many ways are as likely as others.
    let scores = tokens.map { _ in -Double(Int.random(in: 1...3, using: &random)) }
    let model = try unigram(tokens, scores)
    for count in 0..<30 {
      let text = text(characters, count)
      #expect(
        try encode(model, text) == reference(tokens, scores, text), "seed \(seed), \(text)")
    }
  }

  /// Reading what tokens have in common at every place again would take a thousand times as long.
  @Test(.timeLimit(.minutes(1))) func longTokensCostNoMoreThanShortOnes() throws {
    let long = [UInt8](repeating: UInt8(ascii: "a"), count: Unigram.tokenByteCountMax)
    let model = try unigram([long, [UInt8(ascii: "a")]], [-1, -1])
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 256 << 10)
    #expect(try encode(model, text) == [Int32](repeating: 0, count: 256))
  }

  /// Where many tokens end at each place, steps are counted and not bytes.
  @Test func whoDoesNotWaitAnyMoreEndsIt() throws {
    let model = try unigram(
      (1...64).map { [UInt8](repeating: 0x61, count: $0) }, [Double](repeating: -1, count: 64))
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 4096)
    for answers in [0, 3] {
      var (tokens, scratch, asked) = ([Int32](), Unigram.Scratch(), 0)
      var interruption = Interruption {
        asked += 1
        return asked <= answers
      }
      let error = #expect(throws: TokenizerError.self) {
        try model.encode(text, 0..<text.count, into: &tokens, &scratch, &interruption)
      }
      #expect(error?.code == .interrupted && asked == answers + 1 && tokens.isEmpty)
    }
  }

  @Test func piecesOfEveryKindOfModelAreCounted() throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel())
    let text = String(repeating: "hello world ", count: 10_000)
    let error = #expect(throws: TokenizerError.self) {
      try tokenizer.encode(text, isWanted: { false })
    }
    #expect(error?.code == .interrupted)
  }
}
