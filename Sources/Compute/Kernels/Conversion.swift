internal import CKernels

/// Between f32 and the 16-bit float types. Rounding is to nearest, ties to even; a NaN stays one.
public enum Conversion {
  /// IEEE binary16 → f32, exact.
  public static func floats(
    fromHalf source: UnsafePointer<UInt16>, into destination: UnsafeMutablePointer<Float>,
    count: Int, kernels: Kernels = .active
  ) {
    kernels.table.pointee.floatFromHalf(destination, source, count)
  }

  /// f32 → IEEE binary16; beyond 65,519 infinity.
  public static func halves(
    from source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<UInt16>, count: Int,
    kernels: Kernels = .active
  ) {
    kernels.table.pointee.halfFromFloat(destination, source, count)
  }

  /// Whether `integers` converts to this type.
  public static func truncates(to type: DataType) -> Bool {
    switch type {
    case .int8, .int16, .int32, .int64, .uint8, .uint16: true
    default: false
    }
  }

  /// f32 → a type that `truncates` names, without fractions; what does not fit becomes the type's end, a
  /// NaN 0.
  public static func integers(
    _ type: DataType, from source: UnsafePointer<Float>, into destination: UnsafeMutableRawPointer,
    count: Int, kernels: Kernels = .active
  ) {
    guard truncates(to: type), let column = Elementwise.column(type) else {
      preconditionFailure("\(type) has no kernel")
    }
    ck_truncate(kernels.table, column)?(destination, source, count)
  }

  /// bfloat16 → f32, exact.
  public static func floats(
    fromBFloat source: UnsafePointer<UInt16>, into destination: UnsafeMutablePointer<Float>,
    count: Int, kernels: Kernels = .active
  ) {
    kernels.table.pointee.floatFromBFloat(destination, source, count)
  }

  /// f32 → bfloat16.
  public static func bfloats(
    from source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<UInt16>, count: Int,
    kernels: Kernels = .active
  ) {
    kernels.table.pointee.bfloatFromFloat(destination, source, count)
  }
}
