/// Byte-pair encoding: joins neighbours, the best pair of the whole piece first, until none of the
/// joined ones is a token. A priority queue makes that O(n log n), whatever the piece.
struct BytePair: Sendable {
  /// Which neighbours may be joined, and in what order.
  enum Merges: Sendable {
    /// A list of pairs: the earlier the better. By the two tokens: rank in the upper half, the
    /// joined token in the lower.
    case ranked(PairTable)
    /// Any two whose bytes together are a token: the higher its score the better (SentencePiece).
    /// By token, smaller is better.
    case scored([UInt32])
  }

  /// What becomes of a character that is no token.
  enum Unknown: Sendable {
    /// It is left out.
    case dropped
    /// A token that stands for each of them, or for runs.
    case token(Int32, isFused: Bool)
  }

  let index: ByteStringIndex
  let merges: Merges
  /// Whether pieces begin as single bytes instead of characters.
  let isByteLevel: Bool
  /// Whether a piece that is a token is taken as it is.
  let ignoresMerges: Bool
  let unknown: Unknown
  /// Tokens of single bytes: of the vocabulary in a byte-level one, else those that stand in for
  /// characters that are no tokens; -1 for none.
  let byteTokens: [Int32]
  /// Whether characters that are no tokens become the tokens of their bytes.
  let hasByteFallback: Bool

  fileprivate struct Symbol {
    var token: Int32
    /// Of the piece's bytes; zero once it is part of its left neighbour.
    var range: Range<Int32>
    var previous: Int32
    var next: Int32
  }

  fileprivate struct Candidate {
    /// Rank, then place: of equals the leftmost is joined first.
    var order: UInt64
    var token: Int32
    /// Bytes of both together; differs when one of them has been joined with another meanwhile.
    var byteCount: Int32
  }

  /// Memory for one piece after the other.
  struct Scratch {
    fileprivate var symbols: [Symbol] = []
    fileprivate var queue = Heap()
    init() {}
  }

  /// Appends the tokens of a piece.
  func encode(
    _ bytes: [UInt8], _ piece: Range<Int>, into result: inout [Int32], _ scratch: inout Scratch
  ) {
    if ignoresMerges, let token = index.find(bytes, piece) {
      result.append(token)
      return
    }
    scratch.symbols.removeAll(keepingCapacity: true)
    if isByteLevel {
      symbolsOfBytes(bytes, piece, &scratch.symbols)
    } else {
      symbolsOfCharacters(bytes, piece, &scratch.symbols)
    }
    guard !scratch.symbols.isEmpty else { return }
    scratch.symbols[scratch.symbols.count - 1].next = -1
    join(bytes, piece.lowerBound, &scratch)
    var place: Int32 = 0
    while place >= 0 {
      let symbol = scratch.symbols[Int(place)]
      if symbol.token >= 0 {
        result.append(symbol.token)
      } else {
        let start = piece.lowerBound
        appendUnknown(
          bytes[start + Int(symbol.range.lowerBound)..<start + Int(symbol.range.upperBound)],
          to: &result)
      }
      place = symbol.next
    }
  }

  private func join(_ bytes: [UInt8], _ start: Int, _ scratch: inout Scratch) {
    scratch.queue.removeAll()
    for left in 0..<max(0, scratch.symbols.count - 1) {
      consider(Int32(left), bytes, start, &scratch)
    }
    while let candidate = scratch.queue.popLeast() {
      let left = Int(candidate.order & 0xffff_ffff)
      let symbol = scratch.symbols[left]
      guard !symbol.range.isEmpty, symbol.next >= 0 else { continue }
      let next = scratch.symbols[Int(symbol.next)]
      guard symbol.range.count + next.range.count == Int(candidate.byteCount) else { continue }
      scratch.symbols[left].token = candidate.token
      scratch.symbols[left].range = symbol.range.lowerBound..<next.range.upperBound
      scratch.symbols[left].next = next.next
      scratch.symbols[Int(symbol.next)].range = 0..<0
      if next.next >= 0 { scratch.symbols[Int(next.next)].previous = Int32(left) }
      if symbol.previous >= 0 { consider(symbol.previous, bytes, start, &scratch) }
      consider(Int32(left), bytes, start, &scratch)
    }
  }

