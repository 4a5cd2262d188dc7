import Compute
import Testing

@Suite struct ClassicalOperatorTests {
  private let domain = "ai.onnx.ml"
  private let rows = Tensor(fp32: [1, 0, 0, 3, -2, 1], shape: [3, 2])

  /// x[0] <= 0.5 ? (x[1] < 2 ? A : B) : C, with a vote per class in each leaf.
  private func tree(_ prefix: String, _ extra: [String: Attribute]) -> [String: Attribute] {
    [
      "nodes_treeids": .ints([0, 0, 0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2, 3, 4]),
      "nodes_featureids": .ints([0, 1, 0, 0, 0]),
      "nodes_modes": .strings(
        ["BRANCH_LEQ", "BRANCH_LT", "LEAF", "LEAF", "LEAF"].map { Array($0.utf8) }),
      "nodes_values": .floats([0.5, 2, 0, 0, 0]),
      "nodes_truenodeids": .ints([1, 2, 0, 0, 0]),
      "nodes_falsenodeids": .ints([4, 3, 0, 0, 0]), "\(prefix)_treeids": .ints([0, 0, 0]),
      "\(prefix)_nodeids": .ints([2, 3, 4]),
    ].merging(extra) { $1 }
  }

  @Test func linearRegressorAddsItsIntercepts() throws {
    let scores = try Run.node(
      "LinearRegressor", [rows], domain: domain,
      attributes: ["coefficients": .floats([2, 1]), "intercepts": .floats([10])])[0]
    #expect(scores.shape == [3, 1])
    #expect(scores.floats == [12, 13, 7])
  }

  @Test func classifierOfOneScoreAnswersBothProbabilities() throws {
    let answer = try Run.node(
      "LinearClassifier", [rows], domain: domain,
      attributes: [
        "coefficients": .floats([1, 0]), "intercepts": .floats([0]),
        "classlabels_strings": .strings([Array("no".utf8), Array("yes".utf8)]),
        "post_transform": .string(Array("LOGISTIC".utf8)),
      ], outputs: 2)
    #expect(answer[0].strings == ["yes", "no", "no"])
    #expect(isClose(answer[1].floats, [0.26894143, 0.7310586, 0.5, 0.5, 0.880797, 0.1192029]))
  }

  /// Dot products and packed ones, rows as they come and converted in pieces.
  @Test(arguments: [1, 3, 7, 8, 10, 40], [1, 17, 33])
  func linearScoresAreSumsOverTheFeatures(_ scoreCount: Int, _ rowCount: Int) throws {
    let width = 37
    var generator = Random("linear \(scoreCount) \(rowCount)")
    let x = (0..<rowCount * width).map { _ in Int64.random(in: -9...9, using: &generator) }
    let weights = (0..<scoreCount * width).map { _ in Float.random(in: -1...1, using: &generator) }
    let bias = (0..<scoreCount).map { Float($0) }
    var expected: [Float] = []
    for row in 0..<rowCount {
      for score in 0..<scoreCount {
        var sum = bias[score]
        for feature in 0..<width {
          sum += Float(x[row * width + feature]) * weights[score * width + feature]
        }
        expected.append(sum)
      }
    }
    let shape = [rowCount, width]
    for rows in [
      Tensor(fp32: x.map(Float.init), shape: shape), Tensor(int64: x, shape: shape),
    ] {
      let scores = try Run.node(
        "LinearRegressor", [rows], domain: domain,
        attributes: [
          "coefficients": .floats(weights), "intercepts": .floats(bias),
          "targets": .int(Int64(scoreCount)),
        ])[0]
      #expect(scores.shape == [rowCount, scoreCount])
      #expect(isClose(scores.floats, expected, 1e-4))
    }
  }

