internal import CKernels

/// Products of 8-bit integers less their zero points, summed modulo 2^32:
/// C[m×n] = (A - zeroA) · (B - zeroB), which is
/// A·B - zeroA · columnSums(B) - zeroB · rowSums(A) + k · zeroA · zeroB.
struct IGEMM {
  let right: PackedIntegerMatrix
  /// Rows of bytes, one behind the other, or some bytes apart: then they are unsigned, and read to the
  /// next multiple of four.
  let left: UnsafeRawPointer
  var leftStride: Int?
  let leftIsUnsigned: Bool
  let rowCount: Int
  /// The zero point of a row of A.
  let leftZero: (Int) -> Int32
  let rightZero: RightZero

  /// The zero points of B.
  enum RightZero {
    /// One for all of it.
    case one(Int32)
    /// One for each column.
    case each((Int) -> Int32)
  }

  /// Rows whose sums are made together, and stay in the caches until they are taken.
  private static let rowsPerBlock = 112

  /// Calls `take` with a row, its first column, and the sums from there on, for all of C.
  func run(threads: ThreadPool?, _ take: (Int, Int, UnsafeMutableBufferPointer<Int32>) -> Void) {
    let (n, k) = (right.columnCount, right.rowCount)
    guard rowCount > 0, n > 0 else { return }
    let panelColumns = right.kernels.panelColumns
    // An operation takes about a quarter of the time that one in floating point does.
    let cost = Parallel.Cost.flops(0.5 * Double(rowCount) * Double(n) * Double(k))
    Parallel.rows(n, multipleOf: panelColumns, cost: cost, on: threads, evenly: true) {
      columns($0, take)
    }
  }

  private func columns(
    _ columns: Range<Int>, _ take: (Int, Int, UnsafeMutableBufferPointer<Int32>) -> Void
  ) {
    let k = right.rowCount
    let width = columns.count
    // The kernel takes unsigned bytes, in rows of whole lanes.
    let stride = leftStride ?? (k + 3) / 4 * 4
    let copies = leftStride == nil && (!leftIsUnsigned || stride != k)
    var row = 0
    while row < rowCount {
      let count = min(Self.rowsPerBlock, rowCount - row)
      let bytes = UnsafeRawPointer(left + row * (leftStride ?? k))
        .assumingMemoryBound(to: UInt8.self)
      var source = bytes
      if copies {
        let flip: UInt8 = leftIsUnsigned ? 0 : 128
        let copy = Scratch.left.bytes(count * stride + 4).assumingMemoryBound(to: UInt8.self)
        for place in 0..<count {
          for index in 0..<k { copy[place * stride + index] = bytes[place * k + index] ^ flip }
          for index in k..<stride { copy[place * stride + index] = 0 }
        }
        source = UnsafePointer(copy)
      }
      let sums = Scratch.staging.bytes(count * width * 4).assumingMemoryBound(to: Int32.self)
      right.kernels.table.pointee.igemm(
        sums, width, source, stride, right.packed(columns.lowerBound), count, width, k)
      for place in 0..<count {
        let line = UnsafeMutableBufferPointer(start: sums + place * width, count: width)
        correct(line, row + place, columns.lowerBound, source + place * stride)
        take(row + place, columns.lowerBound, line)
      }
      row += count
    }
  }

  /// Takes the zero points off.
  private func correct(
    _ line: UnsafeMutableBufferPointer<Int32>, _ row: Int, _ column: Int,
    _ source: UnsafePointer<UInt8>
  ) {
    let zero = leftZero(row) &+ (leftIsUnsigned ? 0 : 128)
    let sums = right.columnSums + column
    if zero != 0 {
      for index in 0..<line.count { line[index] = line[index] &- zero &* sums[index] }
    }
    if case .one(right.shift) = rightZero { return }
    var rowSum: Int32 = 0
    for index in 0..<right.rowCount { rowSum &+= Int32(source[index]) }
    rowSum = rowSum &- Int32(truncatingIfNeeded: right.rowCount) &* zero
    switch rightZero {
    case .one(let zero):
      let excess = (zero &- right.shift) &* rowSum
      for index in 0..<line.count { line[index] = line[index] &- excess }
    case .each(let zero):
      for index in 0..<line.count {
        line[index] = line[index] &- (zero(column + index) &- right.shift) &* rowSum
      }
    }
  }
}
