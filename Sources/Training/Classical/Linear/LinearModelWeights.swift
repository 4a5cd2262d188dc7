/// What linear models learn: for each output the features' weights and an intercept.
struct LinearModelWeights: Equatable {
  /// Output by output, one weight a feature.
  var coefficients: [[Double]]
  /// One for each output; zeros if the model has none.
  var intercepts: [Double]
}
