/// An Einsum of two operands that is a batch of matrix products once their dimensions are in order:
/// those of both that stay, those of one, those that are summed over.
struct EinsumProduct {
  private let batchCount: Int
  private let rowCount: Int
  private let columnCount: Int
  private let depth: Int
  /// nil where the dimensions are in order already.
  private let left: Transposition?
  private let right: Transposition?
  private let result: Transposition?
  private let counts: (left: Int, right: Int, result: Int)

  /// nil when it is none: a letter twice in a term, stretched, or summed in one term alone.
  init?(
    _ sizes: [Character: Int], _ terms: [[Character]], _ output: [Character], _ shapes: [[Int]]
  ) {
    guard terms.count == 2 else { return nil }
    for (term, shape) in zip(terms, shapes) {
      guard Set(term).count == term.count, zip(term, shape).allSatisfy({ sizes[$0] == $1 }) else {
        return nil
      }
    }
    let (a, b) = (Set(terms[0]), Set(terms[1]))
    let kept = Set(output)
    guard a.symmetricDifference(b).isSubset(of: kept) else { return nil }
    let batch = output.filter { a.contains($0) && b.contains($0) }
    let rows = output.filter { !b.contains($0) }
    let columns = output.filter { !a.contains($0) }
    let summed = terms[0].filter { b.contains($0) && !kept.contains($0) }
    func product(_ letters: [Character]) -> Int? {
      Shape.elementCount(letters.map { sizes[$0] ?? 1 })
    }
    guard let batchCount = product(batch), let rowCount = product(rows),
      let columnCount = product(columns), let depth = product(summed),
      let outputCount = product(output)
    else { return nil }
    (self.batchCount, self.rowCount, self.columnCount, self.depth) = (
      batchCount, rowCount, columnCount, depth
    )
    func turn(_ from: [Character], _ to: [Character]) -> Transposition? {
      if from == to { return nil }
      return Transposition(
        shape: from.map { sizes[$0] ?? 1 }, permutation: to.map { from.firstIndex(of: $0) ?? 0 })
    }
    left = turn(terms[0], batch + rows + summed)
    right = turn(terms[1], batch + summed + columns)
    result = turn(batch + rows + columns, output)
    counts = (Shape.product(shapes[0][...]), Shape.product(shapes[1][...]), outputCount)
  }

  /// Bytes for what has to be turned.
  var scratchByteCount: Int {
    ((left == nil ? 0 : counts.left) + (right == nil ? 0 : counts.right)
      + (result == nil ? 0 : counts.result)) * 4
  }

  func step(_ operands: [Operand], _ output: Operand, _ scratch: UnsafeMutableRawPointer) -> Step {
    let memory = scratch.assumingMemoryBound(to: Float.self)
    let second = memory + (left == nil ? 0 : counts.left)
    let third = second + (right == nil ? 0 : counts.right)
    let (a, b) = (operands[0].f32, operands[1].f32)
    let (c, product) = (output.f32, self)
    return {
      product.left?.run(a, into: memory, elementByteCount: 4)
      product.right?.run(b, into: second, elementByteCount: 4)
      product.multiply(
        product.left == nil ? a : memory, product.right == nil ? b : second,
        into: product.result == nil ? c : third)
      product.result?.run(third, into: c, elementByteCount: 4)
    }
  }

  private func multiply(
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
    into c: UnsafeMutablePointer<Float>
  ) {
    for batch in 0..<batchCount {
      SGEMM.run(
        m: rowCount, n: columnCount, k: depth,
        Matrix(UnsafePointer(a + batch * rowCount * depth), rowStride: depth),
        Matrix(UnsafePointer(b + batch * depth * columnCount), rowStride: columnCount),
        into: c + batch * rowCount * columnCount, rowStride: columnCount)
    }
  }
}
