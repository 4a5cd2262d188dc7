import ClassicalTraining
import Compute
import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Training

/// Trees split where scikit-learn's do, and forests are as good.
@Suite struct ClassicalTreeTests {
  private func grow(_ test: ClassicalCase) throws -> (DecisionTree, TreeTable) {
    let fit = try DecisionTreeTrainer(
      test.request(), test.parsed(), isClassifier: test.className.hasSuffix("Classifier")
    ).fit(report: silent)
    return (fit.0, fit.1)
  }

  static let exact = ClassicalCase.named("tree").filter {
    !["tree-leaves", "tree-digits"].contains($0.name)
  }

  /// Node by node. Where two splits are equally good, scikit-learn draws one and we take the feature that
  /// comes first: below such a node trees may differ.
  @Test(arguments: exact)
  func splitsAreThoseOfScikitLearn(_ test: ClassicalCase) throws {
    let (tree, _) = try grow(test)
    let other = try LearnedTree(test)
    var (compared, ties) = (0, 0)
    var waiting = [(0, 0)]
    while let (index, number) = waiting.popLast() {
      let node = tree.nodes[index]
      compared += 1
      #expect(Int(node.sampleCount) == Int(other.samples[number]), "node \(number)")
      #expect((node.impurity - other.impurity[number]).magnitude < 1e-9, "node \(number)")
      for value in 0..<tree.valueCount {
        let got = tree.values[index * tree.valueCount + value]
        #expect((got - other.value[number * tree.valueCount + value]).magnitude < 1e-9)
      }
      try #require(node.isLeaf == (other.feature[number] < 0), "node \(number)")
      if node.isLeaf { continue }
      let (left, right) = (Int(node.left), Int(node.right))
      if Double(node.feature) == other.feature[number],
        node.threshold == other.threshold[number]
      {
        #expect(node.missingGoesLeft == (other.missingLeft[number] == 1), "node \(number)")
        waiting += [(left, Int(other.left[number])), (right, Int(other.right[number]))]
        continue
      }
      ties += 1
      let below =
        tree.nodes[left].weight * tree.nodes[left].impurity
        + tree.nodes[right].weight * tree.nodes[right].impurity
      #expect(
        (below - other.impurityBelow(number)).magnitude < 1e-9 * (1 + below),
        "node \(number): \(below) instead of \(other.impurityBelow(number))")
    }
    #expect(compared >= tree.nodes.count / 2, "\(ties) ties")
  }

  @Test func theSplitsThatGainMostComeFirst() throws {
    let test = try #require(ClassicalCase.named("tree-leaves").first)
    let (tree, table) = try grow(test)
    #expect(tree.leafCount == 9)
    let (expected, shape) = try test.numbers("probabilities")
    for row in 0..<shape[0] {
      let leaf = tree.leaf(table, row: row)
      for value in 0..<shape[1] {
        let got = tree.values[leaf * shape[1] + value]
        #expect((got - expected[row * shape[1] + value]).magnitude < 1e-9)
      }
    }
  }

  /// Ties are decided by chance in scikit-learn, so whole trees of digits differ; they are as good.
  @Test(arguments: ["forest-digits", "forest-number", "tree-digits"])
  func heldBackExamplesAreToldAsWell(_ name: String) throws {
    let test = try #require(ClassicalCase.named(name).first)
    let score = try HeldBack.score(test)
    let expected = try test.numbers("score").values[0]
    #expect(score >= expected - 0.03, "\(score) is worse than \(expected)")
  }

  @Test(arguments: exact + ClassicalCase.named("tree-leaves") + ClassicalCase.named("forest"))
  func theModelAnswersWhatTheTreesSay(_ test: ClassicalCase) throws {
    let isClassifier = test.className.hasSuffix("Classifier")
    let trees: [DecisionTree]
    let table: TreeTable
    if test.name.hasPrefix("forest") {
      let fit = try RandomForestTrainer(
        test.request(), test.parsed(), isClassifier: isClassifier
      ).fit(report: silent)
      (trees, table) = (fit.0, fit.1)
    } else {
      let fit = try grow(test)
      (trees, table) = ([fit.0], fit.1)
    }
    var trainer = try test.trainer()
    let model = try trainer.run(report: silent)
    let (x, shape) = try test.numbers("x")
    let answers = try ClassicalAnswers(model.onnx, x, rowCount: shape[0])
    let width = trees[0].valueCount
    for row in 0..<shape[0] {
      let sums = (0..<width).map { value in
        trees.reduce(0) { $0 + $1.values[$1.leaf(table, row: row) * width + value] }
      }
      for value in 0..<width {
        let expected = sums[value] / Double(trees.count)
        let got = Double(answers.numbers[row * width + value])
        #expect((got - expected).magnitude <= 1e-5 * max(1, expected.magnitude), "row \(row)")
      }
    }
  }

  @Test func aForestRepeatsWithItsSeedOnAnyNumberOfThreads() throws {
    let test = try #require(ClassicalCase.named("forest-digits").first)
    var one = try test.trainer(test.request(threadCount: 1))
    var two = try test.trainer(test.request(threadCount: 2))
    #expect(try one.run(report: silent).onnx == two.run(report: silent).onnx)
  }

  @Test func theOrderOfTheExamplesChangesNoTree() throws {
    var random = SplitMix64(state: 17)
    let count = 300
    let x = (0..<3).map { _ in (0..<count).map { _ in Double.random(in: 0...1, using: &random) } }
    let y = (0..<count).map { x[0][$0] + x[1][$0] > 1 ? 1.0 : 0.0 }
    var order = Array(0..<count)
    order.shuffle(using: &random)
    func grow(_ order: [Int]) throws -> DecisionTree {
      let columns = x.enumerated().map { name, values in
        ("f\(name)", order.map { values[$0] })
      }
      let request = TrainingRequest(
        specification: .object([.init("class_name", .string("DecisionTreeClassifier"))]),
        training: ExampleArrays(columns + [("y", order.map { y[$0] })]))
      return try DecisionTreeTrainer(
        request, try #require(try ClassicalSpecification(request.specification)),
        isClassifier: true
      ).fit(report: silent).0
    }
    let (straight, shuffled) = (try grow(Array(0..<count)), try grow(order))
    #expect(straight.nodes.map(\.threshold) == shuffled.nodes.map(\.threshold))
    #expect(straight.values == shuffled.values)
  }

  @Test(arguments: exact)
  func everySplitLowersTheImpurity(_ test: ClassicalCase) throws {
    let (tree, _) = try grow(test)
    for node in tree.nodes where !node.isLeaf {
      let (left, right) = (tree.nodes[Int(node.left)], tree.nodes[Int(node.right)])
      #expect((left.weight + right.weight - node.weight).magnitude < 1e-9 * node.weight)
      let below = (left.weight * left.impurity + right.weight * right.impurity) / node.weight
      #expect(below <= node.impurity + 1e-12)
    }
  }

  @Test func binsAreExactForAsManyValues() throws {
    var random = SplitMix64(state: 23)
    let values = (0..<500).map { _ in (Double.random(in: 0..<200, using: &random)).rounded() }
    let y = values.map { $0 > 77 && $0 < 140 ? 1.0 : 0.0 }
    func tree(_ config: [JSONValue.Member]) throws -> [UInt8] {
      var trainer = try #require(
        try ClassicalTrainers.trainer(
          for: TrainingRequest(
            specification: .object([
              .init("class_name", .string("DecisionTreeClassifier")),
              .init("config", .object(config)),
            ]), training: ExampleArrays([("x", values), ("y", y)]))))
      return try trainer.run(report: silent).onnx
    }
    #expect(try tree([]) == tree([.init("max_bins", .integer(255))]))
    #expect(try tree([]) != tree([.init("max_bins", .integer(4))]))
  }

  @Test func categoriesArePartedWhateverTheirOrder() throws {
    let names = ["ape", "bee", "cat", "dog", "eel", "fox"]
    var random = SplitMix64(state: 31)
    let picks = (0..<240).map { _ in Int.random(in: 0..<6, using: &random) }
    // Every second name in the order of the texts: one question for a set, five for an order.
    let y = picks.map { $0 % 2 == 0 ? "even" : "odd" }
    let noise = picks.map { _ in Double.random(in: 0...1, using: &random) }
    let request = TrainingRequest(
      specification: .object([
        .init("class_name", .string("DecisionTreeClassifier")),
        .init("fit", .object([.init("target", .string("parity"))])),
      ]),
      training: ExampleArrays(
        [("noise", noise)], texts: [("animal", picks.map { names[$0] }), ("parity", y)]))
    var trainer = try #require(try ClassicalTrainers.trainer(for: request))
    let trained = try trainer.run(report: silent)
    #expect(trained.metrics.contains(Metric("nodes", 3)))
    let model = try Model(ONNX.load(bytes: trained.onnx))
    #expect(model.inputs.map(\.name) == ["x", "animal"])
    let asked = names + ["gnu"]
    let outputs = try model.evaluate([
      .tensor(Tensor(fp32: asked.map { _ in 0.5 }, shape: [7, 1])),
      .tensor(Tensor(strings: asked.map { Array($0.utf8) }, shape: [7, 1])),
    ])
    let labels = try #require(outputs[0].tensor).storage.withBytes {
      (StringFraming.elements($0) ?? []).map { String(decoding: $0, as: UTF8.self) }
    }
    // What training never saw goes where the set does not.
    #expect(labels[..<6] == ["even", "odd", "even", "odd", "even", "odd"])
    #expect(["even", "odd"].contains(labels[6]))
  }

  @Test func threeClassesPartCategoriesTheBestWayThereIs() throws {
    var random = SplitMix64(state: 37)
    let codes = (0..<400).map { _ in Double(Int.random(in: 0..<7, using: &random)) }
    let y = codes.map { [3, 5, 3, 9, 5, 9, 3][Int($0)] as Double }
    let request = TrainingRequest(
      specification: .object([
        .init("class_name", .string("DecisionTreeClassifier")),
        .init("fit", .object([.init("categorical", .array([.string("x")]))])),
      ]), training: ExampleArrays([("x", codes), ("y", y)]))
    var trainer = try #require(try ClassicalTrainers.trainer(for: request))
    let trained = try trainer.run(report: silent)
    #expect(trained.metrics.contains(Metric("accuracy", 1)))
    #expect(trained.metrics.contains(Metric("leaves", 3)))
    let answers = try ClassicalAnswers(trained.onnx, codes, rowCount: codes.count)
    #expect(answers.labels == y.map { "\(Int($0))" })
  }
}

