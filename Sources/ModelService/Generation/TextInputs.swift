internal import Compute
internal import Protocols
internal import RPC

/// The tensors of a request for text, one element each.
struct TextInputs {
  private var elements: [String: (datatype: String, bytes: [UInt8])] = [:]

  init(_ request: Inference.ModelInferRequest) throws(RPCError) {
    let isRaw = !request.rawInputContents.isEmpty
    guard !isRaw || request.rawInputContents.count == request.inputs.count else {
      throw .invalid(
        "expected raw contents for each of \(request.inputs.count) inputs, got "
          + "\(request.rawInputContents.count)")
    }
    for (index, input) in request.inputs.enumerated() {
      try Self.check(input)
      guard elements[input.name] == nil else {
        throw .invalid("input '\(input.name)': expected it once, got it twice")
      }
      if isRaw {
        guard input.contents == nil else {
          throw .invalid("input '\(input.name)': expected raw contents or others, got both")
        }
        elements[input.name] = (input.datatype, Array(request.rawInputContents[index]))
      } else {
        elements[input.name] = (input.datatype, try Self.contents(of: input))
      }
    }
  }

  /// What a request may bring besides the prompt.
  static let optional = [
    TensorSpec(name: "stream", dataType: .bool, shape: [1]),
    TensorSpec(name: "sampling_parameters", dataType: .string, shape: [1]),
    TensorSpec(name: "exclude_input_in_output", dataType: .bool, shape: [1]),
  ]
  private static let known = [LanguageEngine.input] + optional.map(\.name)

  private static func check(_ input: Inference.ModelInferRequest.InputTensor) throws(RPCError) {
    guard known.contains(input.name) else {
      throw .invalid(
        "expected inputs among \(known.joined(separator: ", ")), got '\(input.name.clipped)'")
    }
    try InferenceCheck.refuseSharedMemory(input.parameters, "input '\(input.name)'")
    // With the dimension of a batch, or without.
    guard input.shape == [1] || input.shape == [1, 1] else {
      throw .invalid(
        "input '\(input.name)': expected the shape [1], got \(input.shape.prefix(32))")
    }
  }

  /// The one element, as raw contents have it.
  private static func contents(
    of input: Inference.ModelInferRequest.InputTensor
  ) throws(RPCError) -> [UInt8] {
    let isText = input.datatype == DataType.string.oipName
    let texts = input.contents?.bytesContents ?? []
    let flags = input.contents?.boolContents ?? []
    let got = isText ? texts.count : flags.count
    guard got == 1, texts.count + flags.count == 1 else {
      throw .invalid(
        "input '\(input.name)': expected one element of datatype \(isText ? "BYTES" : "BOOL"), got "
          + "\(got)")
    }
    return isText ? StringFraming.frame([Array(texts[0])]) : [flags[0] ? 1 : 0]
  }

  func optionalText(_ name: String) throws(RPCError) -> String? {
    guard let (datatype, bytes) = elements[name] else { return nil }
    let texts = bytes.withUnsafeBytes { StringFraming.elements($0) }
    guard datatype == DataType.string.oipName, let texts, texts.count == 1,
      let text = String(validating: texts[0], as: UTF8.self)
    else {
      throw .invalid(
        "input '\(name)': expected one UTF-8 text of datatype BYTES, got \(bytes.count) bytes of "
          + "datatype '\(datatype.clipped)'")
    }
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
      throw .invalid(
        "input '\(name)': expected one element of datatype BOOL, got \(bytes.count) bytes of "
          + "datatype '\(datatype.clipped)'")
    }
    return bytes[0] != 0
  }
}
