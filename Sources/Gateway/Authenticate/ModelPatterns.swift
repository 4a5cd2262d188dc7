/// Which models a key may touch: glob patterns over the whole name, where `*` stands for any
/// bytes and `?` for one character.
struct ModelPatterns: Sendable, Hashable {
  /// True when every name matches, which is checked first because it is the common case.
  let matchesAll: Bool
  private let patterns: [[UInt8]]

  /// Patterns that cannot travel in a comma-separated header match nothing.
  init(_ texts: [String]) {
    patterns = texts.map { Array($0.utf8) }.filter(Self.isUsable)
    matchesAll = patterns.contains([UInt8(ascii: "*")])
  }

  var headerValue: String {
    matchesAll
      ? "*" : patterns.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",")
  }

  func matches(_ name: UnsafeRawBufferPointer) -> Bool {
    matchesAll || patterns.contains { Self.matches($0, name) }
  }

  private static func isUsable(_ pattern: [UInt8]) -> Bool {
    !pattern.isEmpty && pattern.count <= 256
      && pattern.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") }
  }

  /// The usual greedy walk that goes back to the last star only: at most pattern × name steps,
  /// however many stars there are.
  private static func matches(_ pattern: [UInt8], _ name: UnsafeRawBufferPointer) -> Bool {
    var p = 0
    var n = 0
    var starPattern = -1
    var starName = 0
    while n < name.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        starPattern = p
        starName = n
        p += 1
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") {
        p += 1
        n = endOfCharacter(name, n)
      } else if p < pattern.count, pattern[p] == name[n] {
        p += 1
        n += 1
      } else if starPattern >= 0 {
        starName += 1
        n = starName
        p = starPattern + 1
      } else {
        return false
      }
    }
    while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
    return p == pattern.count
  }

  /// `?` takes a whole UTF-8 sequence: its first byte and the continuation bytes after it.
  private static func endOfCharacter(_ name: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var end = start + 1
    while end < name.count, name[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }
}
