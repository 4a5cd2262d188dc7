internal import Compute
internal import Protocols
internal import RPC

/// Triton's raw requests: bytes alone, for the only input of a model. REST sends them with
/// `inference-header-content-length: 0`, the gateway as one input that says nothing of itself.
extension InferenceCheck {
  /// The request with the input's name, datatype and shape written out; others as they are.
  func deduced(_ request: Inference.ModelInferRequest) throws(RPCError)
    -> Inference.ModelInferRequest
  {
    guard let input = request.inputs.first, input.name.isEmpty, input.datatype.isEmpty,
      input.shape.isEmpty, request.inputs.count == 1, request.rawInputContents.count == 1
    else { return request }
    guard signature.inputs.count == 1 else {
      throw .invalid(
        "a request without a header is for models with one input, model '\(model)' has "
          + "\(signature.inputs.count)")
    }
    let tensor = signature.inputs[0]
    var request = request
    let bytes = request.rawInputContents[0]
    let elementCount: Int
    if let size = tensor.dataType.elementByteCount {
      guard bytes.count % size == 0 else {
        throw .invalid(
          "input '\(tensor.name)' of model '\(model)': expected a multiple of \(size) bytes, got "
            + "\(bytes.count)")
      }
      elementCount = bytes.count / size
    } else {
      // The one text is the whole body.
      elementCount = 1
      request.rawInputContents[0] = StringFraming.frame([Array(bytes)])[...]
    }
    request.inputs[0].name = tensor.name
    request.inputs[0].datatype = tensor.dataType.oipName
    request.inputs[0].shape = try deducedShape(tensor, elementCount: elementCount).map(Int64.init)
    return request
  }

  /// The only size that is not known follows from the number of elements. With another unknown
  /// size beside it, the batch has one row.
  private func deducedShape(
    _ tensor: ModelSignature.Tensor, elementCount: Int
  ) throws(RPCError) -> [Int] {
    var shape = tensor.shape
    if signature.batchSizeMax > 0, shape[1...].contains(-1) { shape[0] = 1 }
    let unknown = shape.indices.filter { shape[$0] == -1 }
    guard unknown.count <= 1 else {
      throw .invalid(
        "input '\(tensor.name)' of model '\(model)': expected a shape with one unknown size at "
          + "most, got \(describe(tensor.shape)): send the shape")
    }
    if let index = unknown.first {
      let others = Shape.elementCount(shape.filter { $0 != -1 }) ?? 0
      shape[index] = others == 0 ? 0 : elementCount / others
    }
    guard Shape.elementCount(shape) == elementCount else {
      throw .invalid(
        "input '\(tensor.name)' of model '\(model)': expected elements for \(describe(tensor.shape)), "
          + "got \(elementCount)")
    }
    return shape
  }
}
