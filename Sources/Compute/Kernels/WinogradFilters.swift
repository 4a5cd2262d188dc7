internal import CKernels

/// The filters of a convolution of 3×3 windows, transformed for tiles of `size` × `size` outputs: a
/// packed matrix of channels × outputs for each of the (size + 2)² products of a tile. They hold 1.8
/// (2×2) or 4 times (4×4) what the filters do.
struct WinogradFilters {
  let size: Int
  let planes: [PackedMatrix]
  /// A pixel outside the image.
  let zeros: AlignedFloats
  /// The filters as they were.
  let plain = PlainFilters()
  private let memory: AlignedFloats

  /// - Parameters:
  ///   - size: 2 or 4.
  ///   - weights: [outputs, channels, 3, 3].
  init(
    size: Int, channels: Int, outputs: Int, weights: UnsafePointer<Float>, kernels: Kernels
  ) {
    self.size = size
    let count = (size + 2) * (size + 2)
    let panelColumns = kernels.panelColumns
    let panels = (outputs + panelColumns - 1) / panelColumns
    memory = AlignedFloats(
      uninitializedCount: count * PackingSpace.floatCount(panels * panelColumns * channels))
    var space = PackingSpace(memory.base)
    planes = (0..<count).map { _ in
      PackedMatrix(rowCount: channels, columnCount: outputs, kernels: kernels, in: &space)
    }
    zeros = AlignedFloats(count: channels)
    // A panel at a time, whose transformed filters stay in the second cache until they are packed.
    let lanes = kernels.vectorLanes
    let row = (channels + lanes - 1) / lanes * lanes
    let turned = AlignedFloats(uninitializedCount: count * panelColumns * row)
    var call = ck_winograd_filters()
    call.size = size
    call.channels = channels
    call.planes = turned.base
    call.plane = panelColumns * row
    call.row = row
    for first in stride(from: 0, to: outputs, by: panelColumns) {
      let columns = first..<min(first + panelColumns, outputs)
      call.weights = weights + first * channels * 9
      call.outputs = columns.count
      kernels.table.pointee.winogradFilters(&call)
      for (index, plane) in planes.enumerated() {
        plane.pack(
          Matrix(turned.base + index * call.plane, rowStride: row).transposed, columns: columns)
      }
    }
  }
}
