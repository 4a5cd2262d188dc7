internal import Compute
internal import Generation
internal import Protocols
internal import RPC

/// Which tensors answer a request for texts, an element for each choice: `text_output`, and
/// `logprobs`, the text of a JSON list with an entry for each token.
struct TextOutputs {
  static let text = "text_output"
  static let logprobs = "logprobs"
  static let all = [text, logprobs].map { TensorSpec(name: $0, dataType: .string, shape: [-1]) }

  /// Entries of `logprobs` in one answer, of some 80 bytes each; what streams has many answers.
  private static let logprobsMax = 1 << 18

  private let names: [String]

  /// What is asked for must be what there is: a client that asks for more waits for it. Who names
  /// nothing gets texts, and logarithms if the parameters ask for them.
  init(
    _ request: Inference.ModelInferRequest, _ parameters: GenerationParameters, isStreaming: Bool
  ) throws(RPCError) {
    let hasLogprobs = parameters.sampling.logprobs != nil
    if !isStreaming { try Self.checkCount(parameters) }
    guard !request.outputs.isEmpty else {
      names = hasLogprobs ? [Self.text, Self.logprobs] : [Self.text]
      return
    }
    var names: [String] = []
    for output in request.outputs {
      let name = output.name
      guard Self.all.contains(where: { $0.name == name }) else {
        throw .invalid(
          "expected outputs among \(Self.all.map(\.name).joined(separator: ", ")), got "
            + "'\(name.clipped)'")
      }
      guard !names.contains(name) else {
        throw .invalid("output '\(name)': expected it once, got it twice")
      }
      try InferenceCheck.refuseSharedMemory(output.parameters, "output '\(name)'")
      guard output.parameters["classification"] == nil else {
        throw .invalid("output '\(name)': expected no classification of a text, got one")
      }
      guard name != Self.logprobs || hasLogprobs else {
        throw .invalid("output '\(name)': expected the parameter 'logprobs' with it, got none")
      }
      names.append(name)
    }
    self.names = names
  }

  private static func checkCount(_ parameters: GenerationParameters) throws(RPCError) {
    // What no token may have is refused with the other settings.
    guard let logprobs = parameters.sampling.logprobs,
      (0...SamplingParameters.logprobsMax).contains(logprobs)
    else { return }
    let tokens = parameters.maxTokens ?? GenerationParameters.tokensDefault
    let count = Double(parameters.choices) * Double(tokens) * (Double(logprobs) + 1)
    guard count <= Double(logprobsMax) else {
      throw .invalid(
        "parameter 'logprobs': expected at most \(logprobsMax) of all tokens in one answer, got "
          + "\(Int(exactly: count).map(String.init) ?? "\(count)"); ModelStreamInfer has no such limit"
      )
    }
  }

  /// Writes what came of all choices.
  func write(_ pieces: TextPieces, to response: inout Inference.ModelInferResponse) {
    let shape = [Int64(pieces.texts.count)]
    for name in names {
      let elements = name == Self.text ? pieces.texts.map { Array($0.utf8) } : pieces.logprobs
      response.outputs.append(.init(name: name, datatype: DataType.string.oipName, shape: shape))
      response.rawOutputContents.append(StringFraming.frame(elements)[...])
    }
  }
}
