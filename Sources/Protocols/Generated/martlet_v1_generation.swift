// Generated from Proto/martlet/v1/generation.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension MartletV1 {
  /// How the next token is chosen. What is left out has the value that changes nothing.
  public struct SamplingParameters: ProtobufValue {
    /// One of the alternatives of `given_temperature`.
    public enum GivenTemperature: Sendable, Hashable {
      /// `temperature`.
      case temperature(Float)
    }
    /// The alternative that is set, if any.
    public var givenTemperature: GivenTemperature?
    /// Only the k most likely tokens; 0: all.
    public var topK: UInt32 = 0
    /// One of the alternatives of `given_top_p`.
    public enum GivenTopP: Sendable, Hashable {
      /// `top_p`.
      case topP(Float)
    }
    /// The alternative that is set, if any.
    public var givenTopP: GivenTopP?
    /// Only tokens of at least this share of the most likely one's probability.
    public var minP: Float = 0
    /// One of the alternatives of `given_typical_p`.
    public enum GivenTypicalP: Sendable, Hashable {
      /// `typical_p`.
      case typicalP(Float)
    }
    /// The alternative that is set, if any.
    public var givenTypicalP: GivenTypicalP?
    /// One of the alternatives of `given_repetition_penalty`.
    public enum GivenRepetitionPenalty: Sendable, Hashable {
      /// `repetition_penalty`.
      case repetitionPenalty(Float)
    }
    /// The alternative that is set, if any.
    public var givenRepetitionPenalty: GivenRepetitionPenalty?
    /// What is taken off a token's logit for each time it was generated.
    public var frequencyPenalty: Float = 0
    /// What is taken off a token's logit if it was generated.
    public var presencePenalty: Float = 0
    /// One of the alternatives of `given_seed`.
    public enum GivenSeed: Sendable, Hashable {
      /// `seed`.
      case seed(UInt64)
    }
    /// The alternative that is set, if any.
    public var givenSeed: GivenSeed?
    /// What is added to tokens' logits, from -100 to 100.
    public var logitBias: [Int32: Float] = [:]
    /// The logarithms of so many most likely tokens' probabilities come with each token.
    public var logprobs: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// What a generated text must be.
  public struct Constraint: ProtobufValue {
    /// One of the alternatives of `kind`.
    public enum Kind: Sendable, Hashable {
      /// A JSON schema that the whole text fulfils.
      case jsonSchema(String)
      /// A regular expression that the whole text matches.
      case regex(String)
      /// Any JSON object.
      case jsonObject(Bool)
    }
    /// The alternative that is set, if any.
    public var kind: Kind?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `GenerationOptions` of the protocol.
  public struct GenerationOptions: ProtobufValue {
    /// Tokens to generate at most; 0: 256, or as many as the prompt leaves of the context.
    public var maxTokens: UInt32 = 0
    /// `sampling`.
    public var sampling: MartletV1.SamplingParameters?
    /// The text ends before the first of these.
    public var stop: [String] = []
    /// How many texts; 0: 1.
    public var choices: UInt32 = 0
    /// `constraint`.
    public var constraint: MartletV1.Constraint?
    /// Higher goes first among the requests of the same tenant.
    public var priority: Int32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `GenerateRequest` of the protocol.
  public struct GenerateRequest: ProtobufValue {
    /// `model`.
    public var model: String = ""
    /// A number, or empty for the newest.
    public var version: String = ""
    /// One of both: a text, or tokens.
    public var prompt: String = ""
    /// `prompt_tokens`.
    public var promptTokens: [Int32] = []
    /// `options`.
    public var options: MartletV1.GenerationOptions?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ChatMessage` of the protocol.
  public struct ChatMessage: ProtobufValue {
    /// system, user or assistant, as far as the model's template knows them.
    public var role: String = ""
    /// `content`.
    public var content: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ChatRequest` of the protocol.
  public struct ChatRequest: ProtobufValue {
    /// `model`.
    public var model: String = ""
    /// `version`.
    public var version: String = ""
    /// `messages`.
    public var messages: [MartletV1.ChatMessage] = []
    /// `options`.
    public var options: MartletV1.GenerationOptions?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A token and the logarithm of its probability.
  public struct TokenProbability: ProtobufValue {
    /// `token`.
    public var token: Int32 = 0
    /// `logprob`.
    public var logprob: Float = 0
    /// `text`.
    public var text: [UInt8] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TokenProbabilities` of the protocol.
  public struct TokenProbabilities: ProtobufValue {
    /// `chosen`.
    public var chosen: MartletV1.TokenProbability?
    /// `most_likely`.
    public var mostLikely: [MartletV1.TokenProbability] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `GenerationUsage` of the protocol.
  public struct GenerationUsage: ProtobufValue {
    /// `prompt_tokens`.
    public var promptTokens: UInt64 = 0
    /// Those of them whose keys and values were computed for an earlier request.
    public var cachedTokens: UInt64 = 0
    /// `generated_tokens`.
    public var generatedTokens: UInt64 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A piece of one of the texts.
  public struct GenerateResponse: ProtobufValue {
    /// `choice`.
    public var choice: UInt32 = 0
    /// May be empty: a token that only begins a character, or what could become a stop text.
    public var text: String = ""
    /// `tokens`.
    public var tokens: [Int32] = []
    /// `probabilities`.
    public var probabilities: [MartletV1.TokenProbabilities] = []
    /// In the last message of a choice: stop, length or deadline.
    public var finishReason: String = ""
    /// In the last message.
    public var usage: MartletV1.GenerationUsage?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TokenizeRequest` of the protocol.
  public struct TokenizeRequest: ProtobufValue {
    /// `model`.
    public var model: String = ""
    /// `version`.
    public var version: String = ""
    /// `text`.
    public var text: String = ""
    /// Whether the tokens that begin and end a text are added.
    public var addSpecial: Bool = false
    /// Whether texts of special tokens in the text become those.
    public var parseSpecial: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `TokenizeResponse` of the protocol.
  public struct TokenizeResponse: ProtobufValue {
    /// `tokens`.
    public var tokens: [Int32] = []
    /// The bytes that each stands for.
    public var pieces: [[UInt8]] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `EmbedRequest` of the protocol.
  public struct EmbedRequest: ProtobufValue {
    /// `model`.
    public var model: String = ""
    /// `version`.
    public var version: String = ""
    /// `texts`.
    public var texts: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `Embedding` of the protocol.
  public struct Embedding: ProtobufValue {
    /// `values`.
    public var values: [Float] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `EmbedResponse` of the protocol.
  public struct EmbedResponse: ProtobufValue {
    /// One for each text, of length 1.
    public var embeddings: [MartletV1.Embedding] = []
    /// `usage`.
    public var usage: MartletV1.GenerationUsage?
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension MartletV1.SamplingParameters: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__SamplingParameters>? {
    martlet__v1__sampling_parameters__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__SamplingParameters>) throws(ProtobufError) {
    self.init()
    switch c.pointee.given_temperature_case {
    case MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_TEMPERATURE_TEMPERATURE:
      givenTemperature = .temperature(c.pointee.temperature)
    default: break
    }
    topK = c.pointee.top_k
    switch c.pointee.given_top_p_case {
    case MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_TOP_P_TOP_P:
      givenTopP = .topP(c.pointee.top_p)
    default: break
    }
    minP = c.pointee.min_p
    switch c.pointee.given_typical_p_case {
    case MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_TYPICAL_P_TYPICAL_P:
      givenTypicalP = .typicalP(c.pointee.typical_p)
    default: break
    }
    switch c.pointee.given_repetition_penalty_case {
    case MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_REPETITION_PENALTY_REPETITION_PENALTY:
      givenRepetitionPenalty = .repetitionPenalty(c.pointee.repetition_penalty)
    default: break
    }
    frequencyPenalty = c.pointee.frequency_penalty
    presencePenalty = c.pointee.presence_penalty
    switch c.pointee.given_seed_case {
    case MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_SEED_SEED:
      givenSeed = .seed(c.pointee.seed)
    default: break
    }
    for i in 0..<c.pointee.n_logit_bias {
      let entry = c.pointee.logit_bias[i]!
      logitBias[entry.pointee.key] = entry.pointee.value
    }
    logprobs = c.pointee.logprobs
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__SamplingParameters> {
    let c = arena.allocate(Martlet__V1__SamplingParameters.self)
    martlet__v1__sampling_parameters__init(c)
    switch givenTemperature {
    case .temperature(let value):
      c.pointee.given_temperature_case = MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_TEMPERATURE_TEMPERATURE
      c.pointee.temperature = value
    case nil: break
    }
    c.pointee.top_k = topK
    switch givenTopP {
    case .topP(let value):
      c.pointee.given_top_p_case = MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_TOP_P_TOP_P
      c.pointee.top_p = value
    case nil: break
    }
    c.pointee.min_p = minP
    switch givenTypicalP {
    case .typicalP(let value):
      c.pointee.given_typical_p_case = MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_TYPICAL_P_TYPICAL_P
      c.pointee.typical_p = value
    case nil: break
    }
    switch givenRepetitionPenalty {
    case .repetitionPenalty(let value):
      c.pointee.given_repetition_penalty_case = MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_REPETITION_PENALTY_REPETITION_PENALTY
      c.pointee.repetition_penalty = value
    case nil: break
    }
    c.pointee.frequency_penalty = frequencyPenalty
    c.pointee.presence_penalty = presencePenalty
    switch givenSeed {
    case .seed(let value):
      c.pointee.given_seed_case = MARTLET__V1__SAMPLING_PARAMETERS__GIVEN_SEED_SEED
      c.pointee.seed = value
    case nil: break
    }
    c.pointee.n_logit_bias = logitBias.count
    c.pointee.logit_bias = arena.array(logitBias.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Martlet__V1__SamplingParameters__LogitBiasEntry.self)
      martlet__v1__sampling_parameters__logit_bias_entry__init(entry)
      entry.pointee.key = pair.key
      entry.pointee.value = pair.value
      return entry
    }
    c.pointee.logprobs = logprobs
    return c
  }
}

extension MartletV1.Constraint: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__Constraint>? {
    martlet__v1__constraint__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__Constraint>) throws(ProtobufError) {
    self.init()
    switch c.pointee.kind_case {
    case MARTLET__V1__CONSTRAINT__KIND_JSON_SCHEMA:
      kind = .jsonSchema(try utf8Text(c.pointee.json_schema!))
    case MARTLET__V1__CONSTRAINT__KIND_REGEX:
      kind = .regex(try utf8Text(c.pointee.regex!))
    case MARTLET__V1__CONSTRAINT__KIND_JSON_OBJECT:
      kind = .jsonObject(c.pointee.json_object != 0)
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__Constraint> {
    let c = arena.allocate(Martlet__V1__Constraint.self)
    martlet__v1__constraint__init(c)
    switch kind {
    case .jsonSchema(let value):
      c.pointee.kind_case = MARTLET__V1__CONSTRAINT__KIND_JSON_SCHEMA
      c.pointee.json_schema = arena.text(value)
    case .regex(let value):
      c.pointee.kind_case = MARTLET__V1__CONSTRAINT__KIND_REGEX
      c.pointee.regex = arena.text(value)
    case .jsonObject(let value):
      c.pointee.kind_case = MARTLET__V1__CONSTRAINT__KIND_JSON_OBJECT
      c.pointee.json_object = value ? 1 : 0
    case nil: break
    }
    return c
  }
}

extension MartletV1.GenerationOptions: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__GenerationOptions>? {
    martlet__v1__generation_options__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__GenerationOptions>) throws(ProtobufError) {
    self.init()
    maxTokens = c.pointee.max_tokens
    if let value = c.pointee.sampling {
      sampling = try MartletV1.SamplingParameters(c: value)
    }
    stop.reserveCapacity(c.pointee.n_stop)
    for i in 0..<c.pointee.n_stop {
      stop.append(try utf8Text(c.pointee.stop[i]!))
    }
    choices = c.pointee.choices
    if let value = c.pointee.constraint {
      constraint = try MartletV1.Constraint(c: value)
    }
    priority = c.pointee.priority
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__GenerationOptions> {
    let c = arena.allocate(Martlet__V1__GenerationOptions.self)
    martlet__v1__generation_options__init(c)
    c.pointee.max_tokens = maxTokens
    c.pointee.sampling = sampling?.makeC(arena)
    c.pointee.n_stop = stop.count
    c.pointee.stop = arena.array(stop) { arena.text($0) }
    c.pointee.choices = choices
    c.pointee.constraint = constraint?.makeC(arena)
    c.pointee.priority = priority
    return c
  }
}

extension MartletV1.GenerateRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__GenerateRequest>? {
    martlet__v1__generate_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__GenerateRequest>) throws(ProtobufError) {
    self.init()
    model = try utf8Text(c.pointee.model!)
    version = try utf8Text(c.pointee.version!)
    prompt = try utf8Text(c.pointee.prompt!)
    promptTokens.reserveCapacity(c.pointee.n_prompt_tokens)
    for i in 0..<c.pointee.n_prompt_tokens {
      promptTokens.append(c.pointee.prompt_tokens[i])
    }
    if let value = c.pointee.options {
      options = try MartletV1.GenerationOptions(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__GenerateRequest> {
    let c = arena.allocate(Martlet__V1__GenerateRequest.self)
    martlet__v1__generate_request__init(c)
    c.pointee.model = arena.text(model)
    c.pointee.version = arena.text(version)
    c.pointee.prompt = arena.text(prompt)
    c.pointee.n_prompt_tokens = promptTokens.count
    c.pointee.prompt_tokens = arena.array(promptTokens) { $0 }
    c.pointee.options = options?.makeC(arena)
    return c
  }
}

extension MartletV1.ChatMessage: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ChatMessage>? {
    martlet__v1__chat_message__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ChatMessage>) throws(ProtobufError) {
    self.init()
    role = try utf8Text(c.pointee.role!)
    content = try utf8Text(c.pointee.content!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ChatMessage> {
    let c = arena.allocate(Martlet__V1__ChatMessage.self)
    martlet__v1__chat_message__init(c)
    c.pointee.role = arena.text(role)
    c.pointee.content = arena.text(content)
    return c
  }
}

extension MartletV1.ChatRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__ChatRequest>? {
    martlet__v1__chat_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__ChatRequest>) throws(ProtobufError) {
    self.init()
    model = try utf8Text(c.pointee.model!)
    version = try utf8Text(c.pointee.version!)
    messages.reserveCapacity(c.pointee.n_messages)
    for i in 0..<c.pointee.n_messages {
      messages.append(try MartletV1.ChatMessage(c: c.pointee.messages[i]!))
    }
    if let value = c.pointee.options {
      options = try MartletV1.GenerationOptions(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__ChatRequest> {
    let c = arena.allocate(Martlet__V1__ChatRequest.self)
    martlet__v1__chat_request__init(c)
    c.pointee.model = arena.text(model)
    c.pointee.version = arena.text(version)
    c.pointee.n_messages = messages.count
    c.pointee.messages = arena.array(messages) { $0.makeC(arena) }
    c.pointee.options = options?.makeC(arena)
    return c
  }
}

extension MartletV1.TokenProbability: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TokenProbability>? {
    martlet__v1__token_probability__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TokenProbability>) throws(ProtobufError) {
    self.init()
    token = c.pointee.token
    logprob = c.pointee.logprob
    text = bytes(c.pointee.text)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TokenProbability> {
    let c = arena.allocate(Martlet__V1__TokenProbability.self)
    martlet__v1__token_probability__init(c)
    c.pointee.token = token
    c.pointee.logprob = logprob
    c.pointee.text = arena.bytes(text)
    return c
  }
}

extension MartletV1.TokenProbabilities: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TokenProbabilities>? {
    martlet__v1__token_probabilities__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TokenProbabilities>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.chosen {
      chosen = try MartletV1.TokenProbability(c: value)
    }
    mostLikely.reserveCapacity(c.pointee.n_most_likely)
    for i in 0..<c.pointee.n_most_likely {
      mostLikely.append(try MartletV1.TokenProbability(c: c.pointee.most_likely[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TokenProbabilities> {
    let c = arena.allocate(Martlet__V1__TokenProbabilities.self)
    martlet__v1__token_probabilities__init(c)
    c.pointee.chosen = chosen?.makeC(arena)
    c.pointee.n_most_likely = mostLikely.count
    c.pointee.most_likely = arena.array(mostLikely) { $0.makeC(arena) }
    return c
  }
}

extension MartletV1.GenerationUsage: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__GenerationUsage>? {
    martlet__v1__generation_usage__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__GenerationUsage>) throws(ProtobufError) {
    self.init()
    promptTokens = c.pointee.prompt_tokens
    cachedTokens = c.pointee.cached_tokens
    generatedTokens = c.pointee.generated_tokens
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__GenerationUsage> {
    let c = arena.allocate(Martlet__V1__GenerationUsage.self)
    martlet__v1__generation_usage__init(c)
    c.pointee.prompt_tokens = promptTokens
    c.pointee.cached_tokens = cachedTokens
    c.pointee.generated_tokens = generatedTokens
    return c
  }
}

extension MartletV1.GenerateResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__GenerateResponse>? {
    martlet__v1__generate_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__GenerateResponse>) throws(ProtobufError) {
    self.init()
    choice = c.pointee.choice
    text = try utf8Text(c.pointee.text!)
    tokens.reserveCapacity(c.pointee.n_tokens)
    for i in 0..<c.pointee.n_tokens {
      tokens.append(c.pointee.tokens[i])
    }
    probabilities.reserveCapacity(c.pointee.n_probabilities)
    for i in 0..<c.pointee.n_probabilities {
      probabilities.append(try MartletV1.TokenProbabilities(c: c.pointee.probabilities[i]!))
    }
    finishReason = try utf8Text(c.pointee.finish_reason!)
    if let value = c.pointee.usage {
      usage = try MartletV1.GenerationUsage(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__GenerateResponse> {
    let c = arena.allocate(Martlet__V1__GenerateResponse.self)
    martlet__v1__generate_response__init(c)
    c.pointee.choice = choice
    c.pointee.text = arena.text(text)
    c.pointee.n_tokens = tokens.count
    c.pointee.tokens = arena.array(tokens) { $0 }
    c.pointee.n_probabilities = probabilities.count
    c.pointee.probabilities = arena.array(probabilities) { $0.makeC(arena) }
    c.pointee.finish_reason = arena.text(finishReason)
    c.pointee.usage = usage?.makeC(arena)
    return c
  }
}

extension MartletV1.TokenizeRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TokenizeRequest>? {
    martlet__v1__tokenize_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TokenizeRequest>) throws(ProtobufError) {
    self.init()
    model = try utf8Text(c.pointee.model!)
    version = try utf8Text(c.pointee.version!)
    text = try utf8Text(c.pointee.text!)
    addSpecial = c.pointee.add_special != 0
    parseSpecial = c.pointee.parse_special != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TokenizeRequest> {
    let c = arena.allocate(Martlet__V1__TokenizeRequest.self)
    martlet__v1__tokenize_request__init(c)
    c.pointee.model = arena.text(model)
    c.pointee.version = arena.text(version)
    c.pointee.text = arena.text(text)
    c.pointee.add_special = addSpecial ? 1 : 0
    c.pointee.parse_special = parseSpecial ? 1 : 0
    return c
  }
}

extension MartletV1.TokenizeResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__TokenizeResponse>? {
    martlet__v1__tokenize_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__TokenizeResponse>) throws(ProtobufError) {
    self.init()
    tokens.reserveCapacity(c.pointee.n_tokens)
    for i in 0..<c.pointee.n_tokens {
      tokens.append(c.pointee.tokens[i])
    }
    pieces.reserveCapacity(c.pointee.n_pieces)
    for i in 0..<c.pointee.n_pieces {
      pieces.append(bytes(c.pointee.pieces[i]))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__TokenizeResponse> {
    let c = arena.allocate(Martlet__V1__TokenizeResponse.self)
    martlet__v1__tokenize_response__init(c)
    c.pointee.n_tokens = tokens.count
    c.pointee.tokens = arena.array(tokens) { $0 }
    c.pointee.n_pieces = pieces.count
    c.pointee.pieces = arena.array(pieces) { arena.bytes($0) }
    return c
  }
}

extension MartletV1.EmbedRequest: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__EmbedRequest>? {
    martlet__v1__embed_request__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__EmbedRequest>) throws(ProtobufError) {
    self.init()
    model = try utf8Text(c.pointee.model!)
    version = try utf8Text(c.pointee.version!)
    texts.reserveCapacity(c.pointee.n_texts)
    for i in 0..<c.pointee.n_texts {
      texts.append(try utf8Text(c.pointee.texts[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__EmbedRequest> {
    let c = arena.allocate(Martlet__V1__EmbedRequest.self)
    martlet__v1__embed_request__init(c)
    c.pointee.model = arena.text(model)
    c.pointee.version = arena.text(version)
    c.pointee.n_texts = texts.count
    c.pointee.texts = arena.array(texts) { arena.text($0) }
    return c
  }
}

extension MartletV1.Embedding: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__Embedding>? {
    martlet__v1__embedding__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__Embedding>) throws(ProtobufError) {
    self.init()
    values.reserveCapacity(c.pointee.n_values)
    for i in 0..<c.pointee.n_values {
      values.append(c.pointee.values[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__Embedding> {
    let c = arena.allocate(Martlet__V1__Embedding.self)
    martlet__v1__embedding__init(c)
    c.pointee.n_values = values.count
    c.pointee.values = arena.array(values) { $0 }
    return c
  }
}

extension MartletV1.EmbedResponse: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Martlet__V1__EmbedResponse>? {
    martlet__v1__embed_response__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Martlet__V1__EmbedResponse>) throws(ProtobufError) {
    self.init()
    embeddings.reserveCapacity(c.pointee.n_embeddings)
    for i in 0..<c.pointee.n_embeddings {
      embeddings.append(try MartletV1.Embedding(c: c.pointee.embeddings[i]!))
    }
    if let value = c.pointee.usage {
      usage = try MartletV1.GenerationUsage(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Martlet__V1__EmbedResponse> {
    let c = arena.allocate(Martlet__V1__EmbedResponse.self)
    martlet__v1__embed_response__init(c)
    c.pointee.n_embeddings = embeddings.count
    c.pointee.embeddings = arena.array(embeddings) { $0.makeC(arena) }
    c.pointee.usage = usage?.makeC(arena)
    return c
  }
}
