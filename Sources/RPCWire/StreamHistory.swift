/// What a peer did on its latest streams: which identifiers were used, and on which of them it has
/// ended its side (END_STREAM or RST_STREAM). Two bits a stream, so that a closed stream can be
/// told from a skipped one after both sides have forgotten it.
struct StreamHistory {
  enum State {
    /// Higher than any that was used.
    case idle
    /// Passed over by a higher one: closed without having been used (RFC 9113 section 5.1.1).
    case skipped
    /// Used, and the peer may go on.
    case open
    /// The peer has ended its side.
    case ended
    /// Too long ago to know.
    case forgotten
  }

  /// Streams that are remembered: several times as many as a client of ours has open at one time
  /// (``HTTP2Limits/streamsMax``), so that one that closed lately is among them.
  static let count = 512

  private typealias Bits = InlineArray<8, UInt64>
  private var used = Bits(repeating: 0)
  private var ended = Bits(repeating: 0)
  private(set) var highest: Int32 = -1

  /// `id` is odd: streams that a client opens.
  @inline(__always)
  func state(of id: Int32) -> State {
    if id > highest { return .idle }
    if highest - id >= 2 * Int32(Self.count) { return .forgotten }
    let (word, bit) = Self.place(id)
    if ended[word] & bit != 0 { return .ended }
    return used[word] & bit != 0 ? .open : .skipped
  }

  /// Notes the use of an identifier; those between the highest and this one become skipped.
  @inline(__always)
  mutating func use(_ id: Int32) {
    if id > highest {
      // By subtracting from the new one: from −1, the highest at first, to the largest identifier it
      // is more than an Int32 can hold.
      if id - 2 == highest { clear(id) } else { advance(to: id) }
      highest = id
    }
    let (word, bit) = Self.place(id)
    used[word] |= bit
  }

  /// Notes that the peer sends nothing more on a stream that is remembered.
  @inline(__always)
  mutating func end(_ id: Int32) {
    let (word, bit) = Self.place(id)
    ended[word] |= bit
  }

  private mutating func advance(to id: Int32) {
    guard id - 2 * Int32(Self.count) < highest else {
      used = Bits(repeating: 0)
      ended = Bits(repeating: 0)
      return
    }
    var next = highest
    while next < id {
      next += 2
      clear(next)
    }
  }

  @inline(__always)
  private mutating func clear(_ id: Int32) {
    let (word, bit) = Self.place(id)
    used[word] &= ~bit
    ended[word] &= ~bit
  }

  @inline(__always)
  private static func place(_ id: Int32) -> (word: Int, bit: UInt64) {
    let index = Int(id >> 1) & (count - 1)
    return (index >> 6, 1 << UInt64(index & 63))
  }
}
