internal import Compute
internal import Glibc

/// A token and how likely it was.
public struct SampledToken: Sendable, Hashable {
  /// A token's natural logarithm of its probability, in the model's own distribution: before bias,
  /// penalties, grammar and temperature.
  public struct Logprob: Sendable, Hashable {
    /// The token.
    public var token: Int32
    /// At most 0.
    public var logprob: Float
  }

  /// The token chosen.
  public var token: Int32
  /// Its log-probability, if asked for.
  public var logprob: Float?
  /// The likeliest tokens, the likeliest first, as many as asked for.
  public var alternatives: [Logprob] = []
}

/// Memory for choosing tokens; one for all sequences that are sampled after each other.
public final class SamplingScratch {
  let vocabularySize: Int
  let indices: UnsafeMutableBufferPointer<Int32>
  /// A copy of the model's logits, made when log-probabilities are asked for.
  private var copy: UnsafeMutableBufferPointer<Float>?

  /// 4 bytes a token, and 4 more once log-probabilities are asked for.
  public init(vocabularySize: Int) {
    self.vocabularySize = vocabularySize
    indices = .allocate(capacity: vocabularySize)
  }

  deinit {
    indices.deallocate()
    copy?.deallocate()
  }

  func copy(_ logits: UnsafeMutableBufferPointer<Float>) -> UnsafePointer<Float> {
    let copy = copy ?? .allocate(capacity: vocabularySize)
    self.copy = copy
    _ = copy.initialize(from: logits)
    return UnsafePointer(copy.baseAddress!)
  }
}

/// Chooses one sequence's tokens. It owns what the sequence's past means for its next token, so it
/// lives as long as the sequence and does not notice when that is preempted.
public struct Sampler: Sendable {
  private let parameters: SamplingParameters
  private let generator: CounterGenerator
  private var penalties: TokenPenalties
  private var tokenCount = 0

  /// A sampler of validated parameters. `seed` counts when the parameters have none.
  public init(
    _ parameters: SamplingParameters, prompt: [Int32], choice: Int = 0, seed: UInt64
  ) {
    self.parameters = parameters
    generator = CounterGenerator(seed: parameters.seed ?? seed, choice: choice)
    penalties = TokenPenalties(parameters, prompt: prompt)
  }

  /// Takes tokens that were chosen before, as if this sampler had.
  public mutating func replay(_ tokens: [Int32]) {
    tokenCount += tokens.count
    for token in tokens { penalties.append(token) }
  }

  /// Chooses the next token. The logits are written over.
  public mutating func sample(
    _ logits: UnsafeMutableBufferPointer<Float>, mask: TokenMask? = nil, scratch: SamplingScratch
  ) throws(SamplingError) -> SampledToken {
    precondition(logits.count == scratch.vocabularySize && !logits.isEmpty)
    let original = parameters.logprobs.map { _ in scratch.copy(logits) }
    for (token, bias) in parameters.logitBias { logits[Int(token)] += bias }
    penalties.apply(to: logits)
    mask?.apply(to: logits)
    let row = Row(UnsafeBufferPointer(logits), scratch)
    try row.check()
    let token = parameters.temperature == 0 ? row.likeliest : draw(row)
    tokenCount += 1
    penalties.append(token)
    guard let original, let count = parameters.logprobs else { return SampledToken(token: token) }
    return Row(UnsafeBufferPointer(start: original, count: logits.count), scratch)
      .describe(token, alternatives: count)
  }

  private func draw(_ row: Row) -> Int32 {
    let uniform = generator.uniform(tokenCount)
    guard case (var candidates, let wholeMass)? = row.candidates(parameters) else {
      return row.draw(uniform, temperature: parameters.temperature)
    }
    if parameters.typicalP < 1 { candidates.keepTypical(part: Double(parameters.typicalP)) }
    if parameters.topP < 1 {
      candidates.keepLikeliest(part: Double(parameters.topP), ofMass: wholeMass)
    }
    if parameters.minP > 0 { candidates.keepAtLeast(part: Double(parameters.minP)) }
    return candidates.draw(uniform, temperature: parameters.temperature)
  }
}

/// One row of logits.
private struct Row {
  /// Sums of blocks, so that a draw looks at one block only.
  private static let blockSize = 1_024

  let logits: UnsafeBufferPointer<Float>
  let top: Float
  let scratch: SamplingScratch

