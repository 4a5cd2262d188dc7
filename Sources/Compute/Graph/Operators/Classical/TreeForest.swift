/// TreeEnsemble, since version 5: trees over numbers of one type, which add to, or bound, targets.
struct TreeForest: Operator {
  private enum Test {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual
    case member(Set<Double>)
  }

  private struct Node {
    var test: Test
    var split: Double
    var feature: Int
    var missingGoesTrue: Bool
    var yes: Child
    var no: Child
  }

  private enum Child {
    case node(Int)
    case leaf(target: Int, weight: Double)
  }

  private enum Aggregate: Int { case average, sum, min, max }

  private let nodes: [Node]
  private let roots: [Int]
  private let featureMax: Int
  private let targetCount: Int
  private let aggregate: Aggregate
  private let transform: PostTransform

  var weightByteCount: Int { nodes.count * MemoryLayout<Node>.stride }

  init(_ context: OperatorContext) throws(GraphError) {
    func list(_ name: String) throws(GraphError) -> [Int] { try context.ints(name) ?? [] }
    func numbers(_ name: String) throws(GraphError) -> [Double] {
      try context.tensor(name)?.numbers() ?? []
    }
    let (modes, splits) = (try numbers("nodes_modes"), try numbers("nodes_splits"))
    let features = try list("nodes_featureids")
    let (yes, no) = (try list("nodes_truenodeids"), try list("nodes_falsenodeids"))
    let (yesLeafs, noLeafs) = (try list("nodes_trueleafs"), try list("nodes_falseleafs"))
    let missing = try list("nodes_missing_value_tracks_true")
    let (targets, weights) = (try list("leaf_targetids"), try numbers("leaf_weights"))
    roots = try list("tree_roots")
    let targetCount = try context.int("n_targets", default: 1)
    let count = features.count
    guard count > 0, targetCount >= 1, targetCount <= 1 << 20, targets.count == weights.count,
      [modes.count, splits.count, yes.count, no.count, yesLeafs.count, noLeafs.count]
        .allSatisfy({ $0 == count }), missing.isEmpty || missing.count == count,
      features.allSatisfy((0..<1 << 31).contains), roots.allSatisfy((0..<count).contains),
      targets.allSatisfy((0..<targetCount).contains)
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "the lists of nodes and leaves do not fit each other: \(count) features")
    }
    func child(_ index: Int, _ isLeaf: Int) throws(GraphError) -> Child {
      guard (0..<(isLeaf != 0 ? targets.count : count)).contains(index) else {
        throw GraphError(
          code: .invalidAttribute, message: "a node's child \(index) does not exist")
      }
      return isLeaf != 0
        ? .leaf(target: targets[index], weight: weights[index]) : .node(index)
    }
    var sets = try numbers("membership_values").split(
      omittingEmptySubsequences: false, whereSeparator: \.isNaN)[...]
    var nodes: [Node] = []
    for index in 0..<count {
      let tests: [Test] = [
        .lessOrEqual, .less, .greaterOrEqual, .greater, .equal, .notEqual,
        .member(modes[index] == 6 ? Set(sets.popFirst() ?? []) : []),
      ]
      guard modes[index] >= 0, modes[index] < 7 else {
        throw GraphError(
          code: .unsupportedAttribute, message: "modes are 0 to 6, got \(modes[index])")
      }
      nodes.append(
        Node(
          test: tests[Int(modes[index])], split: splits[index], feature: features[index],
          missingGoesTrue: !missing.isEmpty && missing[index] != 0,
          yes: try child(yes[index], yesLeafs[index]), no: try child(no[index], noLeafs[index])))
    }
    guard let aggregate = Aggregate(rawValue: try context.int("aggregate_function", default: 1))
    else {
      throw context.unsupported("aggregate_function", "another", expected: "0 to 3")
    }
    try Self.checkTrees(nodes, roots)
    self.nodes = nodes
    self.aggregate = aggregate
    self.targetCount = targetCount
    featureMax = features.max() ?? 0
    transform = try PostTransform(number: try context.int("post_transform", default: 0))
  }

  /// Every node is reached once at most: so no walk goes on for ever.
  private static func checkTrees(_ nodes: [Node], _ roots: [Int]) throws(GraphError) {
    var seen = [Bool](repeating: false, count: nodes.count)
    var waiting = roots
    while let index = waiting.popLast() {
      if seen[index] {
        throw GraphError(code: .cycle, message: "node \(index) of the trees has two parents")
      }
      seen[index] = true
      for case .node(let next) in [nodes[index].yes, nodes[index].no] { waiting.append(next) }
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard let shape = type.shape else { return [TensorType(type.dataType, [-1, targetCount])] }
    guard shape.count == 2, shape[1] < 0 || shape[1] > featureMax else {
      throw GraphError(
        code: .shapeMismatch,
        message: "rows must have more than \(featureMax) features, got \(Shape.describe(shape))")
    }
    return [TensorType(type.dataType, [shape[0], targetCount])]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    targetCount * (MemoryLayout<Double>.stride + MemoryLayout<Float>.stride)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    return step(
      try input.dataType.numeric(), input, try operands.output(),
      operands.scratch.assumingMemoryBound(to: Double.self))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ sums: UnsafeMutablePointer<Double>
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let width = input.shape[1]
    let scores = UnsafeMutableRawPointer(sums + targetCount).assumingMemoryBound(to: Float.self)
    return {
      for row in 0..<input.shape[0] {
        for index in 0..<targetCount {
          sums[index] = aggregate == .min ? .infinity : aggregate == .max ? -.infinity : 0
        }
        for root in roots { walk(root, source + row * width, sums) }
        for index in 0..<targetCount {
          var value = sums[index].isInfinite ? 0 : sums[index]
          if aggregate == .average { value /= Double(roots.count) }
          sums[index] = value
          scores[index] = Float(value)
        }
        transform.apply(scores, targetCount)
        for index in 0..<targetCount {
          let value = transform == .none ? sums[index] : Double(scores[index])
          target[row * targetCount + index] = T(converting: value)
        }
      }
    }
  }

  private func walk<T: Element>(
    _ root: Int, _ row: UnsafeMutablePointer<T>, _ sums: UnsafeMutablePointer<Double>
  ) {
    var child = Child.node(root)
    while case .node(let index) = child {
      let node = nodes[index]
      let value = row[node.feature].asDouble
      // A comparison with NaN would go one way or the other by chance.
      let isTrue =
        switch node.test {
        case _ where value.isNaN: node.missingGoesTrue
        case .lessOrEqual: value <= node.split
        case .less: value < node.split
        case .greaterOrEqual: value >= node.split
        case .greater: value > node.split
        case .equal: value == node.split
        case .notEqual: value != node.split
        case .member(let values): values.contains(value)
        }
      child = isTrue ? node.yes : node.no
    }
    guard case .leaf(let target, let weight) = child else { return }
    switch aggregate {
    case .sum, .average: sums[target] += weight
    case .min: sums[target] = min(sums[target], weight)
    case .max: sums[target] = max(sums[target], weight)
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("TreeEnsemble", domain: "ai.onnx.ml") { context throws(GraphError) in
      try TreeForest(context)
    }
  }
}
