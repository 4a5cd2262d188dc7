/// How many inputs an operator takes at most, in any version that is supported. What a node has
/// beyond them nobody would read: a file that means something by it must not be answered as if it
/// did not.
enum InputCounts {
  /// nil for operators that take any number, and those of other domains.
  static func most(_ node: Node) -> Int? { counts[node.domain + ":" + node.opType] }

  /// Refuses a node with more inputs than its operator knows; those that its bodies capture, and
  /// names left empty at the end, are none.
  static func check(_ context: OperatorContext) throws(GraphError) {
    guard let most = most(context.node), context.formalInputCount > most else { return }
    let given = context.node.inputs[..<context.formalInputCount]
    guard let last = given.lastIndex(where: { !$0.isEmpty }), last >= most else { return }
    throw GraphError(
      code: .invalidGraph,
      message: "\(context.node.opType) takes at most \(most) inputs, got \(last + 1)")
  }

  private static let counts: [String: Int] = {
    var counts: [String: Int] = [:]
    for (domain, count, names) in table {
      for name in names.split(whereSeparator: \.isWhitespace) {
        counts[domain + ":" + name] = count
      }
    }
    return counts
  }()

  /// From the standard's operator schemas, operator sets 7 to 21.
  private static let table: [(domain: String, count: Int, names: String)] = [
    ("", 0, "Constant RandomNormal RandomUniform SequenceEmpty"),
    (
      "", 1,
      """
      Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh AveragePool Bernoulli BitwiseNot
      BlackmanWindow Cast Ceil Celu ConcatFromSequence ConstantOfShape Cos Cosh DepthToSpace Det
      DynamicQuantizeLinear Elu Erf Exp EyeLike Flatten Floor Gelu GlobalAveragePool GlobalLpPool
      GlobalMaxPool HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If IsInf IsNaN
      LRN LeakyRelu Log LogSoftmax LpNormalization LpPool MaxPool MeanVarianceNormalization Mish
      Multinomial Neg NonZero Not Optional OptionalGetElement OptionalHasElement RandomNormalLike
      RandomUniformLike Reciprocal RegexFullMatch Relu Round Selu SequenceLength Shape Shrink
      Sigmoid Sign Sin Sinh Size Softmax Softplus Softsign SpaceToDepth Sqrt StringNormalizer
      StringSplit Tan Tanh TfIdfVectorizer ThresholdedRelu Transpose Unique
      """
    ),
    (
      "", 2,
      """
      Add AffineGrid And BitShift BitwiseAnd BitwiseOr BitwiseXor CastLike CenterCropPad Compress
      CumSum Div Equal Expand Gather GatherElements GatherND Greater GreaterOrEqual GridSample Less
      LessOrEqual MatMul MaxRoiPool Mod Mul Or PRelu Pow ReduceL1 ReduceL2 ReduceLogSum
      ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape
      ReverseSequence SequenceAt SequenceErase Split SplitToSequence Squeeze StringConcat Sub TopK
      Trilu Unsqueeze Upsample Xor
      """
    ),
    (
      "", 3,
      """
      Clip Col2Im Conv ConvTranspose DFT DequantizeLinear Dropout Gemm GroupNormalization
      InstanceNormalization LayerNormalization MaxUnpool NegativeLogLikelihoodLoss OneHot
      QuantizeLinear Range RoiAlign Scatter ScatterElements ScatterND SequenceInsert
      SoftmaxCrossEntropyLoss Tile Where
      """
    ),
    ("", 4, "ConvInteger MatMulInteger Pad Resize STFT"),
    ("", 5, "BatchNormalization DeformConv MelWeightMatrix NonMaxSuppression Slice"),
    ("", 6, "GRU RNN"), ("", 8, "LSTM QLinearMatMul"), ("", 9, "QLinearConv"),
    (
      "ai.onnx.ml", 1,
      """
      Binarizer CategoryMapper Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer
      OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier
      TreeEnsembleRegressor ZipMap
      """
    ),
    ("ai.onnx.ml", 2, "ArrayFeatureExtractor"),
  ]
}
