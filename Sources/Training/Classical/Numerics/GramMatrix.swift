internal import Compute

/// Products of a tall matrix with itself and with residuals. Threads share its rows; what they add up is
/// added in one order whatever their number.
struct GramMatrix {
  /// Rows, one behind the other.
  let features: Memory<Double>
  let rowCount: Int
  let columnCount: Int
  let threads: ThreadPool?

  init(_ features: Memory<Double>, rowCount: Int, columnCount: Int, threads: ThreadPool?) {
    self.features = features
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.threads = threads
  }

  /// AᵀA + shift · 1, whole and symmetric.
  func product(shift: Double) -> Memory<Double> {
    let size = columnCount
    let panels = GramPanels(columnCount: size, rowCountMax: rowCount)
    let result = Memory<Double>(repeating: 0, count: size * size)
    // Lines in strips of some panels: only what is on the diagonal or right of it is computed.
    let width = 4
    let strips = (panels.count + width - 1) / width
    for first in stride(from: 0, to: rowCount, by: GramPanels.rowsAtOnce) {
      let rows = first..<min(rowCount, first + GramPanels.rowsAtOnce)
      panels.load(features.base + first * size, rowCount: rows.count, on: threads)
      Tasks.run(strips, on: threads) { strip in
        panels.multiply(
          strip * width..<min(panels.count, (strip + 1) * width), rowCount: rows.count,
          into: result)
      }
    }
    for row in 0..<size {
      for column in 0..<row { result.base[row * size + column] = result.base[column * size + row] }
      result.base[row * size + row] += shift
    }
    return result
  }

  /// AAᵀ + shift · 1: for fewer rows than columns.
  func outerProduct(shift: Double) -> Memory<Double> {
    let result = Memory<Double>(repeating: 0, count: rowCount * rowCount)
    DoubleProduct.run(
      m: rowCount, n: rowCount, k: columnCount,
      .init(features.base, row: columnCount, column: 1),
      .init(features.base, row: 1, column: columnCount), into: result.base, rowStride: rowCount)
    for row in 0..<rowCount { result.base[row * rowCount + row] += shift }
    return result
  }

  /// Aᵀ · (b - A · x), where b is one column of `targets`.
  func residualProduct(
    _ x: Memory<Double>, _ targets: Memory<Double>, _ target: Int, _ targetCount: Int
  ) -> Memory<Double> {
    let shards = Tasks.shards(rowCount, bytesEach: 8 * columnCount)
    let parts = Memory<Double>(repeating: 0, count: shards.count * columnCount)
    Tasks.run(shards.count, on: threads) { task in
      for row in shards[task] {
        let values = features.base + row * columnCount
        let residual =
          targets.base[row * targetCount + target] - Vectors.dot(values, x.base, columnCount)
        Vectors.add(residual, values, to: parts.base + task * columnCount, columnCount)
      }
    }
    let sum = Memory<Double>(repeating: 0, count: columnCount)
    for part in shards.indices {
      Vectors.add(1, parts.base + part * columnCount, to: sum.base, columnCount)
    }
    return sum
  }
}
