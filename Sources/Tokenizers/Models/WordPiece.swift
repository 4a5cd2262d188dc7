/// BERT's model: a word becomes the longest token that begins it, then the longest that continues
/// it, and so on; a word of which a part is no token is unknown as a whole.
struct WordPiece: Sendable {
  private let trie: ByteTrie
  /// Where walks begin: after what the vocabulary writes before first and further tokens.
  private let initial: Int32?
  private let continuing: Int32?
  private let characterCountMax: Int
  private let unknownToken: Int32

  init(_ model: WordPieceModel, _ tokens: ByteStrings, includes: (Int) -> Bool) {
    var trie = ByteTrie(capacity: tokens.bytes.count / 2)
    for token in 0..<tokens.count where includes(token) {
      trie.insert(tokens[token], value: Int32(token))
    }
    initial = trie.node(of: model.initialPrefix.utf8)
    continuing = trie.node(of: model.continuingPrefix.utf8)
    self.trie = trie
    characterCountMax = model.characterCountMax
    unknownToken = model.unknownToken
  }

  /// Appends the tokens of a word.
  func encode(_ bytes: [UInt8], _ word: Range<Int>, into result: inout [Int32]) {
    let kept = result.count
    var characters = 0
    for index in word where bytes[index] & 0xC0 != 0x80 { characters += 1 }
    var place = word.lowerBound
    while characters <= characterCountMax, place < word.upperBound {
      let start = place == word.lowerBound ? initial : continuing
      guard let start, let (token, end) = trie.longest(bytes, place..<word.upperBound, from: start)
      else { break }
      result.append(token)
      place = end
    }
    if place < word.upperBound {
      result.removeSubrange(kept...)
      result.append(unknownToken)
    }
  }
}
