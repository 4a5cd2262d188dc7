internal import CKernels

extension BlockMatrix {
  /// The packed unit that begins with a row.
  private func unit(_ row: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(storage.base) + row / layout.rowsPerUnit * layout.unitByteCount
  }

  /// Packs some rows, which begin with a unit.
  func pack(_ rows: Range<Int>, _ source: UnsafeRawPointer) {
    let rowBytes = columnCount / format.elementsPerBlock * format.bytesPerBlock
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: layout.rowsPerUnit) {
      packUnit(row..<min(row + layout.rowsPerUnit, rowCount), source + row * rowBytes)
    }
  }

  /// Packs the rows of one unit, which lie at `source`.
  func packUnit(_ rows: Range<Int>, _ source: UnsafeRawPointer) {
    let (row, count) = (rows.lowerBound, rows.count)
    if let format = format.blockFormat {
      ck_block_pack(
        unit(row).assumingMemoryBound(to: UInt8.self), layout.rowsPerUnit,
        source.assumingMemoryBound(to: UInt8.self),
        columnCount / self.format.elementsPerBlock * self.format.bytesPerBlock, count,
        columnCount / self.format.elementsPerBlock, format)
      return
    }
    if count < layout.rowsPerUnit {
      unit(row).initializeMemory(as: UInt8.self, repeating: 0, count: layout.unitByteCount)
    }
    kernels.table.pointee.transpose(
      unit(row), layout.rowsPerUnit, source, columnCount, count, columnCount, format.bytesPerBlock)
  }

  /// Columns of the rows of one panel, in f32: in `panel`, or where the weights are.
  func expand(
    rows first: Int, columns: Range<Int>, into panel: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let (width, table) = (layout.rowsPerPanel, kernels.table)
    if let format = format.blockFormat {
      let packed = ck_block_packed_bytes(format) * layout.rowsPerUnit
      let skipped = columns.lowerBound / self.format.elementsPerBlock * packed
      var row = first
      while row < min(first + width, rowCount) {
        table.pointee.blockExpand(
          panel + (row - first), width, (unit(row) + skipped).assumingMemoryBound(to: UInt8.self),
          columns.count / 32, format)
        row += layout.rowsPerUnit
      }
      return UnsafePointer(panel)
    }
    let numbers = unit(first) + columns.lowerBound * width * format.bytesPerBlock
    guard format != .f32 else { return UnsafePointer(numbers.assumingMemoryBound(to: Float.self)) }
    let halves = numbers.assumingMemoryBound(to: UInt16.self)
    let convert = format == .f16 ? table.pointee.floatFromHalf : table.pointee.floatFromBFloat
    convert?(panel, halves, columns.count * width)
    return UnsafePointer(panel)
  }

  /// Weights in f32, a panel at a time, against activations as they are.
  func multiplyFloats(
    _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>,
    threads: ThreadPool?
  ) {
    let flops = 2 * Double(count) * Double(rowCount) * Double(columnCount)
    Parallel.rows(
      rowCount, multipleOf: layout.rowsPerPanel, cost: .flops(flops) + .bytes(byteCount),
      on: threads
    ) { rows in
      let panel = Scratch.right.floats(layout.rowsPerPanel * BlockMatrixLayout.columnsPerPart)
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: layout.rowsPerPanel) {
        multiplyPanel(row, panel, x, count: count, into: y)
      }
    }
  }

  private func multiplyPanel(
    _ row: Int, _ panel: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    var block = ck_gemm_block()
    block.n = min(layout.rowsPerPanel, rowCount - row)
    block.bRow = layout.rowsPerPanel
    block.aRow = columnCount
    block.aColumn = 1
    block.cRow = rowCount
    let step = format == .f32 ? SGEMM.depthPerBlock : BlockMatrixLayout.columnsPerPart
    var column = 0
    repeat {
      block.k = min(step, columnCount - column)
      block.b = expand(rows: row, columns: column..<column + block.k, into: panel)
      block.epilogue = Epilogue(beta: column == 0 ? 0 : 1).kernelEpilogue()
      var vector = 0
      while vector < count {
        block.m = min(SGEMM.rowsPerBlock(kernels), count - vector)
        block.a = x + (vector * columnCount + column)
        block.c = y + (vector * rowCount + row)
        kernels.table.pointee.sgemm(&block)
        vector += block.m
      }
      column += block.k
    } while column < columnCount
  }

  /// Units of rows.
  var unitCount: Int { (rowCount + layout.rowsPerUnit - 1) / layout.rowsPerUnit }

  /// The products of some units' rows with quantised activations: to the rows' places in y, which is
  /// [count × rows].
  func multiply(
    units: Range<Int>, _ x: UnsafePointer<ck_block_activation>, count: Int, isWide: Bool,
    into y: UnsafeMutablePointer<Float>
  ) {
    guard let format = format.blockFormat else { return }
    let first = units.lowerBound * layout.rowsPerUnit
    var product = ck_block_product()
    product.format = format
    product.weights = UnsafePointer(unit(first).assumingMemoryBound(to: UInt8.self))
    product.groupBytes = layout.unitByteCount
    product.rows = min(rowCount, units.upperBound * layout.rowsPerUnit) - first
    product.blocks = columnCount / 32
    product.count = count
    product.wide = isWide
    product.x = x
    product.y = y + first
    product.yRow = rowCount
    kernels.table.pointee.blockProduct(&product)
  }
}
