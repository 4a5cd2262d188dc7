internal import CKernels

extension Convolution2D {
  /// What follows the activation, step by step, on blocks of the output that are still in the cache.
  public enum Tail: Sendable, Equatable {
    /// A function of each element.
    case function(Elementwise.Unary)
    /// Adds, or multiplies by, a number.
    case number(Elementwise.Binary, Float)
    /// Adds another tensor of the output's size, which `run` is given.
    case residual

    /// Takes this step for `count` elements.
    func apply(
      to elements: UnsafeMutablePointer<Float>, _ residual: UnsafePointer<Float>?, count: Int,
      _ kernels: Kernels = .active
    ) {
      switch self {
      case .function(let function):
        Elementwise.unary(function, into: elements, elements, count: count, kernels: kernels)
      case .number(let operation, var number):
        Elementwise.binary(
          operation, .fp32, into: elements, elements, &number, count: count,
          operands: .rightScalar, kernels: kernels)
      case .residual:
        guard let residual else { preconditionFailure("the residual is missing") }
        Elementwise.binary(
          .add, .fp32, into: elements, elements, residual, count: count, kernels: kernels)
      }
    }
  }
}
