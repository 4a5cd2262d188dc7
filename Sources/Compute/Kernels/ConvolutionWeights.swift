internal import CKernels

/// Brings ONNX's weights, [outputs, channels, kernelHeight, kernelWidth] per group, into the order
/// the kernels read. Runs once per model, so it is written to be read.
struct WeightPacking {
  let geometry: WindowGeometry
  let channels: Int
  let outputs: Int
  let groups: Int
  let weights: UnsafePointer<Float>
  let kernels: Kernels

  private var taps: Int { geometry.kernelHeight * geometry.kernelWidth }
  private var depth: Int { channels * taps }

  /// Rows in the order of an NHWC window: image row, pixel, channel.
  func right() -> Convolution2D.Weights {
    var space = PackingSpace()
    return .right(
      (0..<groups).map { group in
        let packed = PackedMatrix(
          rowCount: depth, columnCount: outputs, kernels: kernels, in: &space)
        let from = weights + group * outputs * depth
        if taps == 1 {
          packed.pack(Matrix(from, rowStride: depth).transposed)
        } else {
          packTurned(from, into: packed)
        }
        return packed
      })
  }

  /// A panel at a time, whose turned outputs stay in the second cache until they are packed.
  private func packTurned(_ from: UnsafePointer<Float>, into packed: PackedMatrix) {
    let turned = AlignedFloats(uninitializedCount: kernels.panelColumns * depth)
    for first in stride(from: 0, to: outputs, by: kernels.panelColumns) {
      let columns = first..<min(first + kernels.panelColumns, outputs)
      for output in columns {
        let row = from + output * depth
        let target = turned.base + (output - first) * depth
        for tap in 0..<taps {
          for channel in 0..<channels {
            target[tap &* channels &+ channel] = row[channel &* taps &+ tap]
          }
        }
      }
      packed.pack(Matrix(turned.base, rowStride: depth).transposed, columns: columns)
    }
  }

  /// Blocks of whole channels, so that a block of im2col stays in the second cache.
  func left() -> Convolution2D.Weights {
    let channelsPerBlock = max(1, min(channels, Convolution2D.depthPerBlock / taps))
    return .left(
      (0..<groups).map { group in
        stride(from: 0, to: max(channels, 1), by: channelsPerBlock).map { first in
          let count = min(channelsPerBlock, channels - first)
          return PackedLeftMatrix(
            Matrix(weights + (group * outputs * depth + first * taps), rowStride: depth),
            rowCount: outputs, columnCount: count * taps, kernels: kernels)
        }
      }, channelsPerBlock: channelsPerBlock)
  }

  func depthwise() -> Convolution2D.Weights {
    let turned = AlignedFloats(count: groups * taps)
    for group in 0..<groups {
      for tap in 0..<taps { turned.base[tap * groups + group] = weights[group * taps + tap] }
    }
    return .depthwise(turned)
  }

  func winograd(size: Int) -> Convolution2D.Weights {
    .winograd(
      WinogradFilters(
        size: size, channels: channels, outputs: outputs, weights: weights, kernels: kernels))
  }
}
