import TestSupport
import Testing

@testable import Compute

/// Gradients of convolutions where little arrives, beside plain loops.
@Suite struct KernelsSparseConvolutionTests {
  struct Example: Sendable {
    var height = 9
    var width = 8
    var channels: Int
    var filters: Int
    var kernel: (Int, Int) = (3, 3)
    var stride = 1
    var pad = 0

    var geometry: WindowGeometry {
      WindowGeometry(
        kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: stride, strideWidth: stride,
        padTop: pad, padLeft: pad, padBottom: pad, padRight: pad)
    }
    var size: (height: Int, width: Int) { geometry.outputSize(height: height, width: width) }
    var arrivingCount: Int { size.height * size.width * filters }
    var inputCount: Int { height * width * channels }
    var weightCount: Int { kernel.0 * kernel.1 * channels * filters }
  }

  static let examples = [
    Example(channels: 16, filters: 5), Example(channels: 32, filters: 33, pad: 1),
    Example(channels: 48, filters: 4, kernel: (2, 5), pad: 2),
    Example(channels: 80, filters: 3, kernel: (3, 4), stride: 2),
    Example(height: 3, width: 3, channels: 64, filters: 17),
    Example(channels: 16, filters: 20, kernel: (1, 1)),
    Example(channels: 96, filters: 2, kernel: (3, 1), pad: 1),
  ]

  /// Numbers of which so many in a hundred are not zero. Small whole ones: their sums are exact.
  private static func arriving(_ count: Int, percent: Int, _ random: inout Random) -> [Float] {
    random.wholes(count).map { value in
      Int.random(in: 0..<100, using: &random) < percent ? value : 0
    }
  }

  /// Gradients by the weights [kernel, channels, filters] and by the image.
  private static func reference(
    _ e: Example, _ x: ArraySlice<Float>, _ dy: ArraySlice<Float>, _ w: [Float]
  ) -> (weights: [Float], data: [Float]) {
    var (weights, data) = (
      [Float](repeating: 0, count: e.weightCount), [Float](repeating: 0, count: e.inputCount)
    )
    for oy in 0..<e.size.height {
      for ox in 0..<e.size.width {
        for ky in 0..<e.kernel.0 {
          for kx in 0..<e.kernel.1 {
            let (y, column) = (oy * e.stride - e.pad + ky, ox * e.stride - e.pad + kx)
            guard (0..<e.height).contains(y), (0..<e.width).contains(column) else { continue }
            for channel in 0..<e.channels {
              let at = (y * e.width + column) * e.channels + channel
              let tap = ((ky * e.kernel.1 + kx) * e.channels + channel) * e.filters
              for filter in 0..<e.filters {
                let value = dy[dy.startIndex + (oy * e.size.width + ox) * e.filters + filter]
                weights[tap + filter] += value * x[x.startIndex + at]
                data[at] += value * w[tap + filter]
              }
            }
          }
        }
      }
    }
    return (weights, data)
  }

  @Test(arguments: examples.indices) func oneImage(_ index: Int) throws {
    let e = Self.examples[index]
    for kernels in Kernels.available {
      var random = Random("oneImage \(index)", kernels)
      let sparse = try #require(
        SparseConvolutionGradient(
          e.geometry, inputChannels: e.channels, outputChannels: e.filters, height: e.height,
          width: e.width, kernels: kernels))
      let (x, w) = (random.wholes(e.inputCount), random.wholes(e.weightCount))
      let depth = e.weightCount / e.filters
      let turned = (0..<e.weightCount).map { w[$0 % depth * e.filters + $0 / depth] }
      for percent in [0, 20, 100] {
        var dy = Self.arriving(e.arrivingCount, percent: percent, &random)
        if percent == 100 { dy = dy.map { $0 == 0 ? 1 : $0 } }
        let (weights, data) = (
          Memory([Float](repeating: 1, count: e.weightCount)), Memory(count: e.inputCount)
        )
        let scratch = Memory(count: sparse.scratchCount)
        let isDone = sparse.run(
          x, dy, weights: turned, addingTo: weights.base, into: data.base, scratch: scratch.base)
        #expect(weights.isIntact && data.isIntact && scratch.isIntact)
        #expect(isDone == (percent < 100), "\(kernels) \(percent)")
        guard isDone else {
          #expect(weights.values.allSatisfy { $0 == 1 })
          continue
        }
        let expected = Self.reference(e, x[...], dy[...], w)
        #expect(data.values == expected.data, "\(kernels) \(percent)")
        let found = weights.values
        for place in 0..<e.weightCount {
          let value = found[place % e.filters * depth + place / e.filters]
          #expect(value == expected.weights[place] + 1, "\(kernels) \(percent) \(place)")
        }
      }
    }
  }

  /// Some images by lists, some by products, on one thread and several.
  @Test(arguments: [[20, 20, 20, 20], [20, 100, 0, 100, 30], [100, 100, 100]], [1, 2, 3])
  func batches(_ percents: [Int], _ threadCount: Int) throws {
    var random = Random("batches \(percents) \(threadCount)")
    let threads = threadCount > 1 ? ThreadPool(participants: threadCount) : nil
    for e in Self.examples where e.stride == 1 && e.pad < min(e.kernel.0, e.kernel.1) {
      let batch = percents.count
      let (x, w) = (random.wholes(batch * e.inputCount), random.wholes(e.weightCount))
      let dy = percents.flatMap { Self.arriving(e.arrivingCount, percent: $0, &random) }
      var weights = [Float](repeating: 0, count: e.weightCount)
      var data: [Float] = []
      for image in 0..<batch {
        let one = Self.reference(
          e, x[image * e.inputCount..<(image + 1) * e.inputCount],
          dy[image * e.arrivingCount..<(image + 1) * e.arrivingCount], w)
        data += one.data
        for place in weights.indices { weights[place] += one.weights[place] }
      }
      let gradient = ConvolutionGradient(
        e.geometry, inputChannels: e.channels, outputChannels: e.filters, batch: batch,
        height: e.height, width: e.width, wantsData: true)
      let scratch = Memory(count: gradient.scratchCount(threadCount))
      let (foundWeights, foundData) = (Memory(count: weights.count), Memory(count: data.count))
      gradient.run(
        x, dy, weights: w, weightGradient: foundWeights.base, dataGradient: foundData.base,
        scratch: scratch.base, threads: threads)
      #expect(foundWeights.values == weights)
      #expect(foundData.values == data)
      #expect(foundWeights.isIntact && foundData.isIntact && scratch.isIntact)
    }
  }
}
