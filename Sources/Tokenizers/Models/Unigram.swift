/// SentencePiece's unigram model: of all ways to cut a piece into tokens the most likely one, by
/// Viterbi's algorithm over the places where characters end. A place costs as many steps as tokens end
/// there, not as many as they have bytes.
struct Unigram: Sendable {
  /// Bytes of a token: as many different ones may end at a place.
  static let tokenByteCountMax = 1_024
  /// How much less likely than the least likely token an unknown character is (SentencePiece).
  static let unknownPenalty = 10.0

  private let automaton: ByteAutomaton
  private let scores: [Double]
  private let unknownScore: Double
  private let unknownToken: Int32?
  private let byteTokens: [Int32]?

  /// `includes`: which tokens text may become. `scoresOf` those the least likely is looked for.
  init(
    _ model: UnigramModel, _ tokens: ByteStrings, byteTokens: [Int32],
    includes: (Int) -> Bool
  ) throws(TokenizerError) {
    var trie = ByteTrie(capacity: tokens.bytes.count / 2)
    for token in 0..<tokens.count where includes(token) {
      guard tokens[token].count <= Self.tokenByteCountMax else {
        throw TokenizerError(
          .invalidDescription,
          "expected tokens of at most \(Self.tokenByteCountMax) bytes, got \(tokens[token].count)")
      }
      trie.insert(tokens[token], value: Int32(token))
    }
    automaton = ByteAutomaton(trie, tokens)
    scores = model.scores
    unknownScore = (model.scores.min() ?? 0) - Self.unknownPenalty
    unknownToken = model.unknownToken
    self.byteTokens = model.hasByteFallback ? byteTokens : nil
  }

  fileprivate struct Node {
    /// The best way's last token; -1 for an unknown character.
    var token: Int32 = -1
    /// Where that begins.
    var start = 0
    var score = 0.0
  }

  /// Memory for one piece after the other.
  struct Scratch {
    fileprivate var nodes: [Node] = []
    fileprivate var path: [(token: Int32, range: Range<Int>)] = []
    init() {}
  }

  /// Appends the tokens of a piece.
  func encode(
    _ bytes: [UInt8], _ piece: Range<Int>, into result: inout [Int32], _ scratch: inout Scratch,
    _ interruption: inout Interruption
  ) throws(TokenizerError) {
    scratch.nodes.removeAll(keepingCapacity: true)
    scratch.nodes.append(contentsOf: repeatElement(Node(), count: piece.count + 1))
    var state = ByteAutomaton.start
    // Where the last character begins.
    var first = piece.lowerBound
    for index in piece {
      if isCharacter(bytes[index]) { first = index }
      state = automaton.next(state, bytes[index])
      let end = index + 1
      guard end == piece.upperBound || isCharacter(bytes[end]) else { continue }
      let longest = automaton.longestMatch(state)
      try interruption.count(choose(bytes, piece, first..<end, longest, &scratch.nodes))
    }
    scratch.path.removeAll(keepingCapacity: true)
    var end = piece.count
    while end > 0 {
      let node = scratch.nodes[end]
      let range = piece.lowerBound + node.start..<piece.lowerBound + end
      if node.token < 0, let last = scratch.path.last, last.token < 0 {
        scratch.path[scratch.path.count - 1].range = range.lowerBound..<last.range.upperBound
      } else {
        scratch.path.append((node.token, range))
      }
      end = node.start
    }
    for (token, range) in scratch.path.reversed() {
      if token >= 0 {
        result.append(token)
      } else {
        try appendUnknown(bytes[range], to: &result)
      }
    }
  }

  /// Sets the best way to the end of a character: over the tokens that end there, beginning with
  /// `longest`, and over the character as an unknown one, if it is no token itself. Of ways that are as
  /// likely the one with the longer token counts. Returns how many there were.
  private func choose(
    _ bytes: [UInt8], _ piece: Range<Int>, _ character: Range<Int>, _ longest: Int32,
    _ nodes: inout [Node]
  ) -> Int {
    let end = character.upperBound - piece.lowerBound
    // Less likely than any way, also if nothing else leads here.
    var best = Node(token: -1, start: character.lowerBound - piece.lowerBound, score: -.infinity)
    var (index, isToken, count) = (longest, false, 0)
    while index >= 0 {
      count += 1
      let match = automaton.matches[Int(index)]
      let start = end - Int(match.byteCount)
      // Not in the middle of a character, as tokens may that are no text themselves.
      if start == 0 || isCharacter(bytes[piece.lowerBound + start]) {
        let score = nodes[start].score + scores[Int(match.value)]
        if score > best.score { best = Node(token: match.value, start: start, score: score) }
        if match.byteCount == character.count { isToken = true }
      }
      index = match.next
    }
    if !isToken {
      let start = character.lowerBound - piece.lowerBound
      let score = nodes[start].score + unknownScore
      if score > best.score { best = Node(token: -1, start: start, score: score) }
    }
    nodes[end] = best
    return count
  }

  /// Whether a byte begins a character.
  @inline(__always)
  private func isCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

  private func appendUnknown(
    _ run: ArraySlice<UInt8>, to result: inout [Int32]
  ) throws(TokenizerError) {
    if let byteTokens, run.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
      for byte in run { result.append(byteTokens[Int(byte)]) }
      return
    }
    guard let unknownToken else {
      throw TokenizerError(
        .unknownToken, "expected characters of the vocabulary, got another, and no unknown token")
    }
    result.append(unknownToken)
  }
}
