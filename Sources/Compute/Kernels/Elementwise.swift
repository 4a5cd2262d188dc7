internal import CKernels

/// Elementwise operations over contiguous memory. Destination and source may be the same memory,
/// or not overlap at all. Counts are elements. Broadcasting over shapes is the caller's: these are
/// its inner loops, where one operand may be a single value.
public enum Elementwise {
  /// Two operands, one result of their type. Integers wrap; an integer division by zero gives 0.
  /// Minimum and maximum are NaN if either operand is. `power` is for FP32 and FP64.
  public enum Binary: Int, Sendable, CaseIterable {
    case add, subtract, multiply, divide, minimum, maximum, power
  }

  /// Two operands, one byte per element: 0 or 1.
  public enum Comparison: Int, Sendable, CaseIterable {
    case equal, less, lessOrEqual
  }

  /// One f32 operand. exp, log, tanh, sigmoid, the inverse circular and all hyperbolic functions err by at
  /// most 4 units in the last place, softplus and e^x - 1 by 6; sin and cos by 1.2e-7, and tan by what follows from that; erf by
  /// 3e-7, and what is made of it, or of a difference from 1, by as much of the operand.
  public enum Unary: Int, Sendable, CaseIterable {
    case relu, sigmoid, tanh, exp, log, squareRoot, reciprocal, negate, absolute, erf, floor, ceil
    case gelu, geluTanh, silu, hardSwish
    case sin, cos, tan, atan, asin, acos, sinh, cosh, asinh, acosh, atanh
    case softplus, exponentialLessOne, round
  }

  /// Which operand is one value for all elements.
  public enum Operands: UInt32, Sendable, CaseIterable {
    case vectors, leftScalar, rightScalar
  }

  /// Whether `binary` has this operation for this type.
  public static func supports(_ operation: Binary, _ type: DataType) -> Bool {
    guard column(type) != nil else { return false }
    return operation != .power || type == .fp32 || type == .fp64
  }

  /// Whether `compare` works on this type.
  public static func supports(_ comparison: Comparison, _ type: DataType) -> Bool {
    column(type) != nil
  }

  /// destination[i] = left[i] op right[i]. The operation must be supported for the type.
  public static func binary(
    _ operation: Binary, _ type: DataType, into destination: UnsafeMutableRawPointer,
    _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, count: Int, operands: Operands = .vectors,
    kernels: Kernels = .active
  ) {
    guard supports(operation, type), let column = column(type) else {
      preconditionFailure("\(operation) has no kernel for \(type)")
    }
    let kernel = ck_binary(kernels.table, operation.rawValue, column)
    kernel?(destination, left, right, count, ck_operand(operands.rawValue))
  }

  /// destination[i] = left[i] op right[i] ? 1 : 0, one byte each. The type must be supported.
  public static func compare(
    _ comparison: Comparison, _ type: DataType, into destination: UnsafeMutablePointer<UInt8>,
    _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, count: Int, operands: Operands = .vectors,
    kernels: Kernels = .active
  ) {
    guard let column = column(type) else {
      preconditionFailure("\(comparison) has no kernel for \(type)")
    }
    let kernel = ck_compare(kernels.table, comparison.rawValue, column)
    kernel?(destination, left, right, count, ck_operand(operands.rawValue))
  }

  /// destination[i] = op(source[i]).
  public static func unary(
    _ operation: Unary, into destination: UnsafeMutablePointer<Float>,
    _ source: UnsafePointer<Float>, count: Int, kernels: Kernels = .active
  ) {
    ck_unary(kernels.table, operation.rawValue)?(destination, source, count)
  }

  /// destination[i] = min(max(source[i], low), high); a NaN stays a NaN.
  public static func clamp(
    into destination: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Float>, count: Int,
    low: Float, high: Float, kernels: Kernels = .active
  ) {
    kernels.table.pointee.clamp(destination, source, count, low, high)
  }

  /// destination[i] = source[i] < 0 ? slope * source[i] : source[i].
  public static func leakyRelu(
    into destination: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Float>, count: Int,
    slope: Float, kernels: Kernels = .active
  ) {
    kernels.table.pointee.leakyRelu(destination, source, count, slope)
  }

  /// destination[i] = destination[i] * scale + source[i] * factor.
  public static func accumulate(
    into destination: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Float>, count: Int,
    factor: Float, scale: Float = 1, kernels: Kernels = .active
  ) {
    kernels.table.pointee.axpby(destination, source, count, factor, scale)
  }

  /// The table's column for a type; BOOL, the floats below 32 bits and BYTES have none.
  static func column(_ type: DataType) -> Int? {
    switch type {
    case .fp32: Int(CK_F32)
    case .fp64: Int(CK_F64)
    case .int8: Int(CK_I8)
    case .int16: Int(CK_I16)
    case .int32: Int(CK_I32)
    case .int64: Int(CK_I64)
    case .uint8: Int(CK_U8)
    case .uint16: Int(CK_U16)
    case .uint32: Int(CK_U32)
    case .uint64: Int(CK_U64)
    case .bool, .fp16, .bf16, .string: nil
    case .fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz, .int4, .uint4: nil
    }
  }
}
