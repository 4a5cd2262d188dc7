@testable import Compute

/// A case, or several, for every operator that declares a gradient.
enum GradientCases {
  static let all: [GradientCase] =
    functions + arithmetic + movement + products + transposed + sums + reductions + normalizations
    + groups + images + transpositions + recurrent

  /// Operators that pass no gradient on.
  static let constant: Set<String> = Set(
    [
      "Sign", "Floor", "Ceil", "Round", "IsNaN", "IsInf", "Equal", "Less", "Greater",
      "LessOrEqual", "GreaterOrEqual", "Not", "Shape", "Size", "ArgMax", "ArgMin", "NonZero",
      "OneHot", "Range", "ConstantOfShape", "Constant", "Hardmax",
    ].map { ":\($0)" })

  private static func ints(_ values: [Int]) -> Tensor {
    Tensor(int64: values.map { Int64($0) }, shape: [values.count])
  }

  private static func doubles(_ values: [Double], _ shape: [Int]) -> Tensor {
    Tensor(values, shape: shape, dataType: .fp64)
  }

  private static let functions: [GradientCase] =
    [
      "Exp", "Abs", "Sin", "Cos", "Atan", "Sinh", "Cosh", "Asinh", "Erf", "Relu", "Sigmoid", "Tanh",
      "Softplus", "Softsign", "HardSwish", "Mish", "LeakyRelu", "Elu", "Celu", "Selu",
      "ThresholdedRelu", "Shrink", "HardSigmoid", "Gelu", "Neg", "Identity",
    ].map { GradientCase($0, [[3, 5]]) } + [
      GradientCase("Sqrt", [[7]], range: 0.5...3), GradientCase("Log", [[7]], range: 0.5...3),
      GradientCase("Reciprocal", [[7]], range: 0.5...3), GradientCase("Tan", [[7]], range: -1...1),
      GradientCase("Asin", [[7]], range: -0.9...0.9),
      GradientCase("Acos", [[7]], range: -0.9...0.9),
      GradientCase("Atanh", [[7]], range: -0.9...0.9), GradientCase("Acosh", [[7]], range: 1.2...3),
      GradientCase("HardSwish", [[9]], range: -5...5, note: "wide"),
      GradientCase("Gelu", [[9]], ["approximate": .string(Array("tanh".utf8))], note: "tanh"),
      GradientCase("LeakyRelu", [[9]], ["alpha": .float(0.25)], note: "alpha"),
      GradientCase("Elu", [[9]], ["alpha": .float(0.5)], note: "alpha"),
      GradientCase("Celu", [[9]], ["alpha": .float(0.5)], note: "alpha"),
    ]

  private static let arithmetic: [GradientCase] = [
    GradientCase("Add", [[2, 3], [2, 3]]),
    GradientCase("Add", [[4, 1, 3], [2, 1]], note: "stretched"),
    GradientCase("Sub", [[2, 3], [3]]), GradientCase("Sub", [[3], [2, 3]], note: "stretched"),
    GradientCase("Mul", [[2, 3], [2, 3]]), GradientCase("Mul", [[2, 3], []], note: "stretched"),
    GradientCase("Div", [[2, 3], [2, 3]], range: 0.5...2),
    GradientCase("Div", [[3], [2, 3]], range: 0.5...2, note: "stretched"),
    GradientCase("Pow", [[2, 3], [2, 3]], range: 0.5...2),
    GradientCase("Pow", [[5]], constants: [1: doubles([2], [])], note: "squares"),
    GradientCase("PRelu", [[2, 3], [3]]), GradientCase("Sum", [[2, 3], [3], [1]]),
    GradientCase("Mean", [[2, 3], [2, 1]]), GradientCase("Min", [[2, 3], [3], [2, 1]]),
    GradientCase("Max", [[2, 3], [3]]),
    GradientCase(
      "Where", [[2, 3], [3]],
      constants: [0: Tensor([1, 0, 1] as [UInt8], shape: [3], dataType: .bool)]),
    GradientCase("Clip", [[9]], constants: [1: doubles([-1], []), 2: doubles([0.5], [])]),
    GradientCase("Cast", [[3]], ["to": .int(11)]),
    GradientCase("CastLike", [[3]], constants: [1: doubles([0], [])]),
  ]

