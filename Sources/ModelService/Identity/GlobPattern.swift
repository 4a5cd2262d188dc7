/// Which names a key may touch: `*` stands for any run of characters, `?` for one.
enum GlobPattern {
  /// Whether `name` fits `pattern` from start to end. Linear in both but for `*`, where it goes
  /// back at most once per character, so no pattern is expensive.
  static func matches(_ pattern: String, _ name: String) -> Bool {
    if pattern == "*" { return true }
    let pattern = Array(pattern.utf8)
    let name = Array(name.utf8)
    var patternIndex = 0
    var nameIndex = 0
    var starIndex: Int?
    var resumeIndex = 0
    while nameIndex < name.count {
      if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
        starIndex = patternIndex
        resumeIndex = nameIndex
        patternIndex += 1
      } else if patternIndex < pattern.count,
        pattern[patternIndex] == UInt8(ascii: "?") || pattern[patternIndex] == name[nameIndex]
      {
        patternIndex += 1
        nameIndex += 1
      } else if let starIndex {
        resumeIndex += 1
        nameIndex = resumeIndex
        patternIndex = starIndex + 1
      } else {
        return false
      }
    }
    return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
