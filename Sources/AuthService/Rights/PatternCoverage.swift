/// Decides whether every name that one set of patterns stands for is in another set.
///
/// This is what stops a key from making one that reaches further than itself. The question is
/// inclusion of regular languages: walk through the inner pattern one symbol at a time, and keep
/// the set of places at which the outer patterns could be. If the inner pattern can end where no
/// outer one can, a name has been found that would be gained.
struct PatternCoverage {
  /// Beyond this many states for one question the answer is "no": refusing is safe, and only
  /// patterns that are built to be hard come here. Keeps the longest answer within milliseconds, as
  /// the store's only writer waits for it.
  static let stateCountMax = 2_000

  private struct State: Hashable {
    var inner: Int
    /// One bit per place of the outer patterns, which lie one after the other.
    var outer: [UInt64]
  }

  private let outer: [ModelPattern]
  /// Where each outer pattern's places begin; a pattern of n characters has n + 1 places.
  private let offsets: [Int]
  private let wordCount: Int

  /// Whether each of `inner` lies within the union of `outer`.
  static func covers(_ outer: [ModelPattern], _ inner: [ModelPattern]) -> Bool {
    let coverage = PatternCoverage(outer: outer)
    var stateCount = 0
    return inner.allSatisfy { coverage.covers($0, &stateCount) }
  }

  private init(outer: [ModelPattern]) {
    self.outer = outer
    var offsets: [Int] = []
    var total = 0
    for pattern in outer {
      offsets.append(total)
      total += pattern.bytes.count + 1
    }
    self.offsets = offsets
    wordCount = (total + 63) / 64
  }

  private func covers(_ inner: ModelPattern, _ stateCount: inout Int) -> Bool {
    if outer.contains(inner) { return true }
    // All characters that no pattern names behave alike; 0 stands for them.
    let alphabet = Set((outer + [inner]).flatMap(\.bytes)).union([0])
      .subtracting([ModelPattern.star, ModelPattern.questionMark])
    let start = State(inner: 0, outer: close(offsets))
    var seen: Set<State> = [start]
    var pending = [start]
    while let state = pending.popLast() {
      if state.inner == inner.bytes.count {
        guard accepts(state.outer) else { return false }
        continue
      }
      var next: [State] = []
      let symbol = inner.bytes[state.inner]
      switch symbol {
      case ModelPattern.star:
        next.append(State(inner: state.inner + 1, outer: state.outer))
        for character in alphabet {
          next.append(State(inner: state.inner, outer: advance(state.outer, by: character)))
        }
      case ModelPattern.questionMark:
        for character in alphabet {
          next.append(State(inner: state.inner + 1, outer: advance(state.outer, by: character)))
        }
      default:
        next.append(State(inner: state.inner + 1, outer: advance(state.outer, by: symbol)))
      }
      for state in next where seen.insert(state).inserted {
        stateCount += 1
        pending.append(state)
      }
      guard stateCount <= Self.stateCountMax else { return false }
    }
    return true
  }

  /// The places reached from `places` by one character.
  private func advance(_ places: [UInt64], by character: UInt8) -> [UInt64] {
    var reached: [Int] = []
    for (pattern, offset) in zip(outer, offsets) {
      for (index, symbol) in pattern.bytes.enumerated() where contains(places, offset + index) {
        if symbol == ModelPattern.star {
          reached.append(offset + index)
        } else if symbol == ModelPattern.questionMark || symbol == character {
          reached.append(offset + index + 1)
        }
      }
    }
    return close(reached)
  }

  /// The same places and those reached through stars that stand for nothing.
  private func close(_ places: [Int]) -> [UInt64] {
    var set = [UInt64](repeating: 0, count: wordCount)
    for place in places { set[place / 64] |= 1 << UInt64(place % 64) }
    for (pattern, offset) in zip(outer, offsets) {
      for (index, symbol) in pattern.bytes.enumerated()
      where symbol == ModelPattern.star && contains(set, offset + index) {
        let place = offset + index + 1
        set[place / 64] |= 1 << UInt64(place % 64)
      }
    }
    return set
  }

  private func accepts(_ places: [UInt64]) -> Bool {
    zip(outer, offsets).contains { contains(places, $1 + $0.bytes.count) }
  }

  private func contains(_ places: [UInt64], _ place: Int) -> Bool {
    places[place / 64] >> UInt64(place % 64) & 1 == 1
  }
}
