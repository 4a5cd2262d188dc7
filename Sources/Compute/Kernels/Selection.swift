internal import CKernels

/// What choosing among many values needs besides their maximum, f32. Each reads every value once.
public enum Selection {
  /// The sum of exp((x - shift) · factor); with the maximum as `shift` nothing overflows.
  public static func sumOfExponentials(
    _ x: UnsafePointer<Float>, count: Int, shift: Float, factor: Float = 1,
    kernels: Kernels = .active
  ) -> Float {
    kernels.table.pointee.sumOfExponentials(x, count, shift, factor)
  }

  /// Writes the indices of the values of at least `threshold`, in order, as many as there is room
  /// for; returns how many there are. A NaN is none of them.
  public static func indices(
    atLeast threshold: Float, of x: UnsafePointer<Float>, count: Int,
    into indices: UnsafeMutableBufferPointer<Int32>, kernels: Kernels = .active
  ) -> Int {
    kernels.table.pointee.indicesAtLeast(indices.baseAddress, indices.count, x, count, threshold)
  }
}
