internal import Generation
internal import Protocols
internal import RPC
internal import Tokenizers

extension GenerationParameters {
  /// What a message asks for; what it leaves out has the value that changes nothing.
  init(_ options: MartletV1.GenerationOptions?) throws(RPCError) {
    self.init()
    guard let options else { return }
    if options.maxTokens > 0 { maxTokens = Int(options.maxTokens) }
    if options.choices > 0 { choices = Int(options.choices) }
    stop = options.stop
    priority = Int(options.priority)
    switch options.constraint?.kind {
    case .jsonSchema(let schema): constraint = .jsonSchema(schema)
    case .regex(let pattern): constraint = .regex(pattern)
    case .jsonObject(let isWanted): constraint = isWanted ? .jsonObject : nil
    case nil: constraint = nil
    }
    guard let message = options.sampling else { return }
    if case .temperature(let value)? = message.givenTemperature { sampling.temperature = value }
    sampling.topK = Int(message.topK)
    if case .topP(let value)? = message.givenTopP { sampling.topP = value }
    sampling.minP = message.minP
    if case .typicalP(let value)? = message.givenTypicalP { sampling.typicalP = value }
    if case .repetitionPenalty(let value)? = message.givenRepetitionPenalty {
      sampling.repetitionPenalty = value
    }
    sampling.frequencyPenalty = message.frequencyPenalty
    sampling.presencePenalty = message.presencePenalty
    if case .seed(let value)? = message.givenSeed { sampling.seed = value }
    sampling.logitBias = message.logitBias
    if message.logprobs > 0 { sampling.logprobs = Int(message.logprobs) }
  }
}

extension MartletV1.GenerateResponse {
  init(_ delta: GenerationDelta, _ model: LanguageModel) {
    self.init()
    choice = UInt32(delta.choice)
    text = delta.text
    tokens = delta.tokens.map(\.token)
    probabilities = delta.tokens.compactMap { token in
      guard let logprob = token.logprob else { return nil }
      var message = MartletV1.TokenProbabilities()
      message.chosen = Self.probability(token.token, logprob, model)
      message.mostLikely = token.alternatives.map {
        Self.probability($0.token, $0.logprob, model)
      }
      return message
    }
    finishReason = delta.finish?.name ?? ""
    if let usage = delta.usage {
      var message = MartletV1.GenerationUsage()
      message.promptTokens = UInt64(usage.promptTokens)
      message.cachedTokens = UInt64(usage.cachedTokens)
      message.generatedTokens = UInt64(usage.generatedTokens)
      self.usage = message
    }
  }

  private static func probability(
    _ token: Int32, _ logprob: Float, _ model: LanguageModel
  ) -> MartletV1.TokenProbability {
    var message = MartletV1.TokenProbability()
    message.token = token
    message.logprob = logprob
    message.text = model.tokenizer.bytes(of: token)
    return message
  }
}

extension GenerationDelta {
  /// Throws at the end of what is no answer: a model's numbers were none, or nobody waits for it.
  func requireAnswer() throws(RPCError) {
    switch finish {
    case .failed:
      throw failure.map { RPCError($0) } ?? .internalFault("the model could not choose a token")
    case .cancelled:
      throw RPCError(code: .cancelled, message: "the caller gave up before the text was whole")
    case .stop, .length, .deadline, nil: break
    }
  }
}

extension FinishReason {
  /// What the protocol calls it.
  var name: String {
    switch self {
    case .stop: "stop"
    case .length: "length"
    case .cancelled: "cancelled"
    case .deadline: "deadline"
    case .failed: "failed"
    }
  }
}
