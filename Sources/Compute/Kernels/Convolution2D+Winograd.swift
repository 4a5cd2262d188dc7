internal import CKernels

extension Convolution2D {
  /// Bytes of planes, before and behind the products, that are worked on together: with a panel of
  /// filters they stay in the second cache.
  private static var planeByteCount: Int { 600 << 10 }
  /// Fewer tiles than this are products of few rows, which read the filters for too little.
  private static var tilesPerBlockMin: Int { 28 }
  /// Products of one or two rows are summed in another order than taller ones, so that no block has
  /// so few tiles unless the images have.
  private static var tilesMin: Int { 3 }

  func runWinograd(
    _ filters: WinogradFilters, _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    residual: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>,
    cost: Parallel.Cost, threads: ThreadPool?
  ) {
    let size = geometry.outputSize(height: height, width: width)
    var tiles = ck_winograd_tiles()
    tiles.size = filters.size
    tiles.across = (size.width + filters.size - 1) / filters.size
    tiles.down = (size.height + filters.size - 1) / filters.size
    var before = ck_winograd_input()
    before.input = input
    before.zeros = UnsafePointer(filters.zeros.base)
    (before.channels, before.height, before.width) = (inputChannels, height, width)
    (before.padTop, before.padLeft) = (geometry.padTop, geometry.padLeft)
    var behind = ck_winograd_output()
    behind.output = output
    (behind.channels, behind.height, behind.width) = (outputChannels, size.height, size.width)
    behind.bias = bias.map { UnsafePointer($0.base) }
    let epilogue = Epilogue(activation: activation).kernelEpilogue()
    (behind.low, behind.high, behind.clamps) = (epilogue.low, epilogue.high, epilogue.clamps)

    let tileRows = batch * tiles.down
    let rowsPerUnit = (Self.tilesMin + tiles.across - 1) / tiles.across
    let units = max(1, tileRows / rowsPerUnit)
    Parallel.rows(units, cost: cost, on: threads, evenly: true) { [before, behind, tiles] share in
      convolve(
        filters, before, behind, tiles,
        rows: tileRows * share.lowerBound / units..<tileRows * share.upperBound / units, residual)
    }
  }

  /// The given rows of tiles, which count through all images: some rows at a time, whose outputs lie
  /// together and are finished by `tail`.
  private func convolve(
    _ filters: WinogradFilters, _ before: ck_winograd_input, _ behind: ck_winograd_output,
    _ tiles: ck_winograd_tiles, rows: Range<Int>, _ residual: UnsafePointer<Float>?
  ) {
    let tilesPerBlock = max(
      Self.tilesPerBlockMin,
      Self.planeByteCount / (4 * filters.planes.count * (inputChannels + outputChannels)))
    let groups = max(1, min(rows.count, rows.count * tiles.across / tilesPerBlock))
    for group in 0..<groups {
      let start = rows.lowerBound + rows.count * group / groups
      let end = rows.lowerBound + rows.count * (group + 1) / groups
      let (first, count) = (start * tiles.across, (end - start) * tiles.across)
      let blocks = max(1, count / tilesPerBlock)
      for block in 0..<blocks {
        var part = tiles
        part.first = first + count * block / blocks
        part.count = first + count * (block + 1) / blocks - part.first
        convolve(filters, before, behind, part)
      }
      finish(
        firstOutput(behind, tiles, row: start)..<firstOutput(behind, tiles, row: end),
        of: behind.output, residual)
    }
  }

  /// Where the outputs of a row of tiles begin.
  private func firstOutput(
    _ behind: ck_winograd_output, _ tiles: ck_winograd_tiles, row: Int
  ) -> Int {
    let y = min(row % tiles.down * tiles.size, behind.height)
    return (row / tiles.down * behind.height + y) * behind.width * outputChannels
  }

  /// One block of tiles: to planes, through the products, and back.
  private func convolve(
    _ filters: WinogradFilters, _ before: ck_winograd_input, _ behind: ck_winograd_output,
    _ tiles: ck_winograd_tiles
  ) {
    // Rows end with a whole vector; one line more, and they fall into cache sets of their own.
    func stride(_ channels: Int) -> Int { (channels + 15) / 16 * 16 + 16 }
    let (depth, columns) = (stride(inputChannels), stride(outputChannels))
    let (from, to) = (
      Scratch.image.floats(filters.planes.count * tiles.count * depth),
      Scratch.staging.floats(filters.planes.count * tiles.count * columns)
    )
    var (before, behind) = (before, behind)
    (before.tiles, behind.tiles) = (tiles, tiles)
    (before.planes, before.tiles.tile, before.tiles.plane) = (from, depth, tiles.count * depth)
    (behind.planes, behind.tiles.tile, behind.tiles.plane) = (
      UnsafePointer(to), columns, tiles.count * columns
    )
    kernels.table.pointee.winogradInput(&before)
    for (index, plane) in filters.planes.enumerated() {
      SGEMM.run(
        m: tiles.count, Matrix(from + index * before.tiles.plane, rowStride: depth), plane,
        into: to + index * behind.tiles.plane, rowStride: columns)
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: tiles.count) { broken in
      behind.broken = broken.baseAddress
      kernels.table.pointee.winogradOutput(&behind)
      for index in 0..<tiles.count where broken[index] != 0 {
        convolveDirectly(filters, before, behind, tile: tiles.first + index)
      }
    }
  }
}
