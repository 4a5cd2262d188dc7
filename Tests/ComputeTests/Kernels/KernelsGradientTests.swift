import TestSupport
import Testing

@testable import Compute

/// Kernels of training on every instruction set, beside plain loops.
@Suite struct KernelsGradientTests {
  private static let counts = [1, 3, 8, 15, 16, 17, 31, 64, 100]

  private func floats(_ count: Int, _ random: inout SplitMix64) -> [Float] {
    (0..<count).map { _ in Float(random.double(in: -2...2)) }
  }

  @Test(arguments: GradientKernels.Function.allCases)
  func functions(_ function: GradientKernels.Function) {
    var random = SplitMix64(state: 1)
    for kernels in Kernels.available {
      for count in Self.counts {
        let (dy, y) = (floats(count, &random), floats(count, &random))
        var found = [Float](repeating: 9, count: count + 1)
        GradientKernels.gradient(
          of: function, into: &found, dy, value: y, count: count, kernels: kernels)
        for index in 0..<count {
          let slope: Float =
            switch function {
            case .relu: y[index] > 0 ? 1 : 0
            case .sigmoid: y[index] * (1 - y[index])
            case .tanh: 1 - y[index] * y[index]
            }
          #expect((found[index] - dy[index] * slope).magnitude <= 1e-5, "\(kernels) \(count)")
        }
        #expect(found[count] == 9, "\(kernels) wrote behind \(count)")
      }
    }
  }

  @Test func softmax() {
    var random = SplitMix64(state: 2)
    for kernels in Kernels.available {
      for count in Self.counts {
        let (dy, y) = (floats(2 * count, &random), floats(2 * count, &random))
        var found = [Float](repeating: 9, count: 2 * count + 1)
        GradientKernels.softmax(
          into: &found, dy, value: y, lines: 2, length: count, kernels: kernels)
        for index in 0..<2 * count {
          let line = index / count * count..<(index / count + 1) * count
          let sum = line.reduce(0) { $0 + Double(dy[$1]) * Double(y[$1]) }
          let expected = Double(y[index]) * (Double(dy[index]) - sum)
          #expect((Double(found[index]) - expected).magnitude <= 1e-4 * max(1, expected.magnitude))
        }
        #expect(found[2 * count] == 9)
      }
    }
  }

  @Test func lstmSteps() {
    var random = SplitMix64(state: 3)
    for kernels in Kernels.available {
      for hidden in Self.counts {
        let gates = floats(4 * hidden, &random)
        let (t, old, dh) = (
          floats(hidden, &random), floats(hidden, &random), floats(hidden, &random)
        )
        let before = floats(hidden, &random)
        var (dc, found) = (before + [9], [Float](repeating: 9, count: 4 * hidden + 1))
        GradientKernels.lstm(
          into: &found, gates: gates, t: t, old: old, dh: dh, dc: &dc, hidden: hidden,
          kernels: kernels)
        for index in 0..<hidden {
          let (i, o) = (gates[index], gates[hidden + index])
          let (f, g) = (gates[2 * hidden + index], gates[3 * hidden + index])
          let c = dh[index] * o * (1 - t[index] * t[index]) + before[index]
          let expected = [
            c * g * i * (1 - i), dh[index] * t[index] * o * (1 - o), c * old[index] * f * (1 - f),
            c * i * (1 - g * g),
          ]
          for (gate, value) in expected.enumerated() {
            let error = (found[gate * hidden + index] - value).magnitude
            #expect(error <= 1e-4 * max(1, value.magnitude), "\(kernels) \(hidden)")
          }
          #expect((dc[index] - c * f).magnitude <= 1e-4 * max(1, (c * f).magnitude))
        }
        #expect(found[4 * hidden] == 9)
        #expect(dc[hidden] == 9)
      }
    }
  }

  @Test func maxPooling() {
    var random = SplitMix64(state: 4)
    for kernels in Kernels.available {
      for (channels, stride, pad) in [(1, 2, 0), (5, 1, 1), (16, 2, 1), (33, 3, 0), (70, 1, 0)] {
        let isRelu = channels % 2 == 1
        let (height, width) = (7, 6)
        let pooling = Pooling(
          .max,
          WindowGeometry(
            kernelHeight: 3, kernelWidth: 2, strideHeight: stride, strideWidth: stride,
            padTop: pad, padLeft: pad, padBottom: pad, padRight: pad), layout: .nhwc)
        let size = pooling.outputSize(height: height, width: width)
        // Few different numbers, so that windows have several largest elements.
        let x = (0..<2 * height * width * channels).map { _ in Float(random.next() % 4) }
        let dy = floats(2 * size.height * size.width * channels, &random)
        var (y, found) = (
          [Float](repeating: 0, count: dy.count), [Float](repeating: 9, count: x.count + 1)
        )
        var sums = [Float](repeating: 9, count: 2 * channels)
        pooling.run(
          x, batch: 2, channels: channels, height: height, width: width, into: &y, kernels: kernels)
        pooling.runGradient(
          x, output: y, arriving: dy, batch: 2, channels: channels, height: height, width: width,
          into: &found, isRelu: isRelu, sums: &sums, kernels: kernels)
        var expected = [Float](repeating: 0, count: x.count)
        var expectedSums = [Float](repeating: 0, count: 2 * channels)
        for place in dy.indices {
          let (channel, pixel) = (place % channels, place / channels)
          let (image, oy, ox) = (
            pixel / (size.height * size.width), pixel / size.width % size.height, pixel % size.width
          )
          var best = -1
          for row in 0..<3 {
            for column in 0..<2 {
              let (py, px) = (oy * stride - pad + row, ox * stride - pad + column)
              guard (0..<height).contains(py), (0..<width).contains(px) else { continue }
              let at = ((image * height + py) * width + px) * channels + channel
              if best < 0 || x[at] > x[best] { best = at }
            }
          }
          if best >= 0, !isRelu || x[best] > 0 {
            expected[best] += dy[place]
            expectedSums[image * channels + channel] += dy[place]
          }
        }
        for index in x.indices {
          #expect((found[index] - expected[index]).magnitude <= 1e-5, "\(kernels) \(channels)")
        }
        #expect(found[x.count] == 9)
        for index in sums.indices {
          #expect((sums[index] - expectedSums[index]).magnitude <= 1e-4, "\(kernels) \(channels)")
        }
      }
    }
  }
}
