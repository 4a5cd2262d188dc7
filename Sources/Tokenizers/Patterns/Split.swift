/// What becomes of the matches at which a pre-tokenizer cuts: `tokenizers`' names.
public enum SplitBehavior: String, Sendable, Hashable, CaseIterable {
  /// Matches are left out.
  case removed = "Removed"
  /// Each match is a piece.
  case isolated = "Isolated"
  /// A match ends the piece before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// A match begins the piece after it.
  case mergedWithNext = "MergedWithNext"
  /// Matches that touch are one piece.
  case contiguous = "Contiguous"
}

/// Cuts pieces at the matches of a pattern.
struct Split: Sendable {
  let pattern: Pattern
  let behavior: SplitBehavior
  /// Whether what lies between the matches counts as the matches.
  let isInverted: Bool

  func apply(to pieces: inout Pieces) throws(TokenizerError) {
    var cut: [Range<Int>] = []
    cut.reserveCapacity(pieces.ranges.count)
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    let search = try pattern.search(byteCount: pieces.bytes.count)
    for range in pieces.ranges {
      parts.removeAll(keepingCapacity: true)
      var end = range.lowerBound
      try search.forEachMatch(pieces.bytes, range) { match in
        if match.lowerBound > end { parts.append((end..<match.lowerBound, isInverted)) }
        parts.append((match, !isInverted))
        end = match.upperBound
      }
      if end < range.upperBound { parts.append((end..<range.upperBound, isInverted)) }
      append(parts, to: &cut)
    }
    pieces.ranges = cut
  }

  private func append(
    _ parts: [(range: Range<Int>, isMatch: Bool)], to cut: inout [Range<Int>]
  ) {
    var previous = false
    switch behavior {
    case .isolated:
      for part in parts where !part.range.isEmpty { cut.append(part.range) }
    case .removed:
      for part in parts where !part.isMatch && !part.range.isEmpty { cut.append(part.range) }
    case .mergedWithPrevious, .contiguous:
      let first = cut.count
      for part in parts {
        let joins =
          behavior == .contiguous ? part.isMatch == previous : part.isMatch && !previous
        if joins, cut.count > first {
          cut[cut.count - 1] = cut[cut.count - 1].lowerBound..<part.range.upperBound
        } else if !part.range.isEmpty {
          cut.append(part.range)
        }
        previous = part.isMatch
      }
    case .mergedWithNext:
      // From the end, a match joins what was taken before it.
      var taken: [Range<Int>] = []
      for part in parts.reversed() {
        if part.isMatch, !previous, let next = taken.last {
          taken[taken.count - 1] = part.range.lowerBound..<next.upperBound
        } else if !part.range.isEmpty {
          taken.append(part.range)
        }
        previous = part.isMatch
      }
      cut.append(contentsOf: taken.reversed())
    }
  }
}
