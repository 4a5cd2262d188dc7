internal import Compute
internal import Protocols

extension DataType {
  /// The name a model's configuration gives the type, such as `TYPE_FP32` or `TYPE_STRING`.
  var configurationType: Inference.DataType {
    switch self {
    case .bool: .bool
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .fp16: .fp16
    case .bf16: .bf16
    case .fp32: .fp32
    case .fp64: .fp64
    case .string: .string
    // Models with such inputs and outputs are not loaded.
    case .fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz, .int4, .uint4: .invalid
    }
  }

  init?(_ type: Inference.DataType) {
    guard let match = DataType.allCases.first(where: { $0.configurationType == type }) else {
      return nil
    }
    self = match
  }
}
