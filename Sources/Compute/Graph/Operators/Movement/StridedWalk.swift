/// Visits an output in order, with the offset of up to three operands beside it.
struct StridedWalk: Sendable {
  private let shape: [Int]
  private let strides: [(Int, Int, Int)]
  private let isEmpty: Bool

  init(_ shape: [Int], strides: [[Int]]) {
    self.shape = shape
    isEmpty = shape.contains(0)
    self.strides = shape.indices.map { index in
      (
        strides[0][index], strides.count > 1 ? strides[1][index] : 0,
        strides.count > 2 ? strides[2][index] : 0
      )
    }
  }

  @inline(__always)
  func forEach(_ body: (Int, (Int, Int, Int)) -> Void) {
    if isEmpty { return }
    var index = 0
    walk(0, (0, 0, 0), &index, body)
  }

  private func walk(
    _ depth: Int, _ offsets: (Int, Int, Int), _ index: inout Int,
    _ body: (Int, (Int, Int, Int)) -> Void
  ) {
    if depth == shape.count {
      body(index, offsets)
      index += 1
      return
    }
    var offsets = offsets
    for _ in 0..<shape[depth] {
      walk(depth + 1, offsets, &index, body)
      offsets.0 += strides[depth].0
      offsets.1 += strides[depth].1
      offsets.2 += strides[depth].2
    }
  }
}
