import Testing

@testable import Compute

@Suite struct KernelsForestTests {
  typealias Node = DecisionForest.Node

  /// A random tree: any form, both rules, thresholds that values hit exactly, unordered nodes.
  private func tree(_ random: inout Random, features: Int, targets: Int, most: Int) -> [Node] {
    var nodes: [Node] = [Node(.leaf([]))]
    var open = [0]
    while let place = open.popLast() {
      let grows = nodes.count < most && Int.random(in: 0..<5, using: &random) > 0
      if grows {
        let yes = nodes.count
        nodes += [Node(.leaf([])), Node(.leaf([]))]
        let swapped = Bool.random(using: &random)
        nodes[place] = Node(
          .branch(
            Bool.random(using: &random) ? .less : .lessOrEqual,
            feature: Int.random(in: 0..<features, using: &random),
            threshold: [-.infinity, .infinity, 0, 1, -1, 0.5].randomElement(using: &random) ?? 0,
            yes: swapped ? yes + 1 : yes, no: swapped ? yes : yes + 1,
            missingIsYes: Bool.random(using: &random)))
        open += [yes, yes + 1]
        open.shuffle(using: &random)
      } else {
        let count = Int.random(in: 0...(targets == 1 ? 1 : 3), using: &random)
        nodes[place] = Node(
          .leaf(
            (0..<count).map { _ in
              (
                target: Int.random(in: 0..<targets, using: &random),
                weight: Float(Int.random(in: -9...9, using: &random))
              )
            }))
      }
    }
    return nodes
  }

  @Test func answersEqualAWalkOfEveryTree() throws {
    var random = Random(#function)
    let pool = ThreadPool(participants: 2)
    for round in 0..<120 {
      let features = Int.random(in: 1...6, using: &random)
      let targets = Int.random(in: 1...3, using: &random)
      let trees = (0..<Int.random(in: 0...20, using: &random)).map { _ in
        tree(&random, features: features, targets: targets, most: 60)
      }
      let values: [Float] =
        [-.infinity, .infinity, 0, 1, -1, 0.5, 0.4, 0.6] + (round % 2 == 0 ? [.nan] : [])
      let rowCount = round % 10 == 0 ? 700 : Int.random(in: 0...20, using: &random)
      let rowStride = features + round % 2
      let rows = Memory(
        (0..<rowCount * rowStride).map { _ in values.randomElement(using: &random) ?? 0 })
      let base = round % 3 == 0 ? [] : random.wholes(targets)
      for aggregate in [DecisionForest.Aggregate.sum, .average, .minimum, .maximum] {
        let forest = try DecisionForest(
          trees: trees, featureCount: features, targetCount: targets, aggregate: aggregate,
          baseValues: base)
        let got = Memory(count: rowCount * targets)
        forest.run(
          rows.base, rowStride: rowStride, rowCount: rowCount, into: got.base,
          threads: round % 4 == 0 ? pool : nil)
        #expect(got.isIntact)
        for row in 0..<rowCount {
          let x = (0..<features).map { rows.base[row * rowStride + $0] }
          let leaves = trees.map { Reference.leaf(of: $0, row: x) }
          for target in 0..<targets {
            let weights = leaves.flatMap { $0 }.filter { $0.target == target }.map(\.weight)
            let want: Float =
              switch aggregate {
              case .sum: weights.reduce(0, +)
              case .average: trees.isEmpty ? 0 : weights.reduce(0, +) / Float(trees.count)
              case .minimum: weights.min() ?? 0
              case .maximum: weights.max() ?? 0
              }
            #expect(got.base[row * targets + target] == want + (base.isEmpty ? 0 : base[target]))
          }
        }
      }
    }
  }

  @Test func whatIsNotATreeIsRefused() {
    func problem(_ tree: [Node], features: Int = 2) -> DecisionForest.Problem? {
      do throws(DecisionForest.Problem) {
        _ = try DecisionForest(trees: [tree], featureCount: features, targetCount: 1)
        return nil
      } catch { return error }
    }
    func branch(_ yes: Int, _ no: Int, feature: Int = 0) -> Node {
      Node(.branch(.lessOrEqual, feature: feature, threshold: 0, yes: yes, no: no))
    }
    let leaf = Node(.leaf([(target: 0, weight: 1)]))
    #expect(problem([]) == .notATree(tree: 0))
    #expect(problem([branch(0, 1), leaf]) == .notATree(tree: 0))
    #expect(problem([branch(1, 1), leaf]) == .notATree(tree: 0))
    #expect(problem([branch(1, 2), branch(0, 2), leaf]) == .notATree(tree: 0))
    #expect(problem([branch(1, 7), leaf]) == .indexOutOfRange(tree: 0, node: 0))
    #expect(problem([branch(-1, 1), leaf]) == .indexOutOfRange(tree: 0, node: 0))
    #expect(problem([branch(1, 2, feature: 2), leaf, leaf]) == .indexOutOfRange(tree: 0, node: 0))
    #expect(problem([Node(.leaf([(target: 1, weight: 1)]))]) == .indexOutOfRange(tree: 0, node: 0))
    #expect(problem([branch(1, 2), leaf, leaf]) == nil)
  }
}
