import Compute

/// A small valid node for every operator that needs more than one or two matrices of numbers: its
/// inputs, then its attributes. An input is a letter for the type, the shape, and values if they
/// matter: "l2=1,3" is INT64 [2] with 1 and 3. Values of attributes are integers, numbers with a
/// point, or text; those of lists have a comma; the name of a body begins with @, a tensor with a
/// colon.
enum OperatorSamples {
  private static let rows: [String: String] = [
    "Concat": "f2x3 f2x3 axis=0", "MatMul": "f2x3 f3x2", "ReduceMax": "f2x3 l1=1",
    "ReduceL2": "f2x3 l1=1",
    "AffineGrid": "f1x2x3 l4=1,1,3,3",
    "ArrayFeatureExtractor": "f2x4 l2=0,3",
    "AveragePool": "f1x2x5x5 kernel_shape=2,2 pads=0,1,1,0 strides=2,2",
    "Adagrad": "f l f3 f3 f3", "Adam": "f l f3 f3 f3 f3 alpha=0.9 beta=0.5",
    "Momentum": "f l f3 f3 f3 alpha=0.9 beta=0.5 norm_coefficient=0.1 mode=standard",
    "BatchNormalization": "f2x3x2 f3 f3 f3 f3 training_mode=1",
    "BitShift": "u4 u4 direction=LEFT", "BitwiseAnd": "i4 i4", "BitwiseNot": "i4",
    "BitwiseOr": "l4 l4", "BitwiseXor": "u4 u4", "And": "b3 b3", "Or": "b3 b3", "Xor": "b3 b3",
    "Not": "b3", "Cast": "f2x3 to=6", "CastLike": "f3 l1", "CenterCropPad": "f4x5 l2=2,7",
    "Binarizer": "f2x3 threshold=0.5", "Col2Im": "f1x4x4 l2=3,3 l2=2,2",
    "Compress": "f4x3 b4 axis=0",
    "ConcatFromSequence": "f2", "ConstantOfShape": "l2=2,3",
    "Conv": "f1x2x5x5 f2x2x3x3 f2 pads=1,1,1,1",
    "ConvInteger": "u1x1x4x4 u2x1x2x2 u",
    "ConvTranspose": "f1x2x3x3 f2x3x2x2 f3 strides=2,2 group=1",
    "CumSum": "f2x3 l=1", "DFT": "f1x4x2 l=4 l=1",
    "DeformConv": "f1x1x3x3 f1x1x2x2 f1x8x2x2 f1 f1x4x2x2", "DepthToSpace": "f1x4x2x2 blocksize=2",
    "DequantizeLinear": "u2x3 f3 u3 axis=1", "Det": "f2x3x3", "DynamicQuantizeLinear": "f4",
    "Einsum": "f2x3 f3x4 equation=ij,jk->ik", "Expand": "f1x3 l2=2,3", "EyeLike": "f3x3 k=1",
    "FeatureVectorizer": "f2x3 f2x1 inputdimensions=3,1",
    "GRU": "f3x2x2 f1x6x2 f1x6x2 f1x12 i2 f1x2x2",
    "Gather": "f4x3 l2=0,2 axis=0", "GatherElements": "f3x3 l2x3 axis=0", "GatherND": "f2x3 l2x1",
    "Gemm": "f2x3 f3x4 f4 alpha=0.5 transA=0", "GridSample": "f1x1x3x3 f1x2x2x2 mode=cubic",
    "GroupNormalization": "f1x4x3 f4 f4 num_groups=2", "HannWindow": "l=5", "HammingWindow": "l=5",
    "BlackmanWindow": "l=5 periodic=0", "If": "b f2 f2 then_branch=@branch else_branch=@other",
    "Imputer": "f2x2 imputed_value_floats=0.5,", "InstanceNormalization": "f1x2x4 f2 f2",
    "LRN": "f1x4x3 size=3",
    "LSTM": "f3x2x2 f2x8x2 f2x8x2 f2x16 i2 f2x2x2 f2x2x2 f2x6 direction=bidirectional",
    "LabelEncoder": "l3 keys_int64s=0,1 values_int64s=5,6",
    "LayerNormalization": "f2x3 f3 f3 axis=-1",
    "LinearClassifier":
      "f2x3 coefficients=0.1,0.2,0.3,0.4,0.5,0.6 intercepts=0.1,0.2 classlabels_ints=0,1",
    "LinearRegressor": "f2x3 coefficients=0.1,0.2,0.3 intercepts=0.1, targets=1",
    "Loop": "l=3 b=1 f2 body=@loop",
    "LpPool": "f1x1x4x4 kernel_shape=2,2 p=2", "MatMulInteger": "u2x3 u3x2 u u2",
    "MaxPool": "f1x2x5x5 kernel_shape=3,3 strides=2,2 dilations=1,1 ceil_mode=1 storage_order=1",
    "MaxRoiPool": "f1x1x4x4 f1x5=0,0,0,3,3 pooled_shape=2,2",
    "MaxUnpool": "f1x1x2x2 l1x1x2x2 l4=1,1,4,4 kernel_shape=2,2 strides=2,2",
    "MelWeightMatrix": "l=4 l=8 l=8000 f f", "Multinomial": "f2x3 sample_size=4",
    "NegativeLogLikelihoodLoss": "f2x3x2 l2x2 f3 reduction=none",
    "NonMaxSuppression": "f1x4x4 f1x2x4 l=2 f f",
    "Normalizer": "f2x3 norm=L2", "OneHot": "l3 l=4 f2 axis=0",
    "OneHotEncoder": "l3 cats_int64s=0,1,2",
    "Optional": "f2", "PRelu": "f2x3 f3", "Pad": "f2x3 l4=1,0,-1,2 f l2=0,1 mode=reflect",
    "QLinearConv": "u1x1x4x4 f u u1x1x2x2 f u f u i1", "QLinearMatMul": "u2x3 f u u3x2 f u f u",
    "QuantizeLinear": "f2x3 f3 u3 axis=1", "RNN": "f3x2x2 f1x2x2 f1x2x2 f1x4 i2 f1x2x2 clip=1.0",
    "RandomNormal": "shape=2,3 seed=1.0", "RandomUniform": "shape=2,3 dtype=11",
    "Range": "f=0 f=5 f=1",
    "ReduceSum": "f2x3 l1=1 keepdims=0", "Reshape": "f2x3 l2=3,-1",
    "Resize": "f1x1x3x3 f8 f4=1,1,2,2 mode=cubic antialias=1",
    "ReverseSequence": "f3x2 l2=1,2",
    "RoiAlign": "f1x1x4x4 f2x4 l2=0,0 output_height=2 output_width=2 mode=max",
    "STFT": "f1x8x1 l=2 f4 l=4",
    "SVMRegressor":
      "f2x2 coefficients=0.5,0.5 support_vectors=1.0,2.0,3.0,4.0 n_supports=2 rho=0.5, kernel_type=RBF kernel_params=0.5,0.1,3.0",
    "Scaler": "f2x3 offset=0.5, scale=2.0,", "Scan": "f2 f3x2 body=@scan num_scan_inputs=1",
    "ScatterElements": "f3x3 l2x3 f2x3 axis=0 reduction=add", "Scatter": "f3x3 l2x3 f2x3 axis=0",
    "ScatterND": "f3x2 l2x1 f2x2 reduction=max", "SequenceAt": "f2", "SequenceMap": "f2 body=@map",
    "Shape": "f2x3 start=0 end=-1", "Slice": "f4x4 l2=0,1 l2=3,4 l2=0,1 l2=1,2",
    "SoftmaxCrossEntropyLoss": "f2x3x2 l2x2 f3 reduction=mean",
    "SpaceToDepth": "f1x1x4x4 blocksize=2",
    "Split": "f4x2 l2=1,3 axis=0", "SplitToSequence": "f4x2 l2=1,3 axis=0", "Squeeze": "f1x3 l1=0",
    "StringConcat": "s2x3 s3", "StringNormalizer": "s3 case_change_action=LOWER",
    "RegexFullMatch": "s3 pattern=[a-z]+(b|c)*", "StringSplit": "s3 maxsplit=1",
    "TfIdfVectorizer":
      "l2x4 ngram_counts=0,2 ngram_indexes=0,1,2 pool_int64s=0,1,0,1 mode=TF max_gram_length=2 max_skip_count=1",
    "Tile": "f2x3 l2=2,1", "TopK": "f3x4 l1=2 axis=1", "Transpose": "f2x3x4 perm=2,0,1",
    "TreeEnsembleRegressor":
      "f2x2 nodes_treeids=0,0,0 nodes_nodeids=0,1,2 nodes_featureids=1,0,0 nodes_values=0.5,0.0,0.0 nodes_modes=BRANCH_LEQ,LEAF,LEAF nodes_truenodeids=1,0,0 nodes_falsenodeids=2,0,0 target_treeids=0,0 target_nodeids=1,2 target_ids=0,0 target_weights=1.0,2.0 n_targets=1",
    "TreeEnsembleClassifier":
      "f2x2 nodes_treeids=0,0,0 nodes_nodeids=0,1,2 nodes_featureids=1,0,0 nodes_values=0.5,0.0,0.0 nodes_modes=BRANCH_LEQ,LEAF,LEAF nodes_truenodeids=1,0,0 nodes_falsenodeids=2,0,0 class_treeids=0,0 class_nodeids=1,2 class_ids=0,1 class_weights=1.0,2.0 classlabels_int64s=0,1",
    "TreeEnsemble":
      "f2x2 tree_roots=0, nodes_modes=:u1=0 nodes_splits=:f1=1 nodes_featureids=1, nodes_truenodeids=0, nodes_falsenodeids=1, nodes_trueleafs=1, nodes_falseleafs=1, leaf_targetids=0,0 leaf_weights=:f2=1,2",
    "Trilu": "f3x3 l=1", "Unique": "f4 axis=0", "Unsqueeze": "f3 l2=0,2",
    "Upsample": "f1x1x2x2 f4=1,1,2,2",
    "Where": "b2x3 f2x3 f3", "IsNaN": "f3", "IsInf": "f3", "Mod": "i4 i4 fmod=1", "Clip": "f4 f f",
    "GlobalMaxPool": "f1x2x3x3", "GlobalAveragePool": "f1x2x3x3", "GlobalLpPool": "f1x2x3x3",
    "ZipMap": "f2x2 classlabels_int64s=0,1", "Constant": "value_ints=1,2",
    "MeanVarianceNormalization": "f1x2x3x3", "SequenceErase": "f2 l=0",
    "SequenceInsert": "f2 f2 l=0",
    "CategoryMapper": "l3 cats_int64s=0,1 cats_strings=a,b",
    "SVMClassifier":
      "f2x2 classlabels_ints=0,1 coefficients=0.5,0.5 support_vectors=1.0,2.0,3.0,4.0 vectors_per_class=1,1 rho=0.5, kernel_type=RBF kernel_params=0.5,0.1,3.0 prob_a=-1.0, prob_b=0.5,",
  ].merging(ContributedSamples.rows) { $1 }

