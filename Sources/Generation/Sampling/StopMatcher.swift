/// Finds the end of a generated text: a token that ends it, or a string that does. Text that could
/// still become a stop string is held back, so that a reader never sees the beginning of one.
///
/// Works on bytes, whose tokens may end within a character; several strings may begin within each
/// other (Aho and Corasick, 1975).
public struct StopMatcher: Sendable {
  /// Stop strings of a request: OpenAI allows 4.
  public static let stringsMax = 16
  /// Bytes of all of them together: each costs a state of some 50 bytes.
  public static let bytesMax = 4_096

  /// What a token brought.
  public struct Progress: Sendable, Hashable {
    /// Text that is certainly before any stop string.
    public var text: [UInt8]
    /// Whether the text ends here; then nothing is held back any more.
    public var isStopped: Bool
  }

  private struct State {
    var next: [UInt8: Int] = [:]
    /// The state of the longest end of this text that begins a string too.
    var fallback = 0
    /// How much of a string has been seen.
    let depth: Int
    /// The length of the longest string that ends here; 0 is none.
    var matchLength = 0
  }

  private let tokens: Set<Int32>
  private var states = [State(depth: 0)]
  private var state = 0
  private var held: [UInt8] = []

  /// A matcher at the beginning of a text.
  public init(strings: [[UInt8]] = [], tokens: Set<Int32> = []) throws(SamplingError) {
    self.tokens = tokens
    guard strings.count <= Self.stringsMax else {
      throw SamplingError(
        .invalidArgument, "stop: expected at most \(Self.stringsMax) strings, got \(strings.count)")
    }
    let count = strings.reduce(0) { $0 + $1.count }
    guard count <= Self.bytesMax else {
      throw SamplingError(
        .invalidArgument, "stop: expected at most \(Self.bytesMax) bytes, got \(count)")
    }
    for string in strings {
      guard !string.isEmpty else {
        throw SamplingError(.invalidArgument, "stop: expected strings with text, got an empty one")
      }
      insert(string)
    }
    link()
  }

  private mutating func insert(_ string: [UInt8]) {
    var place = 0
    for byte in string {
      if let next = states[place].next[byte] {
        place = next
      } else {
        states[place].next[byte] = states.count
        states.append(State(depth: states[place].depth + 1))
        place = states.count - 1
      }
    }
    states[place].matchLength = string.count
  }

  /// Sets the fallbacks, the shortest texts first.
  private mutating func link() {
    var queue = Array(states[0].next.values)
    var index = 0
    while index < queue.count {
      let place = queue[index]
      index += 1
      for (byte, next) in states[place].next {
        states[next].fallback = follow(states[place].fallback, byte)
        if states[next].matchLength == 0 {
          states[next].matchLength = states[states[next].fallback].matchLength
        }
        queue.append(next)
      }
    }
  }

  private func follow(_ start: Int, _ byte: UInt8) -> Int {
    var place = start
    while true {
      if let next = states[place].next[byte] { return next }
      guard place != 0 else { return 0 }
      place = states[place].fallback
    }
  }

  /// The next token and its bytes. A token that ends the text has none of its own in it.
  public mutating func push(token: Int32, bytes: [UInt8]) -> Progress {
    if tokens.contains(token) { return Progress(text: finish(), isStopped: true) }
    for (index, byte) in bytes.enumerated() {
      state = follow(state, byte)
      let length = states[state].matchLength
      guard length > 0 else { continue }
      held += bytes[...index]
      defer { reset() }
      return Progress(text: Array(held.dropLast(length)), isStopped: true)
    }
    held += bytes
    let ready = held.count - states[state].depth
    defer { held.removeFirst(ready) }
    return Progress(text: Array(held.prefix(ready)), isStopped: false)
  }

  /// The text ends for another reason: what was held back.
  public mutating func finish() -> [UInt8] {
    defer { reset() }
    return held
  }

  private mutating func reset() {
    held = []
    state = 0
  }
}
