internal import CKernels

/// A tree ensemble in the order the kernels walk it: flat arrays, all trees one after the other.
///
/// Trees may have any form; a leaf is its own child, so that rows of different depth can be walked
/// side by side without a branch. Rows are f32; thresholds that were trained in f64 must have been
/// rounded *down* to f32, which keeps every decision `x <= threshold` the same for f32 rows.
public final class DecisionForest: Sendable {
  /// One node as a model file gives it.
  public struct Node: Sendable {
    /// Where a row goes on.
    public enum Rule: Sendable {
      /// To `yes` if row[feature] <= threshold, else to `no`.
      case lessOrEqual
      /// To `yes` if row[feature] < threshold, else to `no`.
      case less
    }
    /// A node's place within its tree's array.
    public typealias Index = Int
    /// The node's kind.
    public enum Kind: Sendable {
      /// A decision. A NaN goes to `yes` if `missingIsYes`, else to `no`.
      case branch(
        Rule, feature: Int, threshold: Float, yes: Index, no: Index, missingIsYes: Bool = false)
      /// An end, with what it adds: (target, weight) pairs.
      case leaf([(target: Int, weight: Float)])
    }
    /// The node's kind.
    public var kind: Kind
    /// A node of this kind.
    public init(_ kind: Kind) { self.kind = kind }
  }

  /// How the trees' values become one.
  public enum Aggregate: Sendable {
    case sum, average, minimum, maximum
  }

  /// Why a forest was refused.
  public enum Problem: Error, Sendable, Equatable {
    /// A child, feature or target index outside its range, in tree `tree`, node `node`.
    case indexOutOfRange(tree: Int, node: Int)
    /// A cycle, or a node with two parents, in tree `tree`.
    case notATree(tree: Int)
    /// More nodes or leaf values than 32-bit indices can name.
    case tooLarge
  }

  /// Values of one row.
  public let featureCount: Int
  /// Values of one answer.
  public let targetCount: Int
  /// The number of trees.
  public let treeCount: Int
  let aggregate: Aggregate
  let nodes: ForestNodes
  let baseValues: [Float]

  /// Flattens and validates trees; `trees[t][0]` is a root.
  /// - Parameter baseValues: added to every answer, after the aggregate; empty for zeros.
  public init(
    trees: [[Node]], featureCount: Int, targetCount: Int, aggregate: Aggregate = .sum,
    baseValues: [Float] = []
  ) throws(Problem) {
    nodes = try ForestNodes(trees, featureCount: featureCount, targetCount: targetCount)
    treeCount = trees.count
    self.featureCount = featureCount
    self.targetCount = targetCount
    self.aggregate = aggregate
    precondition(baseValues.isEmpty || baseValues.count == targetCount, "one base value a target")
    self.baseValues = baseValues
  }

  /// Answers rows: output[row][target]. Rows are `rowStride` floats apart; the output is dense.
  public func run(
    _ rows: UnsafePointer<Float>, rowStride: Int, rowCount: Int,
    into output: UnsafeMutablePointer<Float>, threads: ThreadPool? = nil
  ) {
    // Several rows go down the trees side by side.
    Parallel.rows(
      rowCount, multipleOf: 8, cost: .elements(rowCount * nodes.stepCount, nanosecondsEach: 1),
      on: threads
    ) { range in
      answer(
        rows + range.lowerBound * rowStride, rowStride, range.count,
        output + range.lowerBound * targetCount)
    }
  }

  /// Rows in blocks that stay in the first cache while every tree is walked, and whose leaf numbers
  /// stay in the second.
  private func answer(
    _ rows: UnsafePointer<Float>, _ rowStride: Int, _ rowCount: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let byFeatures = 6144 / max(1, featureCount)
    let byTrees = 65_536 / max(1, treeCount)
    let rowsPerBlock = max(8, min(byFeatures, byTrees) / 8 * 8)
    var first = 0
    while first < rowCount {
      let count = min(rowsPerBlock, rowCount - first)
      let leaves = Scratch.staging.bytes(count * treeCount * MemoryLayout<Int32>.stride)
        .assumingMemoryBound(to: Int32.self)
      nodes.walk(rows + first * rowStride, rowStride, count, leaves)
      add(leaves, count, output + first * targetCount)
      first += count
    }
  }

  private func add(
    _ leaves: UnsafePointer<Int32>, _ rowCount: Int, _ to: UnsafeMutablePointer<Float>
  ) {
    switch aggregate {
    case .sum, .average:
      nodes.sum(leaves, treeCount, rowCount: rowCount, into: to, targetCount: targetCount)
      if aggregate == .average, treeCount > 0 {
        for index in 0..<rowCount * targetCount { to[index] /= Float(treeCount) }
      }
    case .minimum, .maximum:
      nodes.extreme(
        leaves, treeCount, rowCount: rowCount, into: to, targetCount: targetCount,
        smallest: aggregate == .minimum)
    }
    guard !baseValues.isEmpty else { return }
    for row in 0..<rowCount {
      for target in 0..<targetCount { to[row * targetCount + target] += baseValues[target] }
    }
  }
}
