/// How two operands stretch over a common output: dimensions merged as far as they can be, and
/// an innermost row in which each operand advances by 0 or 1 elements.
struct Broadcast: Sendable {
  struct Dimension {
    var size: Int
    var left: Int
    var right: Int
  }

  /// Outermost first, the row not among them.
  private(set) var outer: [Dimension] = []
  private(set) var row = Dimension(size: 1, left: 0, right: 0)
  let count: Int

  init(_ left: [Int], _ right: [Int], output: [Int]) {
    count = Shape.product(output[...])
    var merged: [Dimension] = []
    let leftStrides = Self.strides(left, output.count)
    let rightStrides = Self.strides(right, output.count)
    for index in output.indices where output[index] != 1 {
      let next = Dimension(
        size: output[index], left: leftStrides[index], right: rightStrides[index])
      if let last = merged.last, last.left == next.left * next.size,
        last.right == next.right * next.size
      {
        merged[merged.count - 1] = Dimension(
          size: last.size * next.size, left: next.left, right: next.right)
      } else {
        merged.append(next)
      }
    }
    if let last = merged.popLast() { row = last }
    outer = merged
  }

  /// Strides of an operand seen through the output's dimensions: 0 where it is stretched.
  static func strides(_ shape: [Int], _ rank: Int) -> [Int] {
    let own = Shape.strides(shape)
    let missing = rank - shape.count
    return (0..<rank).map { index in
      index < missing || shape[index - missing] == 1 ? 0 : own[index - missing]
    }
  }

  /// Calls `body` with the first element's offsets of every row: left, right, output. A loop and
  /// no recursion, so that `body` is compiled into it.
  @inline(__always)
  func forEachRow(_ body: (Int, Int, Int) -> Void) { forEachRow(in: 0..<partCount, body) }

  /// What can be walked in parts: the outermost dimension, which is the row if there is no other.
  var partCount: Int { outer.isEmpty ? row.size : outer[0].size }

  /// The same for a part of the outermost dimension; a part of a row is one row.
  @inline(__always)
  func forEachRow(in part: Range<Int>, _ body: (Int, Int, Int) -> Void) {
    if count == 0 || part.isEmpty { return }
    let first = part.lowerBound
    if outer.isEmpty { return body(first * row.left, first * row.right, first) }
    let each = count / outer[0].size
    withUnsafeTemporaryAllocation(of: Int.self, capacity: outer.count) { places in
      places.initialize(repeating: 0)
      places[0] = first
      var (left, right, start) = (first * outer[0].left, first * outer[0].right, first * each)
      let end = part.upperBound * each
      while true {
        body(left, right, start)
        start += row.size
        if start == end { return }
        var depth = outer.count - 1
        while true {
          let dimension = outer[depth]
          places[depth] += 1
          left += dimension.left
          right += dimension.right
          if places[depth] < dimension.size { break }
          places[depth] = 0
          left -= dimension.left * dimension.size
          right -= dimension.right * dimension.size
          depth -= 1
        }
      }
    }
  }

  /// Applies a function to every pair of elements.
  @inline(__always)
  func apply<T, R>(
    _ left: UnsafePointer<T>, _ right: UnsafePointer<T>, _ output: UnsafeMutablePointer<R>,
    _ function: (T, T) -> R
  ) {
    let (size, leftStep, rightStep) = (row.size, row.left, row.right)
    forEachRow { leftStart, rightStart, outputStart in
      let (a, b, c) = (left + leftStart, right + rightStart, output + outputStart)
      if leftStep == 1 && rightStep == 1 {
        for index in 0..<size { c[index] = function(a[index], b[index]) }
      } else if rightStep == 0 && leftStep == 1 {
        let value = b[0]
        for index in 0..<size { c[index] = function(a[index], value) }
      } else if leftStep == 0 && rightStep == 1 {
        let value = a[0]
        for index in 0..<size { c[index] = function(value, b[index]) }
      } else {
        for index in 0..<size {
          c[index] = function(a[index &* leftStep], b[index &* rightStep])
        }
      }
    }
  }
}

/// The output shape of broadcasting, or the error that names both shapes.
func broadcastShape(_ left: TensorType, _ right: TensorType) throws(GraphError) -> [Int]? {
  guard let a = left.shape, let b = right.shape else { return nil }
  guard let shape = Shape.broadcast(a, b) else {
    throw GraphError(
      code: .shapeMismatch,
      message: "shapes must broadcast: left is \(Shape.describe(a)), "
        + "right is \(Shape.describe(b))")
  }
  return shape
}
