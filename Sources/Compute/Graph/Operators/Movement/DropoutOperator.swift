internal import Glibc

/// Dropout at inference: the input unchanged, and a mask of ones for whoever asks.
struct DropoutOperator: Operator {
  var aliasedInput: Int? { 0 }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    if let training = inputs.optional(2) {
      guard let value = inputs.constant(2), training.dataType == .bool,
        value.elements(as: UInt8.self).allSatisfy({ $0 == 0 })
      else {
        throw GraphError(
          code: .unsupportedAttribute, message: "Dropout runs in inference mode only")
      }
    }
    return [type, TensorType(.bool, type.shape)]
  }

  func reads(input index: Int) -> Bool { index != 1 }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (source, target, byteCount) = (input.bytes, output.bytes, input.byteCount)
    let mask = operands.optionalOutput(1)
    if source == target && mask == nil { return nil }
    return {
      if source != target { memcpy(target, source, byteCount) }
      if let mask { memset(mask.bytes, 1, mask.count) }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Dropout") { _ in DropoutOperator() }
  }
}