  /// Puts a symbol and its right neighbour on the queue if they may be joined.
  @inline(__always)
  private func consider(_ left: Int32, _ bytes: [UInt8], _ start: Int, _ scratch: inout Scratch) {
    let symbol = scratch.symbols[Int(left)]
    guard symbol.next >= 0 else { return }
    let next = scratch.symbols[Int(symbol.next)]
    let rank: UInt32
    let token: Int32
    switch merges {
    case .ranked(let table):
      guard let merge = table[Self.key(symbol.token, next.token)] else { return }
      rank = UInt32(truncatingIfNeeded: merge >> 32)
      token = Int32(truncatingIfNeeded: merge & 0xffff_ffff)
    case .scored(let ranks):
      let range =
        start + Int(symbol.range.lowerBound)..<start + Int(next.range.upperBound)
      guard let found = index.find(bytes, range) else { return }
      rank = ranks[Int(found)]
      token = found
    }
    scratch.queue.push(
      Candidate(
        order: UInt64(rank) << 32 | UInt64(UInt32(bitPattern: left)), token: token,
        byteCount: Int32(symbol.range.count + next.range.count)))
  }

  static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func symbolsOfBytes(_ bytes: [UInt8], _ piece: Range<Int>, _ symbols: inout [Symbol]) {
    for place in piece {
      let token = byteTokens[Int(bytes[place])]
      let offset = Int32(place - piece.lowerBound)
      add(token, offset..<offset + 1, &symbols)
    }
  }

  private func symbolsOfCharacters(
    _ bytes: [UInt8], _ piece: Range<Int>, _ symbols: inout [Symbol]
  ) {
    var place = piece.lowerBound
    while place < piece.upperBound {
      var end = place + 1
      while end < piece.upperBound, bytes[end] & 0xC0 == 0x80 { end += 1 }
      let range = Int32(place - piece.lowerBound)..<Int32(end - piece.lowerBound)
      add(index.find(bytes, place..<end) ?? -1, range, &symbols, bytes[place..<end])
      place = end
    }
  }

  /// Adds a symbol. Pairs in a list are pairs of tokens, so that characters that are none are
  /// replaced before anything is joined; by score any bytes may join, so that they are replaced
  /// afterwards.
  private func add(
    _ token: Int32, _ range: Range<Int32>, _ symbols: inout [Symbol],
    _ character: ArraySlice<UInt8> = []
  ) {
    func append(_ token: Int32, _ range: Range<Int32>) {
      let place = Int32(symbols.count)
      symbols.append(Symbol(token: token, range: range, previous: place - 1, next: place + 1))
    }
    if token >= 0 { return append(token, range) }
    if case .scored = merges { return append(-1, range) }
    if hasByteFallback, character.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
      for (offset, byte) in character.enumerated() {
        let start = range.lowerBound + Int32(offset)
        append(byteTokens[Int(byte)], start..<start + 1)
      }
      return
    }
    guard case .token(let unknown, let isFused) = unknown else { return }
    if isFused, let last = symbols.last, last.token == unknown {
      symbols[symbols.count - 1].range = last.range.lowerBound..<range.upperBound
    } else {
      append(unknown, range)
    }
  }

  private func appendUnknown(_ character: ArraySlice<UInt8>, to result: inout [Int32]) {
    if hasByteFallback, character.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
      for byte in character { result.append(byteTokens[Int(byte)]) }
    } else if case .token(let unknown, let isFused) = unknown,
      !(isFused && result.last == unknown)
    {
      result.append(unknown)
    }
  }

  /// The smallest order first.
  fileprivate struct Heap {
    private var items: [Candidate] = []

    mutating func removeAll() { items.removeAll(keepingCapacity: true) }

    mutating func push(_ item: Candidate) {
      var place = items.count
      items.append(item)
      while place > 0 {
        let parent = (place - 1) / 2
        if items[parent].order <= item.order { break }
        items[place] = items[parent]
        place = parent
      }
      items[place] = item
    }

    mutating func popLeast() -> Candidate? {
      guard let least = items.first else { return nil }
      let last = items.removeLast()
      var place = 0
      while true {
        var child = place * 2 + 1
        guard child < items.count else { break }
        if child + 1 < items.count, items[child + 1].order < items[child].order { child += 1 }
        if last.order <= items[child].order { break }
        items[place] = items[child]
        place = child
      }
      if place < items.count { items[place] = last }
      return least
    }
  }
}
