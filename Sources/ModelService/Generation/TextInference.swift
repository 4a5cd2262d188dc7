internal import Compute
internal import Generation
internal import Protocols
internal import RPC

/// A language model behind `ModelInfer` and `ModelStreamInfer`, with the tensors of Triton's text
/// backends: `text_input`, and if wanted `stream`, `sampling_parameters` (JSON) and
/// `exclude_input_in_output`; the answer is `text_output`, and `logprobs` if wanted.
struct TextInference: Sendable {
  let prompt: String
  let isStreaming: Bool
  /// Whether the answer begins with the prompt.
  let echoes: Bool
  let parameters: GenerationParameters
  let outputs: TextOutputs
  /// What says nothing of the text.
  private let common: RequestParameters

  /// Parameters that all requests share; others are of sampling.
  private static let commonNames: Set = [
    "sequence_id", "sequence_start", "sequence_end", "timeout",
  ]

  init(_ request: Inference.ModelInferRequest, isStreaming canStream: Bool) throws(RPCError) {
    let inputs = try TextInputs(request)
    prompt = try inputs.text(LanguageEngine.input)
    isStreaming = canStream ? try inputs.flag("stream") ?? true : false
    echoes = try inputs.flag("exclude_input_in_output").map { !$0 } ?? false
    common = try RequestParameters(request.parameters)
    try common.refuseSequence()
    var requested = RequestedGeneration()
    if let json = try inputs.optionalText("sampling_parameters"), !json.isEmpty {
      try requested.read(json)
    }
    // In an order, so that of two mistakes the same one is always told.
    for (name, value) in request.parameters.sorted(by: { $0.key < $1.key })
    where !Self.commonNames.contains(name) && !name.hasPrefix("triton_") {
      try requested.set(name, value)
    }
    parameters = requested.parameters
    outputs = try TextOutputs(request, parameters, isStreaming: isStreaming)
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
    let deadline = common.deadline(within: deadline)
    let stream = try await generator.offload(for: caller, deadline: deadline) {
      isWanted in
      try generator.generate(
        try GenerationService.encode(prompt, generator.model, isWanted: isWanted), parameters,
        caller: caller,
        deadline: deadline)
    }
    try await withTaskCancellationHandler {
      do {
        var pieces = TextPieces(choices: parameters.choices, beginning: echoes ? prompt : "")
        while let delta = await stream.next() {
          pieces.add(delta, generator.model)
          // The protocol has no word for how a text ended: what is not whole is no answer.
          if delta.finish == .deadline {
            throw RPCError(code: .deadlineExceeded, message: "Request timeout expired")
          }
          try delta.requireAnswer()
          if delta.usage == nil, !isStreaming || !pieces.isPiece { continue }
          var response = Inference.ModelInferResponse()
          (response.modelName, response.modelVersion) = (model.key.name, String(model.version))
          response.id = id
          outputs.write(pieces, to: &response)
          response.parameters["triton_final_response"] = .bool(delta.usage != nil)
          pieces = TextPieces(choices: parameters.choices)
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