  static let sequenceReaders: Set<String> = [
    "SequenceAt", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap",
    "ConcatFromSequence",
  ]
  static let types: [DataType] = DataType.allCases
  static let words = [
    "", "x", "linear", "cubic", "nearest", "constant", "edge", "wrap", "reflect", "none", "mean",
    "sum",
    "add", "min", "SAME_UPPER", "VALID", "reverse", "ii", "...ij->...", "i,j,k,l->",
    "tf_crop_and_resize",
    "align_corners", "not_smaller", "CRD", "SOFTMAX", "reflection", "border", "RIGHT", "UPPER",
  ]

  /// Every attribute of the samples.
  static let attributeNames: [String] = Set(
    rows.values.flatMap { row in
      row.split(separator: " ").compactMap { part -> String? in
        guard let name = part.split(separator: "=").first, name.contains("_") || name.count > 1,
          part.contains("="), !isInput(part)
        else { return nil }
        return String(name)
      }
    } + [
      "axis", "axes", "auto_pad", "exclusive", "layout", "onesided", "inverse", "new_axis", "value",
      "type",
    ]
  ).sorted()

  static func sample(_ type: String) -> ([Tensor?], [String: Attribute]) {
    var (inputs, attributes) = ([Tensor?](), [String: Attribute]())
    for part in (rows[type] ?? "f2x3 f2x3").split(separator: " ") {
      if isInput(part) {
        inputs.append(tensor(part))
      } else {
        let halves = part.split(separator: "=", maxSplits: 1)
        attributes[String(halves[0])] = attribute(halves[1])
      }
    }
    // Operators with one operand refuse two.
    if rows[type] == nil, unary.contains(type) { inputs.removeLast() }
    return (inputs, attributes)
  }

