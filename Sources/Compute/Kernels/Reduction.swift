internal import CKernels

/// Reductions over the middle axis of [outer, axis, inner]; the destination is [outer, inner].
/// An empty axis gives the operation's neutral value.
public enum Reduction: Int, Sendable, CaseIterable {
  /// Sums and products in the type itself: integers wrap. Maximum and minimum are NaN if any value
  /// is; of an empty axis they are ∓infinity, or the type's ends.
  case sum, product, maximum, minimum, sumOfSquares

  /// Whether `run` works on this type.
  public static func supports(_ type: DataType) -> Bool { Elementwise.column(type) != nil }

  /// Reduces; the type must be supported, and the destination must not overlap the source.
  public func run(
    _ type: DataType, _ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer,
    outer: Int, axis: Int, inner: Int = 1, kernels: Kernels = .active
  ) {
    guard let column = Elementwise.column(type) else {
      preconditionFailure("\(self) has no kernel for \(type)")
    }
    ck_reduce(kernels.table, rawValue, column)?(destination, source, outer, axis, inner)
  }

  /// The index of the first largest value (or with `last` the last) along the axis, f32. A NaN
  /// counts as larger than anything. An empty axis gives 0.
  public static func indexOfMaximum(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Int64>, outer: Int,
    axis: Int, inner: Int = 1, last: Bool = false, kernels: Kernels = .active
  ) {
    kernels.table.pointee.argExtreme(destination, source, outer, axis, inner, false, last)
  }

  /// The index of the first smallest value (or with `last` the last) along the axis, f32. A NaN
  /// counts as smaller than anything. An empty axis gives 0.
  public static func indexOfMinimum(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Int64>, outer: Int,
    axis: Int, inner: Int = 1, last: Bool = false, kernels: Kernels = .active
  ) {
    kernels.table.pointee.argExtreme(destination, source, outer, axis, inner, true, last)
  }
}
