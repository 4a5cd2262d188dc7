internal import Glibc

/// The tokens that a filter has left, with their logits.
struct Candidates {
  struct Candidate {
    let token: Int32
    let logit: Float
    /// In proportion to its probability.
    var weight: Double
    /// The higher, the sooner it is taken.
    var rank: Double
  }

  private(set) var all: [Candidate] = []
  /// The largest logit, which weighs 1.
  private let top: Float

  init(_ tokens: UnsafeBufferPointer<Int32>, logits: UnsafePointer<Float>, top: Float) {
    self.top = top
    all.reserveCapacity(tokens.count)
    for token in tokens {
      let logit = logits[Int(token)]
      all.append(
        Candidate(token: token, logit: logit, weight: Self.weight(logit, top), rank: Double(logit)))
    }
  }

  static func weight(_ logit: Float, _ top: Float, temperature: Float = 1) -> Double {
    exp(Double(logit - top) / Double(temperature))
  }

  /// The sum of the weights.
  var mass: Double { all.reduce(0) { $0 + $1.weight } }

  /// Keeps the `count` likeliest.
  mutating func keepLikeliest(_ count: Int) {
    keepFirst(until: Double(count)) { _ in 1 }
  }

  /// Keeps the fewest of the likeliest with this part of the mass: their own, unless they were
  /// gathered from more.
  mutating func keepLikeliest(part: Double, ofMass whole: Double? = nil) {
    keepFirst(until: part * (whole ?? mass), \.weight)
  }

  /// Keeps the fewest with this part of the mass whose information is closest to the entropy.
  mutating func keepTypical(part: Double) {
    let mass = mass
    let information = all.map { -log($0.weight / mass) }
    var entropy = 0.0
    for (candidate, information) in zip(all, information) where candidate.weight > 0 {
      entropy += candidate.weight / mass * information
    }
    for index in all.indices { all[index].rank = -abs(information[index] - entropy) }
    keepFirst(until: part * mass, \.weight)
    for index in all.indices { all[index].rank = Double(all[index].logit) }
  }

  /// Keeps those of at least this part of the likeliest one's probability; filters before may have
  /// taken the likeliest of all.
  mutating func keepAtLeast(part: Double) {
    let least = (all.map(\.weight).max() ?? 0) * part
    all.removeAll { $0.weight < least }
  }

  /// The one at `uniform` of the way through the mass, at a temperature.
  func draw(_ uniform: Double, temperature: Float) -> Int32 {
    let top = all.map(\.logit).max() ?? top
    var rest = 0.0
    for candidate in all { rest += Self.weight(candidate.logit, top, temperature: temperature) }
    rest *= uniform
    var last: Int32 = all[0].token
    for candidate in all {
      let weight = Self.weight(candidate.logit, top, temperature: temperature)
      if weight > 0 { last = candidate.token }
      rest -= weight
      if rest < 0 { break }
    }
    return last
  }

  /// Keeps the fewest in order of rank whose sizes sum to `target`, at least one, by partition as in
  /// quickselect: in time proportional to the number of candidates on average, without sorting them.
  private mutating func keepFirst(until target: Double, _ size: (Candidate) -> Double) {
    var low = 0
    var high = all.count
    var rest = target
    while high - low > 16 {
      let middle = partition(low, high)
      let sum = all[low..<middle].reduce(0) { $0 + size($1) }
      if sum >= rest {
        high = middle
      } else {
        rest -= sum
        low = middle
      }
    }
    all[low..<high].sort(by: Self.precedes)
    var end = low
    while end < high, rest > 0 || end == 0 {
      rest -= size(all[end])
      end += 1
    }
    all.removeSubrange(max(end, 1)...)
  }

  /// Of equal ranks the smaller token comes first, so that the result is always the same.
  private static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
    a.rank != b.rank ? a.rank > b.rank : a.token < b.token
  }

  /// Puts those before the pivot first; returns where the others begin, with some on either side.
  private mutating func partition(_ low: Int, _ high: Int) -> Int {
    let middle = (low + high) / 2
    if Self.precedes(all[middle], all[low]) { all.swapAt(middle, low) }
    if Self.precedes(all[high - 1], all[middle]) { all.swapAt(high - 1, middle) }
    if Self.precedes(all[middle], all[low]) { all.swapAt(middle, low) }
    let pivot = all[middle]
    var left = low
    var right = high - 1
    while left <= right {
      while Self.precedes(all[left], pivot) { left += 1 }
      while Self.precedes(pivot, all[right]) { right -= 1 }
      guard left <= right else { break }
      all.swapAt(left, right)
      left += 1
      right -= 1
    }
    return left
  }
}
