internal import CKernels

/// The logistic loss of two classes, in double precision.
package enum LogisticLoss {
  /// Scores z become the loss's derivatives by them, 1 / (1 + e⁻ᶻ) - y; y is 1 where the class is 1, and else 0.
  /// - Returns: the sums of log(1 + eᶻ) - y · z, and of the derivatives.
  package static func run(
    _ scores: UnsafeMutablePointer<Double>, classes: UnsafePointer<Int32>, count: Int,
    kernels: Kernels = .active
  ) -> (loss: Double, derivatives: Double) {
    var derivatives = 0.0
    let loss = kernels.table.pointee.logisticLoss(scores, classes, count, &derivatives)
    return (loss, derivatives)
  }
}
