internal import Generation
internal import JSON
internal import RPC

extension GenerationParameters {
  /// The members of `sampling_parameters`, named as OpenAI and vLLM do.
  mutating func read(sampling value: JSONValue) throws(RPCError) {
    guard case .object(let members) = value else {
      throw .invalid("sampling_parameters: expected an object, got \(value.kind)")
    }
    for member in members {
      try set(member.name, member.name == "stop" ? member.value : Self.unquoted(member.value))
    }
  }

  /// Triton's own client of its vLLM backend writes numbers of `sampling_parameters` as texts: what is
  /// a number of JSON in quotes is that number. Nothing else is guessed.
  private static func unquoted(_ value: JSONValue) -> JSONValue {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard case .string(let text) = value, let first = text.utf8.first, let last = text.utf8.last,
      first == UInt8(ascii: "-") || digits.contains(first), digits.contains(last),
      let number = try? JSONValue(parsing: Array(text.utf8)[...])
    else { return value }
    switch number {
    case .integer, .unsigned, .real: return number
    default: return value
    }
  }

  mutating func set(_ name: String, _ value: JSONValue) throws(RPCError) {
    func number() throws(RPCError) -> Double {
      switch value {
      case .integer(let integer): return Double(integer)
      case .unsigned(let integer): return Double(integer)
      case .real(let real): return real
      case .string(let text):
        throw .invalid("parameter '\(name)': expected a number, got the text '\(text.clipped)'")
      default: throw .invalid("parameter '\(name)': expected a number, got \(value.kind)")
      }
    }
    func integer() throws(RPCError) -> Int {
      if case .integer(let integer) = value { return Int(integer) }
      let value = try number()
      guard let whole = Int(exactly: value) else {
        throw .invalid("parameter '\(name)': expected a whole number, got \(value)")
      }
      return whole
    }
    func seed() throws(RPCError) -> UInt64 {
      if case .unsigned(let seed) = value { return seed }
      let seed = try integer()
      guard seed >= 0 else {
        throw .invalid("parameter '\(name)': expected a number of 0 or more, got \(seed)")
      }
      return UInt64(seed)
    }
    switch name {
    case "max_tokens", "max_new_tokens": maxTokens = try integer()
    case "temperature": sampling.temperature = Float(try number())
    case "top_k": sampling.topK = max(0, try integer())
    case "top_p": sampling.topP = Float(try number())
    case "min_p": sampling.minP = Float(try number())
    case "typical_p": sampling.typicalP = Float(try number())
    case "repetition_penalty": sampling.repetitionPenalty = Float(try number())
    case "frequency_penalty": sampling.frequencyPenalty = Float(try number())
    case "presence_penalty": sampling.presencePenalty = Float(try number())
    case "seed": sampling.seed = try seed()
    case "priority": priority = try integer()
    case "stop":
      switch value {
      case .string(let text): stop = [text]
      case .array(let values):
        stop = []
        for value in values {
          guard case .string(let text) = value else {
            throw .invalid("parameter 'stop': expected a list of texts, got \(value.kind) in it")
          }
          stop.append(text)
        }
      default: throw .invalid("parameter 'stop': expected a text or a list, got \(value.kind)")
      }
    default:
      throw .invalid("expected a known sampling parameter, got '\(name.clipped)'")
    }
  }
}
