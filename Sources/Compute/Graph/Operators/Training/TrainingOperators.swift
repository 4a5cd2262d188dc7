/// Operators that only training has: gradients that would be many nodes, and dropout whose mask can be drawn
/// again. Files must not bring them.
enum TrainingOperators {
  static let domain = "martlet.training"

  static func register(in registry: inout OperatorRegistry) {
    UnaryGradient.register(in: &registry)
    TransposedProduct.register(in: &registry)
    SoftmaxGradient.register(in: &registry)
    LossGradient.register(in: &registry)
    LayerNormalizationGradient.register(in: &registry)
    BatchNormalizationGradient.register(in: &registry)
    ConvGradient.register(in: &registry)
    PoolGradient.register(in: &registry)
    MovementGradient.register(in: &registry)
    GatherGradient.register(in: &registry)
    CounterDropout.register(in: &registry)
    ImageConvolution.register(in: &registry)
    ImagePooling.register(in: &registry)
    RecurrentTraining.register(in: &registry)
    registerGradients(in: &registry)
  }

  /// The rules, each beside its operator.
  private static func registerGradients(in registry: inout OperatorRegistry) {
    UnaryOperator.differentiate(in: &registry)
    BinaryOperator.differentiate(in: &registry)
    VariadicOperator.differentiate(in: &registry)
    WhereOperator.differentiate(in: &registry)
    ClipOperator.differentiate(in: &registry)
    CastOperator.differentiate(in: &registry)
    ComparisonOperator.differentiate(in: &registry)
    MatMulOperator.differentiate(in: &registry)
    GemmOperator.differentiate(in: &registry)
    EinsumOperator.differentiate(in: &registry)
    ShapeAliases.differentiate(in: &registry)
    MovementGradient.differentiate(in: &registry)
    TransposeOperator.differentiate(in: &registry)
    ConcatOperator.differentiate(in: &registry)
    SplitOperator.differentiate(in: &registry)
    GatherOperator.differentiate(in: &registry)
    DropoutOperator.differentiate(in: &registry)
    ReduceOperator.differentiate(in: &registry)
    SoftmaxOperator.differentiate(in: &registry)
    LossOperator.differentiate(in: &registry)
    LayerNormalizationOperator.differentiate(in: &registry)
    GroupNormalizationOperator.differentiate(in: &registry)
    BatchNormalizationOperator.differentiate(in: &registry)
    ConvOperator.differentiate(in: &registry)
    ConvTransposeOperator.differentiate(in: &registry)
    PoolOperator.differentiate(in: &registry)
    RecurrentOperator.differentiate(in: &registry)
  }
}

/// Numbers that gradients are computed in.
protocol GradientElement: Element, BinaryFloatingPoint {}
extension Float: GradientElement {}
extension Double: GradientElement {}

extension DataType {
  /// Calls `body` with the Swift type of FP32 or FP64; gradients have no other.
  func gradientStep(
    _ body: (any GradientElement.Type) throws(GraphError) -> Step?
  ) throws(GraphError) -> Step? {
    switch self {
    case .fp32: return try body(Float.self)
    case .fp64: return try body(Double.self)
    default:
      throw GraphError(
        code: .unsupportedType, message: "gradients are of FP32 or FP64, got \(self)")
    }
  }
}
