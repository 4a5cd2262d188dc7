internal import CKernels

/// Matrices whose products with the same vectors are computed together: one hand-off to the threads,
/// and activations are quantised once for all that take them alike.
public struct BlockMatrixGroup: Sendable {
  /// In the order of their products.
  public let matrices: [BlockMatrix]
  /// Elements of x.
  public let columnCount: Int
  /// Elements of all products of one vector.
  public let rowCount: Int

  /// One of each way in which the matrices take activations, and which of them each matrix takes;
  /// empty where one takes only floats, and each is multiplied on its own.
  private let formats: [ck_block_format]
  private let formatIndex: [Int]
  /// Units of rows, all matrices together.
  private let unitCount, byteCount: Int

  /// - Precondition: at least one matrix, all with the same number of columns and kernels.
  public init(_ matrices: [BlockMatrix]) {
    precondition(
      !matrices.isEmpty && matrices.allSatisfy { $0.columnCount == matrices[0].columnCount })
    self.matrices = matrices
    columnCount = matrices[0].columnCount
    rowCount = matrices.reduce(0) { $0 + $1.rowCount }
    unitCount = matrices.reduce(0) { $0 + $1.unitCount }
    byteCount = matrices.reduce(0) { $0 + $1.byteCount }
    var (formats, index) = ([ck_block_format](), [Int]())
    for matrix in matrices {
      guard let format = matrix.format.blockFormat else {
        (formats, index) = ([], [])
        break
      }
      if let known = formats.firstIndex(where: { ck_block_takes_alike($0, format) }) {
        index.append(known)
      } else {
        index.append(formats.count)
        formats.append(format)
      }
    }
    (self.formats, formatIndex) = (formats, index)
  }

  /// The products of `count` vectors, x [count × columns]: [count × rows] of the first matrix, behind
  /// it that of the second, and so on.
  public func multiply(
    _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>,
    precision: BlockMatrix.Precision = .quantized, threadCount: Int = 1
  ) {
    guard count > 0, rowCount > 0 else { return }
    let threads = ThreadPool.shared(threadCount: threadCount)
    guard precision != .float32, !formats.isEmpty else {
      var at = y
      for matrix in matrices {
        if precision == .float32 || matrix.format.blockFormat == nil {
          matrix.multiplyFloats(x, count: count, into: at, threads: threads)
        } else {
          matrix.multiply(
            x, count: count, into: at, precision: precision, threadCount: threadCount)
        }
        at += count * matrix.rowCount
      }
      return
    }
    var first = 0
    while first < count {
      let part = min(Self.vectorsPerPart, count - first)
      multiplyQuantized(
        x + first * columnCount, first..<first + part, of: count,
        isWide: precision == .wide, into: y, threads)
      first += part
    }
  }

  /// Weights as they are, against some vectors' activations in 8 or 16 bits.
  private func multiplyQuantized(
    _ x: UnsafePointer<Float>, _ vectors: Range<Int>, of total: Int, isWide: Bool,
    into y: UnsafeMutablePointer<Float>, _ threads: ThreadPool?
  ) {
    let (blocks, count) = (columnCount / 32, vectors.count)
    let table = matrices[0].kernels.table
    let each = isWide ? 2 : 1
    let stride = count * each * blocks
    let quantized = Scratch.left
      .bytes(stride * formats.count * MemoryLayout<ck_block_activation>.stride)
      .assumingMemoryBound(to: ck_block_activation.self)
    // Vectors are quantised in tiles of eight at most, or less where that is the last.
    Parallel.rows(
      count, multipleOf: 8,
      cost: .elements(count * columnCount * each * formats.count, nanosecondsEach: 0.25),
      on: threads, evenly: true
    ) { part in
      for (index, format) in formats.enumerated() {
        table.pointee.blockQuantize(
          quantized + index * stride + part.lowerBound * each * blocks,
          x + part.lowerBound * columnCount, columnCount, part.count, blocks, format, isWide)
      }
    }
    // An operation takes about a quarter of the time that one in floating point does.
    let flops = 0.5 * Double(count * each) * Double(rowCount) * Double(columnCount)
    Parallel.rows(unitCount, cost: .flops(flops) + .bytes(byteCount), on: threads) { units in
      // Units are counted through all matrices.
      var (firstUnit, at) = (0, y)
      for (index, matrix) in matrices.enumerated() {
        let own = units.clamped(to: firstUnit..<firstUnit + matrix.unitCount)
        if !own.isEmpty {
          matrix.multiply(
            units: own.lowerBound - firstUnit..<own.upperBound - firstUnit,
            quantized + formatIndex[index] * stride, count: count, isWide: isWide,
            into: at + vectors.lowerBound * matrix.rowCount)
        }
        firstUnit += matrix.unitCount
        at += total * matrix.rowCount
      }
    }
  }

  /// Vectors whose activations are held in few bits at a time: as many as a chunk of a prompt has.
  private static let vectorsPerPart = 1024
}
