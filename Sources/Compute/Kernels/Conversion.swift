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