  private static let unary: Set<String> = [
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Dropout",
    "Elu",
    "Erf", "Exp", "Flatten", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Hardmax", "Identity",
    "LeakyRelu", "Log", "LogSoftmax", "LpNormalization", "Mish", "Neg", "NonZero", "Reciprocal",
    "Relu",
    "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Size", "Softmax", "Softplus",
    "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu", "ArgMax", "ArgMin", "Celu", "ReduceMin",
    "ReduceMean",
    "ReduceProd", "ReduceL1", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare",
    "SequenceLength",
  ]

  private static let letters: [Character: DataType] = [
    "f": .fp32, "l": .int64, "i": .int32, "u": .uint8, "b": .bool, "s": .string,
  ]

  /// A letter, and then digits or values.
  private static func isInput(_ part: Substring) -> Bool {
    guard let first = part.first, letters[first] != nil else { return false }
    return part.dropFirst().prefix { $0 != "=" }.allSatisfy { $0.isNumber || $0 == "x" }
  }

  private static func tensor(_ part: Substring) -> Tensor {
    let halves = part.split(separator: "=", maxSplits: 1)
    let type = letters[halves[0].first!]!
    let shape = halves[0].dropFirst().split(separator: "x").map { Int($0)! }
    let count = shape.reduce(1, *)
    let values =
      halves.count == 2
      ? halves[1].split(separator: ",").map { Int64($0)! } : (0..<count).map { Int64($0 % 2) }
    switch type {
    case .fp32:
      return Tensor(
        fp32: values.map { Float($0) + 0.25 * (halves.count == 2 ? 0 : 1) }, shape: shape)
    case .int64: return Tensor(int64: values, shape: shape)
    case .int32: return Tensor(values.map { Int32($0) }, shape: shape, dataType: .int32)
    case .string: return Tensor(strings: values.map { Array("\($0) a".utf8) }, shape: shape)
    default: return Tensor(values.map { UInt8($0) }, shape: shape, dataType: type)
    }
  }

