internal import Compute
internal import Protocols
internal import RPC

/// Requests of a language model that one message answers.
extension DataPlane {
  /// The whole texts, one for each choice.
  func text(
    _ request: Inference.ModelInferRequest, _ model: LoadedModel, _ generator: Generator,
    caller: Caller, deadline: MonotonicTime?
  ) async throws -> Inference.ModelInferResponse {
    var whole = Inference.ModelInferResponse()
    try await model.statistics.count {
      try await TextInference(request, to: model, isStreaming: false).run(
        model, generator, id: request.id, caller: caller, deadline: deadline
      ) { whole = $0 }
    }
    whole.parameters["triton_final_response"] = nil
    return whole
  }

  /// A row for each text, of a model that generates none.
  func embeddings(
    _ request: Inference.ModelInferRequest, _ model: LoadedModel, _ generator: Generator,
    caller: Caller, deadline: MonotonicTime?
  ) async throws -> Inference.ModelInferResponse {
    let (texts, parameters): ([String], RequestParameters)
    do {
      parameters = try RequestParameters(request.parameters)
      try parameters.refuseSequence()
      texts = try Self.texts(
        try InferenceCheck(model: request.modelName, signature: model.signature).prepare(request))
    } catch {
      model.statistics.recordFailure(nanoseconds: 0)
      throw error
    }
    let (rows, _) = try await model.statistics.count(textCount: texts.count) {
      try await generator.embed(
        texts, caller: caller, deadline: parameters.deadline(within: deadline))
    }
    return try Self.response(
      to: request, model,
      [
        ResultTensor(
          dataType: .fp32, shape: [rows.count, rows[0].count],
          bytes: rows.flatMap { row in row.withUnsafeBytes { Array($0) } })
      ])
  }

  private static func texts(_ request: PreparedInference) throws(RPCError) -> [String] {
    let elements = request.inputs[0].bytes.withUnsafeBytes { StringFraming.elements($0) } ?? []
    var texts: [String] = []
    for (index, bytes) in elements.enumerated() {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .invalid("texts[\(index)]: expected UTF-8, got other bytes")
      }
      texts.append(text)
    }
    return texts
  }
}
