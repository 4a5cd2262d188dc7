internal import Compute
internal import Generation
internal import JSON
internal import Protocols
internal import RPC

/// A language model behind `ModelInfer` and `ModelStreamInfer`, with the tensors of Triton's text
/// backends: `text_input`, and if wanted `stream`, `sampling_parameters` (JSON) and
/// `exclude_input_in_output`; the answer is `text_output`.
struct TextInference: Sendable {
  let prompt: String
  let isStreaming: Bool
  /// Whether the answer begins with the prompt.
  let echoes: Bool
  let parameters: GenerationParameters
  /// How long the answer may take; 0: as long as the call may.
  let timeoutMicroseconds: UInt64

  /// Parameters that all requests share; others are of sampling.
  private static let common: Set = ["sequence_id", "sequence_start", "sequence_end", "timeout"]

  init(_ request: Inference.ModelInferRequest, isStreaming canStream: Bool) throws(RPCError) {
    let inputs = try TextInputs(request)
    prompt = try inputs.text(LanguageEngine.input)
    isStreaming = canStream ? try inputs.flag("stream") ?? true : false
    echoes = try inputs.flag("exclude_input_in_output").map { !$0 } ?? false
    var parameters = GenerationParameters()
    if let json = try inputs.optionalText("sampling_parameters"), !json.isEmpty {
      do {
        try parameters.read(try JSONValue(parsing: Array(json.utf8)[...]))
      } catch let error as RPCError { throw error } catch {
        throw .invalid("sampling_parameters: expected a JSON object: \(error)")
      }
    }
    let common = try RequestParameters(request.parameters)
    guard common.sequence == nil else {
      throw .invalid("expected no sequence_id: a language model keeps no sequences")
    }
    timeoutMicroseconds = common.timeoutMicroseconds ?? 0
    for (name, value) in request.parameters
    where !Self.common.contains(name) && !name.hasPrefix("triton_") {
      switch value {
      case .int64(let number): try parameters.set(name, .integer(number))
      case .uint64(let number): try parameters.set(name, .unsigned(number))
      case .double(let number): try parameters.set(name, .real(number))
      case .bool(let flag): try parameters.set(name, .bool(flag))
      case .string(let text): try parameters.set(name, .string(text))
      }
    }
    self.parameters = parameters
  }

  /// Answers with pieces; the last one is marked as such.
  func run(
    _ model: LoadedModel, _ generator: Generator, id: String, caller: Caller,
    deadline: MonotonicTime?, send: (Inference.ModelInferResponse) async throws -> Void
  ) async throws {
    let timeout = Duration.microseconds(Int64(clamping: min(timeoutMicroseconds, 1 << 50)))
    let own = timeoutMicroseconds == 0 ? nil : MonotonicTime.now() + timeout
    let deadline = [deadline, own].compactMap(\.self).min()
    let stream = try await generator.offload {
      try generator.generate(
        try GenerationService.encode(prompt, generator.model), parameters, caller: caller,
        deadline: deadline)
    }
    try await withTaskCancellationHandler {
      do {
        var text = echoes ? prompt : ""
        while let delta = await stream.next() {
          text += delta.text
          // The protocol has no word for how a text ended: what is not whole is no answer.
          if delta.finish == .deadline {
            throw RPCError(code: .deadlineExceeded, message: "Request timeout expired")
          }
          if delta.usage == nil, !isStreaming || text.isEmpty { continue }
          var response = Inference.ModelInferResponse()
          (response.modelName, response.modelVersion) = (model.key.name, String(model.version))
          response.id = id
          let isLast = delta.usage != nil
          response.outputs = [
            .init(name: LanguageEngine.output, datatype: DataType.string.oipName, shape: [1])
          ]
          response.rawOutputContents = [StringFraming.frame([Array(text.utf8)])[...]]
          response.parameters["triton_final_response"] = .bool(isLast)
          text = ""
          try await send(response)
        }
      } catch {
        stream.cancel()
        throw error
      }
    } onCancel: {
      stream.cancel()
    }
  }
}

