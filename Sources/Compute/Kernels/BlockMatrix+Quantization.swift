internal import CKernels
internal import Synchronization

extension BlockFormat {
  /// Whether numbers can be turned into this format: Q8_0 and Q4_K.
  public var isQuantizable: Bool { blockFormat.map(ck_block_quantizable) ?? false }

  /// Turns numbers into whole blocks. Every kernel writes the same bytes.
  ///
  /// - Returns: false, with some bytes unwritten, if a number is not finite.
  public func quantize(
    _ elements: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer,
    kernels: Kernels = .active
  ) -> Bool {
    precondition(
      isQuantizable && byteCount(elementCount: elements.count) == bytes.count,
      "\(self): expected room for \(elements.count) elements in whole blocks, got \(bytes.count)")
    guard let source = elements.baseAddress, let target = bytes.baseAddress, let blockFormat else {
      return true
    }
    return kernels.table.pointee.quantizeWeights(
      target.assumingMemoryBound(to: UInt8.self), source, elements.count / elementsPerBlock,
      blockFormat)
  }
}

extension BlockMatrix {
  /// Copies weights that are plain numbers into blocks, some rows at a time.
  ///
  /// - Parameters:
  ///   - source: what the weights are: f32, f16 or bf16.
  ///   - bytes: rows one behind the other.
  ///   - format: what they become: a format that numbers can be turned into, whose blocks rows are a
  ///     whole number of.
  public convenience init(
    rows: Int, columns: Int, quantizing source: BlockFormat, bytes: UnsafeRawBufferPointer,
    to format: BlockFormat, kernels: Kernels = .active, threadCount: Int = 1
  ) throws(BlockMatrixError) {
    guard source.blockFormat == nil, format.isQuantizable else {
      throw BlockMatrixError(
        code: .unsupportedFormat,
        message: "expected f32, f16 or bf16 to become q8_0 or q4_K, got \(source) and \(format)")
    }
    // Looks at what was given, before room is made for what it becomes.
    _ = try BlockMatrixLayout(
      rows: rows, columns: columns, format: source, kernels: kernels, givenByteCount: bytes.count)
    try self.init(
      unpackedRows: rows, columns: columns, format: format, kernels: kernels, givenByteCount: nil)
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    let isFinite = Atomic(true)
    let layout = layout
    Parallel.rows(
      rows, multipleOf: layout.rowsPerUnit, cost: .elements(rows * columns, nanosecondsEach: 4),
      on: ThreadPool.shared(threadCount: threadCount)
    ) { part in
      for row in stride(from: part.lowerBound, to: part.upperBound, by: layout.rowsPerUnit) {
        let unit = row..<min(row + layout.rowsPerUnit, part.upperBound)
        if !quantize(unit, source, base) { isFinite.store(false, ordering: .relaxed) }
      }
    }
    guard isFinite.load(ordering: .relaxed) else {
      throw BlockMatrixError(
        code: .notFinite, message: "expected finite numbers, got one that is not")
    }
  }

  /// Quantises and packs the rows of one unit.
  private func quantize(
    _ rows: Range<Int>, _ source: BlockFormat, _ bytes: UnsafeRawPointer
  ) -> Bool {
    let count = rows.count * columnCount
    guard let blockByteCount = format.byteCount(elementCount: count) else { return false }
    let numbers = Scratch.left.floats(count)
    let rowBytes = columnCount * source.bytesPerBlock
    let (from, table) = (bytes + rows.lowerBound * rowBytes, kernels.table)
    let convert =
      source == .f16
      ? table.pointee.floatFromHalf : source == .bf16 ? table.pointee.floatFromBFloat : nil
    if let convert {
      convert(numbers, from.assumingMemoryBound(to: UInt16.self), count)
    } else {
      UnsafeMutableRawPointer(numbers).copyMemory(from: from, byteCount: rows.count * rowBytes)
    }
    let blocks = Scratch.right.bytes(blockByteCount)
    let isFinite = format.quantize(
      UnsafeBufferPointer(start: numbers, count: count),
      into: UnsafeMutableRawBufferPointer(start: blocks, count: blockByteCount), kernels: kernels)
    if isFinite { packUnit(rows, blocks) }
    return isFinite
  }
}
