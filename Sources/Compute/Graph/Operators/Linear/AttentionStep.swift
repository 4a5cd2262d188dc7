internal import Glibc

/// Attention with all sizes, strides (in elements) and addresses decided.
struct AttentionStep {
  let batch, heads, rows, columns, depth, width: Int
  let scale: Float
  let query, key, value: UnsafePointer<Float>
  let mask: UnsafePointer<Float>?
  let output: UnsafeMutablePointer<Float>
  /// [batch, head, row, depth], [batch, head, depth, column], [batch, head, column, width].
  let queryStrides, keyStrides, valueStrides: [Int]
  /// [batch, head, row, column].
  let maskStrides: [Int]
  /// [batch, head, row].
  let outputStrides: [Int]

  /// Scores of a block: a quarter of the second cache, and whole panels of a product.
  private static let scoreCountMax = 1 << 16
  private static let blockRowsMax = 126
  /// Scores that a thread may hold for the sake of whole panels, 64 MiB. Where a row alone has more,
  /// its keys or values take as much.
  private static let heldScoreCountMax = 1 << 24

  func run(_ threads: ThreadPool?) {
    let columns = max(columns, 1)
    let most = min(
      Self.blockRowsMax, max(14, Self.scoreCountMax / columns),
      max(1, Self.heldScoreCountMax / columns))
    let blocks = (rows + most - 1) / most
    let tasks = batch * heads * blocks
    let scores = Double(batch * heads * rows) * Double(columns)
    // The exponential takes some 20 operations.
    Parallel.rows(tasks, cost: .flops(scores * Double(2 * (depth + width) + 20)), on: threads) {
      for task in $0 {
        let (stack, block) = (task / blocks, task % blocks)
        head(
          stack / heads, stack % heads, rows: rows * block / blocks..<rows * (block + 1) / blocks)
      }
    }
  }

  private func head(_ image: Int, _ head: Int, rows: Range<Int>) {
    let at = { (strides: [Int]) in image * strides[0] + head * strides[1] }
    let scores = Scratch.staging.floats(rows.count * columns)
    if let mask {
      let base = mask + (at(maskStrides) + rows.lowerBound * maskStrides[2])
      for row in 0..<rows.count {
        fill(scores + row * columns, base + row * maskStrides[2])
      }
    }
    SGEMM.run(
      m: rows.count, n: columns, k: depth,
      Matrix(
        query + (at(queryStrides) + rows.lowerBound * queryStrides[2]),
        rowStride: queryStrides[2], columnStride: queryStrides[3]),
      Matrix(key + at(keyStrides), rowStride: keyStrides[2], columnStride: keyStrides[3]),
      into: scores, rowStride: columns,
      epilogue: Epilogue(alpha: scale, beta: mask == nil ? 0 : 1))
    Softmax.run(scores, into: scores, outer: rows.count, axis: columns)
    SGEMM.run(
      m: rows.count, n: width, k: columns, Matrix(scores, rowStride: columns),
      Matrix(value + at(valueStrides), rowStride: valueStrides[2], columnStride: valueStrides[3]),
      into: output + (at(outputStrides) + rows.lowerBound * outputStrides[2]),
      rowStride: outputStrides[2])
  }

  private func fill(_ row: UnsafeMutablePointer<Float>, _ mask: UnsafePointer<Float>) {
    if maskStrides[3] == 1 { return row.update(from: mask, count: columns) }
    row.update(repeating: mask[0], count: columns)
  }
}