/// The tensors of a request for text, one element each.
private struct TextInputs {
  private var elements: [String: (datatype: String, bytes: [UInt8])] = [:]

  init(_ request: Inference.ModelInferRequest) throws(RPCError) {
    let known = ["text_input", "stream", "sampling_parameters", "exclude_input_in_output"]
    for (index, input) in request.inputs.enumerated() {
      guard known.contains(input.name) else {
        throw .invalid(
          "expected inputs among \(known.joined(separator: ", ")), got '\(input.name.clipped)'")
      }
      let count = Shape.elementCount(input.shape.map { Int(clamping: $0) })
      guard count == 1 else {
        throw .invalid("input '\(input.name)': expected one element, got shape \(input.shape)")
      }
      if !request.rawInputContents.isEmpty {
        guard index < request.rawInputContents.count else {
          throw .invalid("input '\(input.name)': expected raw contents, got none")
        }
        elements[input.name] = (input.datatype, Array(request.rawInputContents[index]))
      } else if let text = input.contents?.bytesContents.first {
        elements[input.name] = (input.datatype, StringFraming.frame([Array(text)]))
      } else if let flag = input.contents?.boolContents.first {
        elements[input.name] = (input.datatype, [flag ? 1 : 0])
      } else {
        throw .invalid("input '\(input.name)': expected contents, got none")
      }
    }
  }

  func optionalText(_ name: String) throws(RPCError) -> String? {
    guard let (datatype, bytes) = elements[name] else { return nil }
    let texts = bytes.withUnsafeBytes { StringFraming.elements($0) }
    guard datatype == DataType.string.oipName, let texts, texts.count == 1,
      let text = String(validating: texts[0], as: UTF8.self)
    else { throw .invalid("input '\(name)': expected one UTF-8 text of datatype BYTES") }
    return text
  }

  func text(_ name: String) throws(RPCError) -> String {
    guard let text = try optionalText(name) else {
      throw .invalid("expected an input '\(name)', got none")
    }
    return text
  }

  func flag(_ name: String) throws(RPCError) -> Bool? {
    guard let (datatype, bytes) = elements[name] else { return nil }
    guard datatype == DataType.bool.oipName, bytes.count == 1 else {
      throw .invalid("input '\(name)': expected one element of datatype BOOL")
    }
    return bytes[0] != 0
  }
}

extension GenerationParameters {
  /// The members of `sampling_parameters`, named as OpenAI and vLLM do.
  fileprivate mutating func read(_ value: JSONValue) throws(RPCError) {
    guard case .object(let members) = value else {
      throw .invalid("sampling_parameters: expected an object, got \(value.kind)")
    }
    for member in members { try set(member.name, member.value) }
  }

  fileprivate mutating func set(_ name: String, _ value: JSONValue) throws(RPCError) {
    func number() throws(RPCError) -> Double {
      switch value {
      case .integer(let integer): return Double(integer)
      case .unsigned(let integer): return Double(integer)
      case .real(let real): return real
      case .string(let text):
        if let number = Double(text) { return number }
      default: break
      }
      throw .invalid("parameter '\(name)': expected a number, got \(value.kind)")
    }
    func integer() throws(RPCError) -> Int {
      let value = try number()
      guard let whole = Int(exactly: value) else {
        throw .invalid("parameter '\(name)': expected a whole number, got \(value)")
      }
      return whole
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
    case "seed": sampling.seed = UInt64(truncatingIfNeeded: try integer())
    case "priority": priority = try integer()
    case "stop":
      switch value {
      case .string(let text): stop = [text]
      case .array(let values):
        stop = []
        for case .string(let text) in values { stop.append(text) }
      default: throw .invalid("parameter 'stop': expected a text or a list, got \(value.kind)")
      }
    default:
      throw .invalid("expected a known sampling parameter, got '\(name.clipped)'")
    }
  }
}
