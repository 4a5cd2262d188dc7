/// How the next token is chosen from its logits.
///
/// They act in this order, llama.cpp's: bias, penalties, a grammar's mask, then of what is left the
/// `topK` likeliest, `typicalP`, `topP`, `minP`, and at last the temperature. Each is off by default;
/// without any, tokens are drawn from the model's own distribution.
public struct SamplingParameters: Sendable, Hashable {
  /// Logits are divided by it; 0 always takes the likeliest token.
  public var temperature: Float = 1
  /// Only so many of the likeliest tokens; 0 is all.
  public var topK = 0
  /// The fewest of the likeliest tokens whose probabilities sum to it; 1 is all.
  public var topP: Float = 1
  /// Tokens of at least this part of the likeliest one's probability; 0 is all.
  public var minP: Float = 0
  /// The fewest tokens whose probabilities sum to it, those first whose information is closest to
  /// the distribution's entropy (locally typical sampling, Meister et al. 2022); 1 is all.
  public var typicalP: Float = 1
  /// Divides positive logits of tokens of the prompt and of what was generated, and multiplies
  /// negative ones (CTRL, Keskar et al. 2019; as Hugging Face); 1 is off.
  public var repetitionPenalty: Float = 1
  /// Subtracted from a token's logit each time it was generated.
  public var frequencyPenalty: Float = 0
  /// Subtracted from a token's logit once, if it was generated.
  public var presencePenalty: Float = 0
  /// Added to the logits of tokens; minus infinity forbids one.
  public var logitBias: [Int32: Float] = [:]
  /// The same seed chooses the same tokens from the same logits, whatever else runs. Without one the
  /// caller makes one up.
  public var seed: UInt64?
  /// How many alternatives are reported with their log-probabilities, besides the token chosen; nil
  /// reports none at all.
  public var logprobs: Int?

  /// Draws from the model's own distribution.
  public init() {}

  /// Alternatives that may be asked for: OpenAI's limit, kept because each costs a selection.
  public static let logprobsMax = 20
  /// Entries of `logitBias`: OpenAI's is 300; they are applied to every token.
  public static let logitBiasMax = 1_024

  /// Throws the first setting that is out of range, or that contradicts another one.
  public func validate(vocabularySize: Int, choices: Int = 1) throws(SamplingError) {
    try expect(
      temperature == 0 || (1e-5...100).contains(temperature), "temperature",
      "0 or between 0.00001 and 100", temperature)
    try expect(topK >= 0, "top_k", "0 or more", topK)
    try expect(topP > 0 && topP <= 1, "top_p", "more than 0 and at most 1", topP)
    try expect(minP >= 0 && minP <= 1, "min_p", "between 0 and 1", minP)
    try expect(typicalP > 0 && typicalP <= 1, "typical_p", "more than 0 and at most 1", typicalP)
    try expect(
      (0.01...100).contains(repetitionPenalty), "repetition_penalty", "between 0.01 and 100",
      repetitionPenalty)
    try expect(
      (-100...100).contains(frequencyPenalty), "frequency_penalty", "between -100 and 100",
      frequencyPenalty)
    try expect(
      (-100...100).contains(presencePenalty), "presence_penalty", "between -100 and 100",
      presencePenalty)
    if let logprobs {
      try expect(
        (0...Self.logprobsMax).contains(logprobs), "logprobs", "0 to \(Self.logprobsMax)", logprobs)
    }
    try validateBias(vocabularySize)
    guard temperature == 0 else { return }
    let reason = "when temperature is 0, which always takes the likeliest token"
    try expect(topK <= 1, "top_k", "none \(reason)", topK)
    try expect(topP == 1, "top_p", "none \(reason)", topP)
    try expect(minP == 0, "min_p", "none \(reason)", minP)
    try expect(typicalP == 1, "typical_p", "none \(reason)", typicalP)
    try expect(choices == 1, "choices", "1 \(reason)", choices)
  }

  private func validateBias(_ vocabularySize: Int) throws(SamplingError) {
    try expect(
      logitBias.count <= Self.logitBiasMax, "logit_bias", "at most \(Self.logitBiasMax) tokens",
      logitBias.count)
    for (token, bias) in logitBias {
      try expect(
        token >= 0 && Int(token) < vocabularySize, "logit_bias",
        "tokens below \(vocabularySize)", token)
      // OpenAI's bound: 100 takes a token alone or never.
      try expect((-100...100).contains(bias), "logit_bias", "between -100 and 100", bias)
    }
  }

  private func expect<Value>(
    _ condition: Bool, _ name: String, _ expected: String, _ got: Value
  ) throws(SamplingError) {
    guard condition else {
      throw SamplingError(.invalidArgument, "\(name): expected \(expected), got \(got)")
    }
  }
}

/// Why no token can be chosen.
public struct SamplingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Code: Sendable, Hashable {
    /// A setting.
    case invalidArgument
    /// The model's logits are not numbers.
    case notFinite
    /// Bias and grammar leave no token.
    case nothingAllowed
  }

  /// The kind.
  public var code: Code
  /// What was expected and what came.
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