  private static let movement: [GradientCase] = [
    GradientCase("Reshape", [[2, 3]], constants: [1: ints([3, -1])]),
    GradientCase("Flatten", [[2, 3, 2]]),
    GradientCase("Squeeze", [[2, 1, 3]], constants: [1: ints([1])]),
    GradientCase("Unsqueeze", [[2, 3]], constants: [1: ints([0, 2])]),
    GradientCase("Transpose", [[2, 3, 4]], ["perm": .ints([2, 0, 1])]),
    GradientCase("Transpose", [[2, 3]], note: "reversed"),
    GradientCase("Concat", [[2, 3], [2, 1], [2, 2]], ["axis": .int(-1)]),
    GradientCase("Split", [[5, 2]], constants: [1: ints([2, 3])], ["axis": .int(0)], outputs: 2),
    GradientCase(
      "Split", [[4, 3]], ["axis": .int(1), "num_outputs": .int(3)], outputs: 3, note: "equal"),
    GradientCase(
      "Slice", [[5, 4]],
      constants: [1: ints([1, 0]), 2: ints([5, 4]), 3: ints([0, 1]), 4: ints([2, 1])]),
    GradientCase(
      "Slice", [[5]], constants: [1: ints([-1]), 2: ints([-6]), 3: ints([0]), 4: ints([-1])],
      note: "backwards"),
    GradientCase("Pad", [[2, 3]], constants: [1: ints([1, 0, 0, 2]), 2: doubles([7], [])]),
    GradientCase(
      "Pad", [[4, 3]], constants: [1: ints([1, 2, 2, 1])], ["mode": .string(Array("reflect".utf8))],
      note: "reflect"),
    GradientCase(
      "Pad", [[2, 3]], constants: [1: ints([1, 2, 2, 1])], ["mode": .string(Array("edge".utf8))],
      note: "edge"),
    GradientCase("Tile", [[2, 3]], constants: [1: ints([2, 3])]),
    GradientCase("DepthToSpace", [[1, 8, 2, 3]], ["blocksize": .int(2)]),
    GradientCase("SpaceToDepth", [[1, 2, 4, 6]], ["blocksize": .int(2)]),
    GradientCase("CenterCropPad", [[4, 3]], constants: [1: ints([2, 5])]),
    GradientCase("ReverseSequence", [[4, 2]], constants: [1: ints([3, 4])]),
    GradientCase("Trilu", [[3, 4]], constants: [1: Tensor(int64: [1], shape: [])]),
    GradientCase(
      "GatherElements", [[3, 2]],
      constants: [1: Tensor(int64: [0, 2, 2, 2], shape: [2, 2])]),
    GradientCase(
      "GatherND", [[3, 2, 2]], constants: [1: Tensor(int64: [0, 1, 2, 0, 0, 1], shape: [3, 2])]),
    GradientCase(
      "Gather", [[4, 3]], constants: [1: Tensor(int64: [0, 3, -1, 0], shape: [2, 2])]),
    GradientCase(
      "Gather", [[2, 4, 3]], constants: [1: ints([1, 1, 2])], ["axis": .int(1)], note: "inside"),
    GradientCase("Expand", [[2, 1, 3]], constants: [1: ints([4, 2, 5, 3])]),
    GradientCase("Dropout", [[2, 3]]),
    GradientCase(
      "Dropout", [[40]], constants: [1: Tensor(int64: [5], shape: [1])],
      ["rate": .float(0.25), "seed": .int(7)], domain: TrainingOperators.domain, note: "of training"
    ),
  ]

  private static let products: [GradientCase] =
    [
      GradientCase("MatMul", [[2, 3], [3, 4]]),
      GradientCase("MatMul", [[2, 5, 3], [3, 4]], note: "rows"),
      GradientCase("MatMul", [[2, 3, 4], [2, 4, 2]], note: "stacks"),
      GradientCase("MatMul", [[2, 1, 3, 4], [5, 4, 2]], note: "stretched"),
      GradientCase("MatMul", [[3], [3, 2]], note: "vector left"),
      GradientCase("MatMul", [[2, 2, 3], [3]], note: "vector right"),
      GradientCase("MatMul", [[3], [3]], note: "vectors"),
      GradientCase("Gemm", [[2, 3], [3, 4], [4]]),
      GradientCase(
        "Gemm", [[3, 2], [4, 3], [2, 1]],
        ["transA": .int(1), "transB": .int(1), "alpha": .float(0.5), "beta": .float(2)],
        note: "turned"),
      GradientCase("Gemm", [[3, 2], [3, 4]], ["transA": .int(1)], note: "left turned"),
      GradientCase("Gemm", [[2, 3], [4, 3]], ["transB": .int(1)], note: "right turned"),
    ]