  @Test func treesFollowTheirBranches() throws {
    let answer = try Run.node(
      "TreeEnsembleRegressor", [rows], domain: domain,
      attributes: tree(
        "target",
        [
          "target_ids": .ints([0, 0, 0]), "target_weights": .floats([1, 2, 3]),
          "base_values": .floats([100]),
        ]))[0]
    #expect(answer.floats == [103, 102, 101])
    let classes = try Run.node(
      "TreeEnsembleClassifier", [rows], domain: domain,
      attributes: tree(
        "class",
        [
          "class_ids": .ints([0, 1, 2]), "class_weights": .floats([1, 1, 1]),
          "classlabels_int64s": .ints([7, 8, 9]),
        ]), outputs: 2)
    #expect(classes[0].integers == [9, 8, 7])
    #expect(classes[1].floats == [0, 0, 1, 0, 1, 0, 1, 0, 0])
  }

  @Test func treesThatLeadBackToTheirRootAreRefused() {
    let error = #expect(throws: GraphError.self) {
      try Run.node(
        "TreeEnsembleRegressor", [rows], domain: domain,
        attributes: tree(
          "target",
          [
            "target_ids": .ints([0, 0, 0]), "target_weights": .floats([1, 2, 3]),
            "nodes_truenodeids": .ints([1, 0, 0, 0, 0]),
          ]))
    }
    #expect(error?.code == .cycle)
  }

  @Test func rowsWithTooFewFeaturesAreRefused() {
    #expect(throws: ExecutionError.self) {
      try Run.node(
        "TreeEnsembleRegressor", [.init(fp32: [1, 2], shape: [2, 1])], domain: domain,
        attributes: tree(
          "target", ["target_ids": .ints([0, 0, 0]), "target_weights": .floats([1, 2, 3])]))
    }
  }

  @Test func scalersAndNormalizersWorkRowByRow() throws {
    let scaled = try Run.node(
      "Scaler", [rows], domain: domain,
      attributes: ["offset": .floats([1, 0]), "scale": .floats([2, 10])])[0]
    #expect(scaled.floats == [0, 0, -2, 30, -6, 10])
    let normal = try Run.node(
      "Normalizer", [rows], domain: domain, attributes: ["norm": .string(Array("L2".utf8))])[0]
    #expect(isClose(normal.floats, [1, 0, 0, 1, -0.8944272, 0.4472136]))
  }

  @Test func labelEncoderFallsBackToItsDefault() throws {
    let words = Tensor(strings: [Array("a".utf8), Array("z".utf8)], shape: [2])
    let codes = try Run.node(
      "LabelEncoder", [words], domain: domain,
      attributes: [
        "keys_strings": .strings([Array("a".utf8)]), "values_int64s": .ints([5]),
        "default_int64": .int(-7),
      ])[0]
    #expect(codes.integers == [5, -7])
  }

  @Test func columnsAreExtractedByIndex() throws {
    let column = try Run.node(
      "ArrayFeatureExtractor", [rows, .init(int64: [1], shape: [1])], domain: domain)[0]
    #expect(column.shape == [3, 1] && column.floats == [0, 3, 1])
  }

  @Test func oneHotEncoderMarksTheCategory() throws {
    let answer = try Run.node(
      "OneHotEncoder", [Tensor(int64: [7, 1, 5], shape: [3])], domain: domain,
      attributes: ["cats_int64s": .ints([5, 7])])[0]
    #expect(answer.shape == [3, 2])
    #expect(answer.floats == [0, 1, 0, 0, 1, 0])
    let error = #expect(throws: ExecutionError.self) {
      try Run.node(
        "OneHotEncoder", [Tensor(int64: [1], shape: [1])], domain: domain,
        attributes: ["cats_int64s": .ints([5, 7]), "zeros": .int(0)])
    }
    #expect(error?.code == .invalidValue)
  }

  @Test func supportVectorsAddTheirKernels() throws {
    // exp(-|x - (1, 0)|² / 2) * 2 - exp(-|x - (0, 3)|² / 2) + 1
    let answer = try Run.node(
      "SVMRegressor", [rows], domain: domain,
      attributes: [
        "kernel_type": .string(Array("RBF".utf8)), "kernel_params": .floats([0.5, 0, 0]),
        "n_supports": .int(2), "coefficients": .floats([2, -1]), "rho": .floats([1]),
        "support_vectors": .floats([1, 0, 0, 3]),
      ])[0]
    #expect(answer.shape == [3, 1])
    #expect(isClose(answer.floats, [2.993262, 0.013475894, 0.99516026]))
  }
}
