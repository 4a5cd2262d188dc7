/// Generic matrix products for the element types other than FP32. C = A · B with any
/// strides; integers wrap, 16-bit floats are summed in double precision.
enum MatrixProduct {
  struct Sizes {
    var m: Int
    var n: Int
    var k: Int
  }

  /// A matrix by its element strides.
  struct Matrix<T> {
    var pointer: UnsafeMutablePointer<T>
    var row: Int
    var column: Int
  }

  static func multiply<T: Element>(
    _ sizes: Sizes, _ a: Matrix<T>, _ b: Matrix<T>, _ c: UnsafeMutablePointer<T>,
    dataType: DataType, threads: ThreadPool? = nil
  ) {
    if ElementProduct.suits(dataType) {
      return ElementProduct.run(
        dataType, m: sizes.m, n: sizes.n, k: sizes.k,
        .init(base: a.pointer, row: a.row, column: a.column),
        .init(base: b.pointer, row: b.row, column: b.column), into: c, threads: threads)
    }
    let isInteger = dataType.isInteger
    for row in 0..<sizes.m {
      for column in 0..<sizes.n {
        let (left, right) = (a.pointer + row * a.row, b.pointer + column * b.column)
        if isInteger {
          var sum = T.zero
          for index in 0..<sizes.k {
            sum = T.add(sum, T.multiply(left[index * a.column], right[index * b.row]))
          }
          c[row * sizes.n + column] = sum
        } else {
          var sum = 0.0
          for index in 0..<sizes.k {
            sum += left[index * a.column].asDouble * right[index * b.row].asDouble
          }
          c[row * sizes.n + column] = T(converting: sum)
        }
      }
    }
  }
}