  private static let transposed: [GradientCase] = [(0, 0), (0, 1), (1, 0), (1, 1)].map {
    (a: Int, b: Int) -> GradientCase in
    let left = a == 0 ? [2, 2, 3] : [2, 3, 2]
    let right = b == 0 ? [3, 4] : [4, 3]
    return GradientCase(
      TransposedProduct.opType, [left, right],
      ["transA": .int(Int64(a)), "transB": .int(Int64(b))], domain: TrainingOperators.domain,
      note: "\(a), \(b)")
  }

  private static let reductions: [GradientCase] =
    [
      "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL1",
      "ReduceL2",
      "ReduceLogSumExp",
    ].flatMap { name in
      [
        GradientCase(name, [[3, 4]]),
        GradientCase(
          name, [[2, 3, 4]], constants: [1: ints([-1, 0])], ["keepdims": .int(0)], note: "two axes"),
      ]
    } + [
      GradientCase("ReduceProd", [[2, 3]], range: 0.5...2, constants: [1: ints([1])]),
      GradientCase("ReduceLogSum", [[2, 3]], range: 0.5...2, constants: [1: ints([1])]),
      GradientCase("GlobalAveragePool", [[2, 3, 2, 2]]),
      GradientCase("GlobalMaxPool", [[2, 3, 4]]),
    ]

  private static let normalizations: [GradientCase] = [
    GradientCase("Softmax", [[3, 4]]),
    GradientCase("Softmax", [[2, 3, 2]], ["axis": .int(1)], note: "inside"),
    GradientCase("Softmax", [[2, 3, 2]], opset: 11, note: "flat"),
    GradientCase("LogSoftmax", [[3, 4]]),
    GradientCase("LogSoftmax", [[2, 3, 2]], ["axis": .int(0)], note: "outside"),
    GradientCase("SoftmaxCrossEntropyLoss", [[3, 4]], constants: [1: ints([1, 3, 0])]),
    GradientCase(
      "SoftmaxCrossEntropyLoss", [[3, 4]],
      constants: [1: ints([1, 3, 0]), 2: doubles([1, 2, 3, 4], [4])],
      ["ignore_index": .int(3)], note: "weights"),
    GradientCase(
      "SoftmaxCrossEntropyLoss", [[2, 4, 3]],
      constants: [1: Tensor(int64: [0, 1, 2, 3, 0, 1], shape: [2, 3])],
      ["reduction": .string(Array("none".utf8))], note: "each"),
    GradientCase(
      "NegativeLogLikelihoodLoss", [[3, 4]], constants: [1: ints([1, 3, 0])],
      ["reduction": .string(Array("sum".utf8))]),
    GradientCase("LayerNormalization", [[3, 5], [5], [5]]),
    GradientCase(
      "LayerNormalization", [[2, 3, 4], [3, 4], [4]], ["axis": .int(1)], note: "two axes"),
    GradientCase("SimplifiedLayerNormalization", [[3, 5], [5]]),
    GradientCase("SimplifiedLayerNormalization", [[3, 5], [5]], domain: contributed),
    GradientCase(
      "BatchNormalization", [[2, 3, 2], [3], [3]],
      constants: [3: doubles([0.5, -1, 0], [3]), 4: doubles([1, 2, 0.5], [3])]),
    GradientCase(
      "BatchNormalization", [[3, 2, 2, 2], [2], [2]],
      constants: [3: doubles([0, 0], [2]), 4: doubles([1, 1], [2])], ["training_mode": .int(1)],
      note: "of training"),
  ]

  private static func equation(_ text: String) -> [String: Attribute] {
    ["equation": .string(Array(text.utf8))]
  }

  private static let sums: [GradientCase] = [
    ("ij,jk->ik", [[2, 3], [3, 4]]), ("bij,bjk->bki", [[2, 2, 3], [2, 3, 4]]),
    ("ij->ji", [[2, 3]]), ("ij->", [[2, 3]]), ("ij->j", [[2, 3]]), ("ii->i", [[3, 3]]),
    ("iij,j->i", [[2, 2, 3], [3]]), ("ii", [[3, 3]]), ("i,j->ij", [[2], [3]]),
    ("ij,ik,il->jkl", [[2, 2], [2, 3], [2, 2]]), ("ij,j->i", [[2, 3], [1]]),
    ("...ij,jk->...ik", [[2, 2, 3], [3, 2]]), ("...i,...i->...", [[2, 1, 3], [4, 3]]),
    ("bqhd,bkhd->bhqk", [[1, 2, 2, 3], [1, 3, 2, 3]]),
  ].map { GradientCase("Einsum", $0.1, equation($0.0), note: $0.0) }

