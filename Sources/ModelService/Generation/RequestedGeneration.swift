internal import Generation
internal import JSON
internal import Protocols
internal import RPC

/// What a request in Triton's form asks of a generation: members of the JSON of `sampling_parameters`,
/// and parameters of the request itself. Names are those of `martlet.v1.Generation`, and where OpenAI
/// and Triton's backends have others, those too. Nothing is said twice, whichever way or name.
struct RequestedGeneration {
  private(set) var parameters = GenerationParameters()
  /// The names that were used, under what they set.
  private var given: [String: String] = [:]

  /// Names of the same setting.
  private static let meanings = [
    "max_new_tokens": "max_tokens", "n": "choices", "json_schema": "constraint",
    "regex": "constraint", "json_object": "constraint",
  ]
  /// Settings that are texts: digits are no numbers there.
  private static let texts: Set = ["stop", "json_schema", "regex"]

  /// Takes the members of `sampling_parameters`.
  mutating func read(_ json: String) throws(RPCError) {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: Array(json.utf8)[...]) } catch {
      throw .invalid("sampling_parameters: expected a JSON object: \(error)")
    }
    guard case .object(let members) = value else {
      throw .invalid("sampling_parameters: expected an object, got \(value.kind)")
    }
    for member in members {
      let isText = Self.texts.contains(member.name)
      try set(
        NamedValue(
          name: member.name, value: isText ? member.value : Self.unquoted(member.value)))
    }
  }

  /// Takes a parameter of the request.
  mutating func set(_ name: String, _ value: Inference.InferParameter) throws(RPCError) {
    let value: JSONValue =
      switch value {
      case .int64(let number): .integer(number)
      case .uint64(let number): .unsigned(number)
      case .double(let number): .real(number)
      case .bool(let flag): .bool(flag)
      case .string(let text): .string(text)
      }
    try set(NamedValue(name: name, value: value))
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

  private mutating func set(_ value: NamedValue) throws(RPCError) {
    switch value.name {
    case "max_tokens", "max_new_tokens": parameters.maxTokens = try value.integer()
    case "temperature": parameters.sampling.temperature = try value.real()
    case "top_k": parameters.sampling.topK = max(0, try value.integer())
    case "top_p": parameters.sampling.topP = try value.real()
    case "min_p": parameters.sampling.minP = try value.real()
    case "typical_p": parameters.sampling.typicalP = try value.real()
    case "repetition_penalty": parameters.sampling.repetitionPenalty = try value.real()
    case "frequency_penalty": parameters.sampling.frequencyPenalty = try value.real()
    case "presence_penalty": parameters.sampling.presencePenalty = try value.real()
    case "seed": parameters.sampling.seed = try value.unsigned()
    case "logit_bias": parameters.sampling.logitBias = try value.numbersByToken()
    case "logprobs": parameters.sampling.logprobs = try value.integer()
    case "choices", "n": parameters.choices = try value.integer()
    case "priority": parameters.priority = try value.integer()
    case "stop": parameters.stop = try value.texts()
    case "json_schema": parameters.constraint = .jsonSchema(try value.document())
    case "regex": parameters.constraint = .regex(try value.text())
    case "json_object":
      // Not wanted: as if it had not been said.
      guard try value.flag() else { return }
      parameters.constraint = .jsonObject
    default:
      throw .invalid("expected a known sampling parameter, got '\(value.name.clipped)'")
    }
    try refuseTwice(value.name)
  }

  private mutating func refuseTwice(_ name: String) throws(RPCError) {
    let other = given.updateValue(name, forKey: Self.meanings[name] ?? name)
    guard let other else { return }
    throw other == name
      ? .invalid(
        "parameter '\(name)': expected it in sampling_parameters or beside it, got it in both")
      : .invalid("expected one of the parameters '\(other)' and '\(name)', got both")
  }
}
