import Glibc

@testable import Generation

/// The distribution that parameters make of logits, the obvious slow way: everything sorted, in
/// double precision.
enum ReferenceSampling {
  static func probabilities(
    _ logits: [Float], _ parameters: SamplingParameters, prompt: [Int32] = [],
    generated: [Int32] = [], mask: TokenMask? = nil
  ) -> [Double] {
    var values = logits.map { Double($0) }
    for (token, bias) in parameters.logitBias { values[Int(token)] += Double(bias) }
    for token in Set(prompt + generated) {
      let value = values[Int(token)]
      let penalty = Double(parameters.repetitionPenalty)
      if penalty != 1 { values[Int(token)] = value > 0 ? value / penalty : value * penalty }
    }
    for token in Set(generated) {
      let count = Double(generated.count { $0 == token })
      values[Int(token)] -= count * Double(parameters.frequencyPenalty)
      values[Int(token)] -= Double(parameters.presencePenalty)
    }
    if let mask {
      for token in values.indices where !mask.contains(Int32(token)) { values[token] = -.infinity }
    }
    var kept = values.indices.filter { values[$0] > -.infinity }
      .sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
    if parameters.temperature == 0 { kept = [kept[0]] }
    if parameters.topK > 0 { kept = Array(kept.prefix(parameters.topK)) }
    if parameters.typicalP < 1 {
      let p = softmax(kept.map { values[$0] })
      let entropy = -zip(p, p.map(log)).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * $1.1 : 0) }
      let order = kept.indices.sorted {
        abs(-log(p[$0]) - entropy) < abs(-log(p[$1]) - entropy)
      }
      kept = fewest(order.map { (kept[$0], p[$0]) }, parameters.typicalP)
        .sorted { values[$0] > values[$1] }
    }
    if parameters.topP < 1 {
      kept = fewest(Array(zip(kept, softmax(kept.map { values[$0] }))), parameters.topP)
    }
    if parameters.minP > 0 {
      let p = softmax(kept.map { values[$0] })
      kept = zip(kept, p).filter { $0.1 >= Double(parameters.minP) * p.max()! }.map(\.0)
    }
    let temperature = parameters.temperature == 0 ? 1 : Double(parameters.temperature)
    var result = [Double](repeating: 0, count: logits.count)
    for (token, p) in zip(kept, softmax(kept.map { values[$0] / temperature })) {
      result[token] = p
    }
    return result
  }

  private static func fewest(_ tokens: [(Int, Double)], _ part: Float) -> [Int] {
    var sum = 0.0
    var result: [Int] = []
    for (token, p) in tokens where sum < Double(part) {
      result.append(token)
      sum += p
    }
    return result
  }

  static func softmax(_ values: [Double]) -> [Double] {
    let top = values.max() ?? 0
    let weights = values.map { exp($0 - top) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Whether counts fit probabilities: χ² beyond six standard deviations of what chance gives is
  /// reported, rarer than once in 10⁸ runs. A token of probability 0 must not occur at all. Rare
  /// tokens are pooled, so that each cell expects five.
  static func misfit(_ counts: [Int], _ probabilities: [Double]) -> String? {
    let total = Double(counts.reduce(0, +))
    var statistic = 0.0
    var cells = 0.0
    var pool = (count: 0.0, expected: 0.0)
    for (count, p) in zip(counts, probabilities) {
      if p == 0, count > 0 { return "an excluded token occurs" }
      let expected = p * total
      if expected < 5 {
        pool = (pool.count + Double(count), pool.expected + expected)
      } else {
        statistic += (Double(count) - expected) * (Double(count) - expected) / expected
        cells += 1
      }
    }
    if pool.expected >= 5 {
      let difference = pool.count - pool.expected
      statistic += difference * difference / pool.expected
      cells += 1
    }
    let freedom = max(cells - 1, 0)
    let bound = freedom + 6 * (2 * freedom).squareRoot() + 20
    return statistic <= bound ? nil : "χ² is \(statistic) of \(freedom) degrees of freedom"
  }
}