/// A tree of scikit-learn's.
private struct LearnedTree {
  let feature: [Double]
  let threshold: [Double]
  let samples: [Double]
  let weight: [Double]
  let impurity: [Double]
  let missingLeft: [Double]
  let value: [Double]
  let left: [Double]
  let right: [Double]

  init(_ test: ClassicalCase) throws {
    feature = try test.numbers("feature").values
    threshold = try test.numbers("threshold").values
    samples = try test.numbers("samples").values
    weight = try test.numbers("weight").values
    impurity = try test.numbers("impurity").values
    missingLeft = try test.numbers("missing_left").values
    value = try test.numbers("value").values
    left = try test.numbers("left").values
    right = try test.numbers("right").values
  }

  func impurityBelow(_ node: Int) -> Double {
    [Int(left[node]), Int(right[node])].reduce(0) { $0 + weight[$1] * impurity[$1] }
  }
}

/// Scores on examples that training did not see.
enum HeldBack {
  static func score(_ test: ClassicalCase) throws -> Double {
    var trainer = try test.trainer()
    let model = try trainer.run(report: silent)
    let (x, shape) = try test.numbers("held_x")
    let y = try test.numbers("held_y").values
    let answers = try ClassicalAnswers(model.onnx, x, rowCount: shape[0])
    guard answers.labels.isEmpty else {
      let right = zip(answers.labels, y).count { $0 == "\(Int($1))" }
      return Double(right) / Double(y.count)
    }
    let mean = y.reduce(0, +) / Double(y.count)
    let error = zip(answers.numbers, y).reduce(0) {
      $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1)
    }
    return 1 - error / y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }
}