  private static let transpositions: [GradientCase] = [
    GradientCase("ConvTranspose", [[2, 2, 3, 4], [2, 3, 3, 2], [3]]),
    GradientCase(
      "ConvTranspose", [[1, 4, 3, 3], [4, 3, 3, 2], [6]],
      [
        "group": .int(2), "strides": .ints([2, 1]), "pads": .ints([1, 0, 0, 2]),
        "dilations": .ints([1, 2]), "output_padding": .ints([1, 0]),
      ], note: "grouped, strided, dilated, padded"),
    GradientCase(
      "ConvTranspose", [[1, 2, 3, 3], [2, 2, 2, 2]],
      ["strides": .ints([3, 3]), "output_shape": .ints([12, 9])], note: "larger than it reaches"),
    GradientCase(
      "ConvTranspose", [[1, 2, 3, 3], [2, 2, 3, 3]],
      ["strides": .ints([2, 2]), "auto_pad": .string(Array("SAME_UPPER".utf8))], note: "same"),
    GradientCase(
      "ConvTranspose", [[2, 2, 4], [2, 3, 3], [3]], ["strides": .ints([2])], note: "one dimension"),
    GradientCase(
      "ConvTranspose", [[1, 2, 2, 2, 2], [2, 1, 2, 2, 2], [1]], note: "three dimensions"),
  ]

  private static let groups: [GradientCase] = [
    GradientCase("InstanceNormalization", [[2, 3, 4], [3], [3]]),
    GradientCase(
      "InstanceNormalization", [[2, 2, 3, 2], [2], [2]], ["epsilon": .float(0.1)], note: "images"),
    GradientCase("GroupNormalization", [[2, 4, 3], [4], [4]], ["num_groups": .int(2)]),
    GradientCase(
      "GroupNormalization", [[2, 6, 2, 2], [6], [6]], ["num_groups": .int(3)], note: "images"),
    GradientCase(
      "GroupNormalization", [[2, 4, 3], [2], [2]], ["num_groups": .int(2)], opset: 18,
      note: "a factor a group"),
  ]

