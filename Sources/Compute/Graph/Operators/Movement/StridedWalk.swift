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

  /// Positions of the output.
  var count: Int { Shape.product(shape[...]) }

  /// The offsets at one position.
  func offsets(at index: Int) -> (Int, Int, Int) {
    var (rest, offsets) = (index, (0, 0, 0))
    for dimension in shape.indices.reversed() {
      let place = rest % shape[dimension]
      rest /= shape[dimension]
      offsets.0 += place * strides[dimension].0
      offsets.1 += place * strides[dimension].1
      offsets.2 += place * strides[dimension].2
    }
    return offsets
  }

  /// A loop and no recursion, so that `body` is compiled into it.
  @inline(__always)
  func forEach(_ body: (Int, (Int, Int, Int)) -> Void) {
    if isEmpty { return }
    if shape.isEmpty { return body(0, (0, 0, 0)) }
    let outer = shape.count - 1
    let (size, step) = (shape[outer], strides[outer])
    withUnsafeTemporaryAllocation(of: Int.self, capacity: shape.count) { places in
      places.initialize(repeating: 0)
      var index = 0
      var offsets = (0, 0, 0)
      while true {
        var next = offsets
        for _ in 0..<size {
          body(index, next)
          index += 1
          next.0 += step.0
          next.1 += step.1
          next.2 += step.2
        }
        var depth = outer - 1
        while depth >= 0 {
          let stride = strides[depth]
          places[depth] += 1
          offsets.0 += stride.0
          offsets.1 += stride.1
          offsets.2 += stride.2
          if places[depth] < shape[depth] { break }
          places[depth] = 0
          offsets.0 -= stride.0 * shape[depth]
          offsets.1 -= stride.1 * shape[depth]
          offsets.2 -= stride.2 * shape[depth]
          depth -= 1
        }
        if depth < 0 { return }
      }
    }
  }
}
