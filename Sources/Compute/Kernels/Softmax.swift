internal import CKernels

/// Softmax over the middle axis of [outer, axis, inner], f32, after subtracting the maximum.
public enum Softmax {
  /// exp(x - max) / sum. Source and destination may be the same memory.
  public static func run(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, outer: Int,
    axis: Int, inner: Int = 1, kernels: Kernels = .active
  ) {
    kernels.table.pointee.softmax(destination, source, outer, axis, inner)
  }

  /// x - max - log(sum). Source and destination may be the same memory.
  public static func runLogarithmic(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, outer: Int,
    axis: Int, inner: Int = 1, kernels: Kernels = .active
  ) {
    kernels.table.pointee.logSoftmax(destination, source, outer, axis, inner)
  }
}