  private static let images: [GradientCase] = [
    GradientCase("Conv", [[2, 2, 5, 4], [3, 2, 3, 2], [3]]),
    GradientCase(
      "Conv", [[1, 4, 5, 5], [6, 2, 3, 3]],
      [
        "group": .int(2), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 2]),
        "dilations": .ints([1, 2]),
      ],
      note: "grouped, strided, dilated, padded"),
    GradientCase("Conv", [[2, 2, 6], [3, 2, 3], [3]], note: "one dimension"),
    GradientCase("Conv", [[1, 1, 3, 3, 3], [2, 1, 2, 2, 2]], note: "three dimensions"),
    GradientCase(
      "MaxPool", [[2, 2, 4, 5]], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]),
    GradientCase(
      "MaxPool", [[1, 2, 5, 5]],
      [
        "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "ceil_mode": .int(1),
        "strides": .ints([2, 2]),
      ], note: "padded"),
    GradientCase("AveragePool", [[1, 2, 4, 5]], ["kernel_shape": .ints([2, 3])]),
    GradientCase(
      "AveragePool", [[1, 2, 4]],
      ["kernel_shape": .ints([3]), "pads": .ints([1, 1]), "count_include_pad": .int(1)],
      note: "padding counts"),
    GradientCase(
      ImageConvolution.opType, [[2, 5, 4, 2], [3, 2, 2, 3], [3]],
      domain: TrainingOperators.domain),
    GradientCase(
      ImageConvolution.opType, [[1, 5, 6, 4], [3, 3, 2, 6], [6]],
      [
        "group": .int(2), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 2]),
        "dilations": .ints([1, 2]), "relu": .int(1),
      ], domain: TrainingOperators.domain, note: "grouped, strided, dilated, padded"),
    GradientCase(
      ImagePooling.opType, [[2, 5, 4, 3]],
      ["max": .int(1), "kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
      domain: TrainingOperators.domain),
    GradientCase(
      ImagePooling.opType, [[2, 5, 4, 3]],
      [
        "kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 1]),
      ], domain: TrainingOperators.domain, note: "means"),
  ]

  /// X, W, R and B of a layer of 3 units over 4 steps of 2 examples of 2 numbers.
  private static func layer(
    _ name: String, gates: Int, directions: Int = 1, _ attributes: [String: Attribute] = [:],
    note: String = ""
  ) -> GradientCase {
    let shapes = [
      [4, 2, 2], [directions, gates * 3, 2], [directions, gates * 3, 3],
      [directions, 2 * gates * 3],
    ]
    var attributes = attributes
    attributes["hidden_size"] = .int(3)
    return GradientCase(
      name, shapes, range: -1...1, attributes, outputs: name == "LSTM" ? 3 : 2, note: note)
  }

  private static let reverse = Attribute.string(Array("reverse".utf8))
  private static let both = Attribute.string(Array("bidirectional".utf8))

  private static let recurrent: [GradientCase] = [
    layer("RNN", gates: 1), layer("RNN", gates: 1, ["direction": reverse], note: "reverse"),
    layer("RNN", gates: 1, ["activations": .strings([Array("Relu".utf8)])], note: "relu"),
    layer("GRU", gates: 3), layer("GRU", gates: 3, ["linear_before_reset": .int(1)], note: "after"),
    layer("GRU", gates: 3, directions: 2, ["direction": both], note: "both"),
    layer("LSTM", gates: 4), layer("LSTM", gates: 4, ["direction": reverse], note: "reverse"),
    layer("LSTM", gates: 4, directions: 2, ["direction": both], note: "both"),
  ]

  /// Sizes at which kernels take their ways, too large for finite differences.
  static let large: [GradientCase] = [
    GradientCase("MatMul", [[3, 40, 33], [33, 50]]),
    GradientCase("Gemm", [[70, 33], [33, 40], [40]]),
    GradientCase("MatMul", [[6, 20, 17], [6, 17, 19]], note: "stacks"),
    GradientCase("Relu", [[37, 41]]), GradientCase("Sigmoid", [[37, 41]]),
    GradientCase("Tanh", [[37, 41]]), GradientCase("Softmax", [[30, 70]]),
    GradientCase("Gelu", [[37, 41]], range: -6...6),
    GradientCase(
      "Gelu", [[37, 41]], range: -6...6, ["approximate": .string(Array("tanh".utf8))], note: "tanh"),
    GradientCase("LayerNormalization", [[30, 70], [70], [70]]),
    GradientCase("LayerNormalization", [[5, 30, 64], [64]], note: "three blocks without bias"),
    GradientCase(
      "SoftmaxCrossEntropyLoss", [[50, 37]],
      constants: [1: Tensor(int64: (0..<50).map { $0 * 7 % 37 }, shape: [50])], note: "lines"),
    convolution([3, 28, 28, 1], [3, 3, 1, 32], [:], "one channel"),
    convolution([3, 13, 13, 32], [3, 3, 32, 32], ["relu": .int(1)], "read in place"),
    convolution([2, 9, 11, 40], [3, 5, 40, 17], ["pads": .ints([1, 2, 1, 2])], "padded"),
    convolution([2, 12, 13, 8], [2, 4, 8, 24], [:], "even"),
    convolution([2, 7, 7, 5], [1, 1, 5, 9], [:], "pointwise"),
    convolution([1, 9, 9, 48], [3, 3, 48, 4], ["strides": .ints([2, 2])], "strided"),
    GradientCase(
      "LSTM", [[7, 20, 9], [1, 4 * 33, 9], [1, 4 * 33, 33], [1, 8 * 33]], range: -1...1,
      ["hidden_size": .int(33)], outputs: 3),
    GradientCase(
      "LSTM", [[1, 9, 5], [1, 4 * 16, 5], [1, 4 * 16, 16]], range: -1...1,
      ["hidden_size": .int(16)], outputs: 3, note: "one step"),
    GradientCase(
      "GRU", [[7, 20, 9], [1, 3 * 33, 9], [1, 3 * 33, 33], [1, 6 * 33]], range: -1...1,
      ["hidden_size": .int(33), "linear_before_reset": .int(1)], outputs: 2),
    GradientCase(
      ImagePooling.opType, [[2, 26, 26, 70]],
      ["max": .int(1), "kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
      domain: TrainingOperators.domain),
    GradientCase(
      ImagePooling.opType, [[2, 9, 9, 70]],
      ["max": .int(1), "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2])],
      domain: TrainingOperators.domain, note: "overlapping"),
  ]

  private static func convolution(
    _ data: [Int], _ weights: [Int], _ attributes: [String: Attribute], _ note: String
  ) -> GradientCase {
    GradientCase(
      ImageConvolution.opType, [data, weights, [weights[3]]], attributes,
      domain: TrainingOperators.domain, note: note)
  }
}