  private static func attribute(_ text: Substring) -> Attribute {
    if text.hasPrefix("@") { return .graph(body(text)) }
    if text.hasPrefix(":") { return .tensor(tensor(text.dropFirst())) }
    let parts = text.split(separator: ",")
    let name = text.contains("->") ? [] : parts
    if let integers = optional(parts.map { Int64($0) }) {
      return text.contains(",") ? .ints(integers) : .int(integers[0])
    }
    if let floats = optional(parts.map { Float($0) }) {
      return text.contains(",") ? .floats(floats) : .float(floats[0])
    }
    return name.count > 1
      ? .strings(name.map { Array($0.utf8) }) : .string(Array(text.utf8))
  }

  private static func optional<T>(_ values: [T?]) -> [T]? {
    let found = values.compactMap { $0 }
    return found.count == values.count ? found : nil
  }

  private static func body(_ name: Substring) -> Graph {
    func graph(_ inputs: [String], _ nodes: [(String, [String], String)], _ outputs: [String])
      -> Graph
    {
      Graph(
        nodes: nodes.map { Node(opType: $0.0, inputs: $0.1, outputs: [$0.2]) },
        inputs: inputs.map { .init(name: $0, dataType: nil, shape: nil) },
        outputs: outputs.map { .init(name: $0, dataType: nil, shape: nil) })
    }
    switch name {
    case "@branch": return graph([], [("Add", ["in1", "in2"], "p")], ["p"])
    case "@other": return graph([], [("Neg", ["in1"], "q")], ["q"])
    case "@loop":
      return graph(
        ["i", "c", "x"],
        [("Identity", ["c"], "d"), ("Add", ["x", "x"], "y"), ("Neg", ["x"], "z")],
        ["d", "y", "z"])
    case "@scan":
      return graph(["s", "x"], [("Add", ["s", "x"], "t"), ("Neg", ["t"], "z")], ["t", "z"])
    default: return graph(["x"], [("Neg", ["x"], "z")], ["z"])
    }
  }
}
