internal import Compute

extension ClassicalGraph {
  /// A classifier's outputs are the label [N] and the probability of each class [N, classes].
  func treeClassifier(
    _ votes: TreeVotes, _ labels: ClassTargets.Labels, postTransform: String, _ table: TreeTable
  ) throws(TrainingError) -> [UInt8] {
    var (graph, places) = treeInput(table)
    graph.outputs = Self.classification(labels)
    if votes.hasCategories {
      addCategoryTrees(votes, table, places, to: &graph, output: inner("scores"))
      addProbabilities(votes, postTransform, to: &graph)
      addLabels(labels, to: &graph)
      return try Self.bytes(graph)
    }
    var attributes = nodeAttributes(votes, places)
    try voteAttributes(votes, "class", &attributes)
    Self.add(labels, "classlabels_int64s", to: &attributes)
    attributes["post_transform"] = .string(Array(postTransform.utf8))
    graph.nodes.append(
      Node(
        name: "classifier", opType: "TreeEnsembleClassifier", domain: "ai.onnx.ml",
        inputs: [inner("features")], outputs: ["label", "probabilities"], attributes: attributes))
    return try Self.bytes(graph)
  }

  /// A regressor's output is [N, 1].
  func treeRegressor(_ votes: TreeVotes, _ table: TreeTable) throws(TrainingError) -> [UInt8] {
    var (graph, places) = treeInput(table)
    graph.outputs = [Self.prediction(votes.targetCount)]
    if votes.hasCategories {
      addCategoryTrees(votes, table, places, to: &graph, output: "prediction")
      return try Self.bytes(graph)
    }
    var attributes = nodeAttributes(votes, places)
    try voteAttributes(votes, "target", &attributes)
    attributes["n_targets"] = .int(Int64(votes.targetCount))
    graph.nodes.append(
      Node(
        name: "regressor", opType: "TreeEnsembleRegressor", domain: "ai.onnx.ml",
        inputs: [inner("features")], outputs: ["prediction"], attributes: attributes))
    return try Self.bytes(graph)
  }

  /// The graph's beginning: "features" are the numbers, and behind them a code for each column of texts.
  /// Also returns where each feature is among them.
  private func treeInput(_ table: TreeTable) -> (Graph, [Int]) {
    var graph = empty()
    let texts = table.categoryNames.keys.sorted()
    let numbers = table.features.indices.filter { table.categoryNames[$0] == nil }
    var places = [Int](repeating: 0, count: table.features.count)
    for (place, feature) in (numbers + texts).enumerated() { places[feature] = place }
    var parts: [String] = []
    if !numbers.isEmpty {
      graph.inputs.append(input(numbers.count))
      parts.append(Self.inputName)
    }
    for feature in texts {
      let name = featureName(feature)
      let names = table.categoryNames[feature] ?? []
      graph.inputs.append(
        Graph.Value(name: name, dataType: .string, shape: [-1, 1], dimensionNames: ["N", nil]))
      graph.nodes.append(
        Node(
          opType: "LabelEncoder", domain: "ai.onnx.ml", inputs: [name],
          outputs: [inner("\(name)/code")],
          attributes: [
            "keys_strings": .strings(names.map { Array($0.utf8) }),
            "values_floats": .floats(names.indices.map { Float($0) }),
            "default_float": .float(-1),
          ]))
      parts.append(inner("\(name)/code"))
    }
    graph.nodes.append(
      Node(
        opType: parts.count == 1 ? "Identity" : "Concat", inputs: parts,
        outputs: [inner("features")],
        attributes: parts.count == 1 ? [:] : ["axis": .int(1)]))
    return (graph, places)
  }

