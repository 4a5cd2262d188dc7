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
        try parameters.read(sampling: try JSONValue(parsing: Array(json.utf8)[...]))
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

  /// A request that comes to a model. If it is nothing but bytes, they are the prompt, as they are the
  /// only input of other models.
  init(
    _ request: Inference.ModelInferRequest, to model: LoadedModel, isStreaming: Bool
  ) throws(RPCError) {
    let check = InferenceCheck(model: request.modelName, signature: model.signature)
    try self.init(try check.deduced(request), isStreaming: isStreaming)
  }

  /// Answers with pieces; the last one is marked as such.
  func run(
    _ model: LoadedModel, _ generator: Generator, id: String, caller: Caller,
    deadline: MonotonicTime?, send: (Inference.ModelInferResponse) async throws -> Void
  ) async throws {
    let timeout = Duration.microseconds(Int64(clamping: min(timeoutMicroseconds, 1 << 50)))
    let own = timeoutMicroseconds == 0 ? nil : MonotonicTime.now() + timeout
    let deadline = [deadline, own].compactMap(\.self).min()
    let stream = try await generator.offload(for: caller, deadline: deadline) {
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
          try delta.requireAnswer()
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
