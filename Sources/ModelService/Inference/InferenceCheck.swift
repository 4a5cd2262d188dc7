internal import Compute
internal import Protocols
internal import RPC

/// Holds a request against a model's signature: what passes can be computed, what doesn't is
/// refused in the words that Triton's clients know.
struct InferenceCheck {
  let model: String
  let signature: ModelSignature

  /// The checked request.
  func prepare(
    _ request: Inference.ModelInferRequest
  ) throws(RPCError) -> PreparedInference {
    let request = try deduced(request)
    let wantsOutput = try outputs(request)
    try checkRaw(request)
    try checkNames(request)
    var inputs = [PreparedInference.Input?](repeating: nil, count: signature.inputs.count)
    var rowCount: Int?
    for (position, input) in request.inputs.enumerated() {
      guard let index = signature.inputIndex(input.name) else { throw unexpected(input.name) }
      let tensor = signature.inputs[index]
      let shape = try shape(input, tensor)
      if signature.batchSizeMax > 0 {
        guard rowCount == nil || rowCount == shape[0] else {
          throw .invalid(
            "input '\(input.name.clipped)' batch size does not match other inputs for '\(model)'")
        }
        rowCount = shape[0]
      }
      let bytes = try elements(of: input, at: position, in: request, tensor, shape)
      inputs[index] = PreparedInference.Input(shape: shape, bytes: bytes)
    }
    return PreparedInference(
      inputs: inputs.map { $0! }, rowCount: rowCount ?? 1, wantsOutput: wantsOutput)
  }

  // MARK: - Names

  private func outputs(_ request: Inference.ModelInferRequest) throws(RPCError) -> [Bool] {
    guard !request.outputs.isEmpty else {
      return [Bool](repeating: true, count: signature.outputs.count)
    }
    var wanted = [Bool](repeating: false, count: signature.outputs.count)
    for output in request.outputs {
      guard let index = signature.outputIndex(output.name) else {
        throw .invalid("unexpected inference output '\(output.name.clipped)' for model '\(model)'")
      }
      guard !wanted[index] else {
        throw .invalid(
          "output '\(output.name.clipped)' already exists in request for model '\(model)'")
      }
      wanted[index] = true
      try Self.refuseSharedMemory(output.parameters, "output '\(output.name.clipped)'")
    }
    return wanted
  }

  private func checkNames(_ request: Inference.ModelInferRequest) throws(RPCError) {
    var seen = [Bool](repeating: false, count: signature.inputs.count)
    for input in request.inputs {
      guard let index = signature.inputIndex(input.name) else {
        // A wrong count is the better news when both are wrong.
        if request.inputs.count != signature.inputs.count { break }
        throw unexpected(input.name)
      }
      guard !seen[index] else {
        throw .invalid(
          "input '\(input.name.clipped)' already exists in request for model '\(model)'")
      }
      seen[index] = true
      try Self.refuseSharedMemory(input.parameters, "input '\(input.name.clipped)'")
    }
    guard request.inputs.count == signature.inputs.count else {
      let got = request.inputs.prefix(32).map { "'\($0.name.clipped)'" }.joined(separator: ",")
      let missing = signature.inputs.indices.filter { !seen[$0] }
        .map { "'\(signature.inputs[$0].name)'" }.joined(separator: ",")
      var message =
        "expected \(signature.inputs.count) inputs but got \(request.inputs.count) inputs for "
        + "model '\(model)'. Got input(s) [\(got)]"
      if !missing.isEmpty {
        message +=
          ", but missing required input(s) [\(missing)]. Please provide all required input(s)."
      }
      throw .invalid(message)
    }
  }

  private func unexpected(_ input: String) -> RPCError {
    .invalid("unexpected inference input '\(input.clipped)' for model '\(model)'")
  }

  static func refuseSharedMemory(
    _ parameters: [String: Inference.InferParameter], _ what: String
  ) throws(RPCError) {
    guard !parameters.isEmpty else { return }
    for name in ["shared_memory_region", "shared_memory_offset", "shared_memory_byte_size"]
    where parameters[name] != nil {
      throw .invalid("\(what): shared memory is not supported by this server")
    }
  }

  // MARK: - Shapes