  /// The attributes `nodes_…` of ai.onnx.ml's older operators.
  private func nodeAttributes(_ votes: TreeVotes, _ places: [Int]) -> [String: Attribute] {
    var (trees, ids, features): ([Int64], [Int64], [Int64]) = ([], [], [])
    var (yes, no, missing): ([Int64], [Int64], [Int64]) = ([], [], [])
    var values: [Float] = []
    var modes: [[UInt8]] = []
    for (number, tree) in votes.trees.enumerated() {
      for (index, node) in tree.nodes.enumerated() {
        trees.append(Int64(number))
        ids.append(Int64(index))
        modes.append(Array((node.isLeaf ? "LEAF" : "BRANCH_LEQ").utf8))
        features.append(node.isLeaf ? 0 : Int64(places[Int(node.feature)]))
        values.append(node.isLeaf ? 0 : TreeVotes.roundedDown(node.threshold))
        yes.append(node.isLeaf ? 0 : Int64(node.left))
        no.append(node.isLeaf ? 0 : Int64(node.right))
        missing.append(!node.isLeaf && node.missingGoesLeft ? 1 : 0)
      }
    }
    return [
      "nodes_treeids": .ints(trees), "nodes_nodeids": .ints(ids),
      "nodes_featureids": .ints(features), "nodes_modes": .strings(modes),
      "nodes_values": .floats(values), "nodes_truenodeids": .ints(yes),
      "nodes_falsenodeids": .ints(no), "nodes_missing_value_tracks_true": .ints(missing),
    ]
  }

  /// The attributes `class_…` or `target_…`.
  private func voteAttributes(
    _ votes: TreeVotes, _ prefix: String, _ attributes: inout [String: Attribute]
  ) throws(TrainingError) {
    var (trees, ids, targets): ([Int64], [Int64], [Int64]) = ([], [], [])
    var weights: [Double] = []
    for (number, tree) in votes.trees.enumerated() {
      for (index, node) in tree.nodes.enumerated() where node.isLeaf {
        for (target, weight) in votes.votes(number, index) {
          trees.append(Int64(number))
          ids.append(Int64(index))
          targets.append(Int64(target))
          weights.append(weight)
        }
      }
    }
    attributes["\(prefix)_treeids"] = .ints(trees)
    attributes["\(prefix)_nodeids"] = .ints(ids)
    attributes["\(prefix)_ids"] = .ints(targets)
    attributes["\(prefix)_weights"] = .floats(try Self.singles(weights))
    if !votes.baseValues.isEmpty {
      attributes["base_values"] = .floats(try Self.singles(votes.baseValues))
    }
  }

  /// probabilities = what the operators with that attribute make of the scores.
  private func addProbabilities(
    _ votes: TreeVotes, _ postTransform: String, to graph: inout Graph
  ) {
    let operators = ["LOGISTIC": "Sigmoid", "SOFTMAX": "Softmax"]
    let second = votes.isOneScore ? inner("second") : "probabilities"
    graph.nodes.append(
      Node(
        opType: operators[postTransform] ?? "Identity", inputs: [inner("scores")],
        outputs: [second],
        attributes: postTransform == "SOFTMAX" ? ["axis": .int(1)] : [:]))
    guard votes.isOneScore else { return }
    graph.initializers[inner("one")] = Tensor(fp32: [1], shape: [1])
    graph.nodes += [
      Node(opType: "Sub", inputs: [inner("one"), second], outputs: [inner("first")]),
      Node(
        opType: "Concat", inputs: [inner("first"), second], outputs: ["probabilities"],
        attributes: ["axis": .int(1)]),
    ]
  }

  /// label = labels[argmax of probabilities].
  private func addLabels(_ labels: ClassTargets.Labels, to graph: inout Graph) {
    switch labels {
    case .integers(let labels):
      graph.initializers[inner("labels")] = Tensor(int64: labels, shape: [labels.count])
    case .texts(let labels):
      graph.initializers[inner("labels")] = Tensor(
        strings: labels.map { Array($0.utf8) }, shape: [labels.count])
    }
    graph.nodes += [
      Node(
        opType: "ArgMax", inputs: ["probabilities"], outputs: [inner("class")],
        attributes: ["axis": .int(1), "keepdims": .int(0)]),
      Node(opType: "Gather", inputs: [inner("labels"), inner("class")], outputs: ["label"]),
    ]
  }
}