  init(_ logits: UnsafeBufferPointer<Float>, _ scratch: SamplingScratch) {
    self.logits = logits
    self.scratch = scratch
    var top: Float = 0
    Reduction.maximum.run(.fp32, logits.baseAddress!, into: &top, outer: 1, axis: logits.count)
    self.top = top
  }

  private var base: UnsafePointer<Float> { logits.baseAddress! }

  func check() throws(SamplingError) {
    if top == -.infinity {
      throw SamplingError(
        .nothingAllowed, "expected at least one token to be allowed, got a bias or grammar without")
    }
    guard top.isFinite else {
      throw SamplingError(.notFinite, "expected finite logits, got \(top)")
    }
  }

  var likeliest: Int32 {
    var index: Int64 = 0
    Reduction.indexOfMaximum(base, into: &index, outer: 1, axis: logits.count)
    return Int32(index)
  }

  private func blockSums(factor: Float) -> [Double] {
    stride(from: 0, to: logits.count, by: Self.blockSize).map {
      Double(
        Selection.sumOfExponentials(
          base + $0, count: min(Self.blockSize, logits.count - $0), shift: top, factor: factor))
    }
  }

  /// The weight of all tokens, when the likeliest one weighs 1.
  private var mass: Double { blockSums(factor: 1).reduce(0, +) }

  /// The `topK` likeliest tokens, or else all that the next filter may keep, with the mass that it
  /// refers to when that is more than theirs; nil when there is no filter.
  func candidates(_ parameters: SamplingParameters) -> (Candidates, wholeMass: Double?)? {
    if parameters.topK > 0, parameters.topK < logits.count {
      return (likeliest(parameters.topK), nil)
    }
    if parameters.typicalP < 1 { return (gather(-.greatestFiniteMagnitude), nil) }
    if parameters.topP < 1 {
      let mass = mass
      return (widen { $0.mass >= Double(parameters.topP) * mass }, mass)
    }
    guard parameters.minP > 0 else { return nil }
    // A little more than is kept: the exact comparison is the candidates'.
    return (gather(top + log(parameters.minP) - 0.01), nil)
  }

  private func likeliest(_ count: Int) -> Candidates {
    var candidates = widen { $0.all.count >= count }
    candidates.keepLikeliest(count)
    return candidates
  }

  /// Gathers tokens further and further below the likeliest one until there are enough. A model's
  /// next token is mostly among a few dozen.
  private func widen(_ isEnough: (Candidates) -> Bool) -> Candidates {
    var depth: Float = 8
    while depth < 64 {
      let candidates = gather(top - depth)
      if isEnough(candidates) { return candidates }
      depth *= 2
    }
    return gather(-.greatestFiniteMagnitude)
  }

  private func gather(_ threshold: Float) -> Candidates {
    let count = Selection.indices(
      atLeast: threshold, of: base, count: logits.count, into: scratch.indices)
    return Candidates(
      UnsafeBufferPointer(rebasing: scratch.indices[..<count]), logits: base, top: top)
  }

  /// The token at `uniform` of the way through the mass of all.
  func draw(_ uniform: Double, temperature: Float) -> Int32 {
    let sums = blockSums(factor: 1 / temperature)
    var rest = uniform * sums.reduce(0, +)
    var block = 0
    while block < sums.count - 1, rest >= sums[block] {
      rest -= sums[block]
      block += 1
    }
    // Rounding may lead behind the last block that has any weight.
    while block > 0, sums[block] == 0 { block -= 1 }
    let start = block * Self.blockSize
    let tokens = (start..<min(start + Self.blockSize, logits.count)).map(Int32.init)
    // The block's own sum in double precision differs by rounding: the same part of the way.
    let part = sums[block] > 0 ? min(rest / sums[block], 1) : 0
    return tokens.withUnsafeBufferPointer {
      Candidates($0, logits: base, top: top).draw(part, temperature: temperature)
    }
  }

  func describe(_ token: Int32, alternatives count: Int) -> SampledToken {
    let normalizer = Double(top) + log(mass)
    func logprob(_ logit: Float) -> Float { min(0, Float(Double(logit) - normalizer)) }
    var result = SampledToken(token: token, logprob: logprob(logits[Int(token)]))
    guard count > 0 else { return result }
    result.alternatives = likeliest(min(count, logits.count)).all
      .sorted { $0.logit != $1.logit ? $0.logit > $1.logit : $0.token < $1.token }
      .map { SampledToken.Logprob(token: $0.token, logprob: logprob($0.logit)) }
    return result
  }
}