  private func shape(
    _ input: Inference.ModelInferRequest.InputTensor, _ tensor: ModelSignature.Tensor
  ) throws(RPCError) -> [Int] {
    guard input.datatype == tensor.dataType.oipName else {
      throw .invalid(
        "inference input '\(input.name.clipped)' data-type is '\(input.datatype.clipped)', but model '\(model)' "
          + "expects '\(tensor.dataType.oipName)'")
    }
    let shape = input.shape.map { Int(truncatingIfNeeded: $0) }
    let fits =
      shape.count == tensor.shape.count
      && zip(shape, tensor.shape).allSatisfy { $0 >= 0 && ($1 == -1 || $0 == $1) }
    guard fits else {
      var message =
        "unexpected shape for input '\(input.name.clipped)' for model '\(model)'. Expected "
        + "\(describe(tensor.shape)), got \(describe(shape.prefix(32)))."
      if signature.batchSizeMax > 0 {
        message +=
          " NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension "
          + "to be prepended to each input shape."
      }
      throw .invalid(message)
    }
    guard signature.batchSizeMax > 0 else { return shape }
    guard shape[0] > 0 else {
      throw .invalid("inference request batch-size must be >= 1 for '\(model)', got 0")
    }
    guard shape[0] <= signature.batchSizeMax else {
      throw .invalid(
        "inference request batch-size must be <= \(signature.batchSizeMax) for '\(model)', got "
          + "\(shape[0])")
    }
    return shape
  }

  // MARK: - Elements

  /// Raw and typed elements don't mix, and raw ones must be as many as inputs.
  private func checkRaw(_ request: Inference.ModelInferRequest) throws(RPCError) {
    let rawCount = request.rawInputContents.count
    guard rawCount > 0 else { return }
    for input in request.inputs where input.contents != nil {
      throw .invalid(
        "contents field must not be specified when using raw_input_contents for '\(input.name.clipped)' "
          + "for model '\(model)'")
    }
    guard rawCount == request.inputs.count else {
      throw .invalid(
        "expected \(request.inputs.count) raw_input_contents, one for each input, for model "
          + "'\(model)', got \(rawCount)")
    }
  }

  private func elements(
    of input: Inference.ModelInferRequest.InputTensor, at position: Int,
    in request: Inference.ModelInferRequest, _ tensor: ModelSignature.Tensor, _ shape: [Int]
  ) throws(RPCError) -> ArraySlice<UInt8> {
    guard let elementCount = Shape.elementCount(shape) else {
      throw .invalid(
        "expected a shape whose elements can be counted for input '\(input.name.clipped)' for model "
          + "'\(model)', got \(describe(shape))")
    }
    if request.rawInputContents.isEmpty {
      let contents = input.contents ?? Inference.InferTensorContents()
      return try TypedContents.raw(
        contents, tensor.dataType, elementCount: elementCount, input: input.name, model: model)[...]
    }
    let bytes = request.rawInputContents[position]
    guard let size = tensor.dataType.elementByteCount else {
      try checkFraming(bytes, input.name, elementCount)
      return bytes
    }
    let (expected, overflow) = elementCount.multipliedReportingOverflow(by: size)
    guard !overflow, bytes.count == expected else {
      throw .invalid(
        "input byte size mismatch for input '\(input.name.clipped)' for model '\(model)'. Expected "
          + "\(overflow ? "more than fits memory" : String(expected)), got \(bytes.count)")
    }
    return bytes
  }

  private func checkFraming(
    _ bytes: ArraySlice<UInt8>, _ input: String, _ elementCount: Int
  ) throws(RPCError) {
    let (count, fault) = bytes.withUnsafeBytes { bytes -> (Int, String?) in
      var offset = 0
      var count = 0
      while offset < bytes.count {
        let left = bytes.count - offset
        guard left >= 4 else {
          return (
            count,
            "incomplete string length indicator for inference input '\(input)', expecting 4 bytes "
              + "but only \(left) bytes available"
          )
        }
        let length = Int(
          UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        guard left - 4 >= length else {
          return (
            count,
            "incomplete string data for inference input '\(input)', expecting string of length "
              + "\(length) but only \(left - 4) bytes available"
          )
        }
        offset += 4 + length
        count += 1
      }
      return (count, nil)
    }
    if let fault { throw .invalid(fault) }
    guard count == elementCount else {
      throw .invalid(
        "expected \(elementCount) strings for inference input '\(input)', got \(count)")
    }
  }
}
