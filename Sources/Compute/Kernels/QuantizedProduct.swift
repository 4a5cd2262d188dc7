internal import CKernels

/// Rows of unsigned bytes times packed bytes, finished column by column: plus an offset, times a
/// factor, then to bytes again or to floats. The sums are exact.
struct QuantizedProduct {
  let right: PackedIntegerMatrix
  /// One a column, to the end of the last panel. Offsets take the left side's zero point off.
  let offsets: UnsafePointer<Int32>
  let factors: UnsafePointer<Float>
  let output: Output

  enum Output {
    case bytes(UnsafeMutablePointer<UInt8>, ByteRange)
    case floats(UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?)
  }

  /// Bytes from one row of a kernel's left side to the next: it reads whole lanes of four.
  static func rowStride(_ k: Int) -> Int { (k + 3) / 4 * 4 }

  /// Computes all rows. `rows` makes those of a range ready, for as long as it is not called again
  /// on the same thread; it returns the first one and the bytes between two.
  func run(
    rowCount: Int, threads: ThreadPool?,
    rows: (Range<Int>) -> (first: UnsafePointer<UInt8>, stride: Int)
  ) {
    let (n, k) = (right.columnCount, right.rowCount)
    guard rowCount > 0, n > 0 else { return }
    // An operation takes about a quarter of the time that one in floating point does.
    let cost = Parallel.Cost.flops(0.5 * Double(rowCount) * Double(n) * Double(k))
    guard let threads else { return block(0..<rowCount, 0..<n, rows) }
    if rowCount >= 4 * right.kernels.panelRows * threads.participantCount {
      Parallel.rows(rowCount, cost: cost, on: threads, evenly: true) { block($0, 0..<n, rows) }
    } else {
      Parallel.rows(
        n, multipleOf: right.kernels.panelColumns, cost: cost, on: threads, evenly: true
      ) { block(0..<rowCount, $0, rows) }
    }
  }

  /// Bytes of the left side that stay in the second cache while all panels pass by.
  private static let blockByteCount = 192 << 10

  private func block(
    _ range: Range<Int>, _ columns: Range<Int>,
    _ rows: (Range<Int>) -> (first: UnsafePointer<UInt8>, stride: Int)
  ) {
    let tile = right.kernels.panelRows
    let fitting = Self.blockByteCount / max(Self.rowStride(right.rowCount), 1)
    let step = min(fitting < tile ? max(fitting, 1) : fitting / tile * tile, 32 * tile)
    var call = ck_quantized_product()
    call.n = columns.count
    call.k = right.rowCount
    call.packedB = UnsafePointer(right.packed(columns.lowerBound))
    call.offsets = offsets + columns.lowerBound
    call.factors = factors + columns.lowerBound
    call.outputRow = right.columnCount
    var row = range.lowerBound
    while row < range.upperBound {
      let end = min(row + step, range.upperBound)
      let left = rows(row..<end)
      call.a = left.first
      call.aRow = left.stride
      call.m = end - row
      let place = row * right.columnCount + columns.lowerBound
      switch output {
      case .bytes(let target, let range):
        call.bytes = target + place
        (call.zero, call.low, call.high) = (range.zero, range.low, range.high)
      case .floats(let target, let bias):
        call.floats = target + place
        call.bias = bias.map { $0 + columns.lowerBound }
      }
      right.kernels.table.pointee.quantizedProduct(&call)
      row = end
    }
  }
}

/// What a quantised value's bytes may be: the zero point, and the bounds of the type.
struct ByteRange: Sendable {
  let zero: Int32
  let low: Int32
  let high: Int32

  init(zero: Int32, isSigned: Bool) {
    self.zero = zero
    low = isSigned ? -128 : 0
    high = low + 255
  }
}

extension AlignedFloats {
  /// The same memory as 32-bit integers.
  var integers: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: Int32.self)
  }
}
