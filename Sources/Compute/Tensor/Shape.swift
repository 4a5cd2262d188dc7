/// Arithmetic on shapes that never traps on hostile sizes.
public enum Shape {
  /// Elements that no tensor can have, a tebibyte of the smallest ones. The dimensions of an empty
  /// tensor are held to it too: so sizes can be multiplied with each other, and with attributes of
  /// up to 2²², without a check at every place.
  public static let elementCountMax = 1 << 40

  /// The product of the dimensions, or nil if one is negative or the product of those that are
  /// not zero is above `elementCountMax`.
  public static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    var isEmpty = false
    // By index: this is on the path of every inference, where iterators may allocate in
    // unoptimised builds and the tests count allocations.
    for index in 0..<shape.count {
      let dimension = shape[index]
      if dimension < 0 { return nil }
      if dimension == 0 {
        isEmpty = true
        continue
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= elementCountMax else { return nil }
      count = product
    }
    return isEmpty ? 0 : count
  }

  /// Bytes a tensor of fixed-size elements takes, or nil on overflow or for strings.
  public static func byteCount(_ shape: [Int], _ dataType: DataType) -> Int? {
    guard let size = dataType.elementByteCount, let count = elementCount(shape) else {
      return nil
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    return overflow ? nil : bytes
  }

  /// A shape as people write it: [2×3×?], where ? is a size not known yet.
  public static func describe(_ shape: [Int]?) -> String {
    guard let shape else { return "[unknown rank]" }
    return "[" + shape.map { $0 < 0 ? "?" : String($0) }.joined(separator: "×") + "]"
  }

  /// Row-major strides in elements. All dimensions must be known.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for index in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[index] = strides[index + 1] &* shape[index + 1]
    }
    return strides
  }

  /// The product of a range of known dimensions.
  static func product(_ dimensions: ArraySlice<Int>) -> Int { dimensions.reduce(1, &*) }

  /// The common shape of two operands by ONNX's multidirectional broadcasting, or nil if
  /// there is none. -1 means unknown: it yields to a fixed size above one.
  static func broadcast(_ left: [Int], _ right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    var result = [Int](repeating: 1, count: rank)
    for index in 0..<rank {
      let leftIndex = index - (rank - left.count)
      let rightIndex = index - (rank - right.count)
      let a = leftIndex < 0 ? 1 : left[leftIndex]
      let b = rightIndex < 0 ? 1 : right[rightIndex]
      if a == b || b == 1 {
        result[index] = a
      } else if a == 1 {
        result[index] = b
      } else if a < 0 {
        result[index] = b
      } else if b < 0 {
        result[index] = a
      } else {
        return nil
      }
    }
    return result
  }
}
