/// SentencePiece's unigram model: of all ways to cut a piece into tokens the most likely one, by
/// Viterbi's algorithm over the places where characters begin.
struct Unigram: Sendable {
  /// Bytes of a token: every place of a text may look so far.
  static let tokenByteCountMax = 1_024
  /// How much less likely than the least likely token an unknown character is (SentencePiece).
  static let unknownPenalty = 10.0

  private let trie: ByteTrie
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
    self.trie = trie
    scores = model.scores
    unknownScore = (model.scores.min() ?? 0) - Self.unknownPenalty
    unknownToken = model.unknownToken
    self.byteTokens = model.hasByteFallback ? byteTokens : nil
  }

  fileprivate struct Node {
    var token: Int32 = -1
    /// Where the token begins; -1 while none ends here.
    var start = -1
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
    _ bytes: [UInt8], _ piece: Range<Int>, into result: inout [Int32], _ scratch: inout Scratch
  ) throws(TokenizerError) {
    scratch.nodes.removeAll(keepingCapacity: true)
    scratch.nodes.append(contentsOf: repeatElement(Node(), count: piece.count + 1))
    var place = piece.lowerBound
    while place < piece.upperBound {
      place = advance(bytes, piece, place, &scratch.nodes)
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

  /// Offers the tokens that begin at a place to the places where they end, and returns the place of
  /// the next character. A character that is no token is offered as an unknown one, -1.
  private func advance(
    _ bytes: [UInt8], _ piece: Range<Int>, _ place: Int, _ nodes: inout [Node]
  ) -> Int {
    let start = place - piece.lowerBound
    let score = nodes[start].score
    func offer(_ token: Int32, _ length: Int, _ added: Double) {
      let end = start + length
      guard nodes[end].start < 0 || score + added > nodes[end].score else { return }
      nodes[end] = Node(token: token, start: start, score: score + added)
    }
    var next = place + 1
    while next < piece.upperBound, bytes[next] & 0xC0 == 0x80 { next += 1 }
    var isToken = false
    var node = ByteTrie.root
    var index = place
    while index < piece.upperBound, let following = trie.next(node, bytes[index]) {
      node = following
      index += 1
      guard let token = trie.value(node) else { continue }
      offer(token, index - place, scores[Int(token)])
      if index == next { isToken = true }
    }
    if !isToken { offer(-1, next - place, unknownScore) }
    return next
  }

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
