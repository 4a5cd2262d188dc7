import Glibc
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
        let rows = 3
        let sums = floats(4 * rows * hidden, &random)
        let old = floats(rows * hidden, &random)
        let (gates, after, state) = (
          Memory(sums), Memory(count: rows * hidden), Memory(count: rows * hidden)
        )
        GradientKernels.lstmForward(
          gates: gates.base, before: old, after: after.base, state: state.base, rows: rows,
          hidden: hidden, kernels: kernels)
        let (dh, before) = (floats(rows * hidden, &random), floats(rows * hidden, &random))
        let (dc, found) = (Memory(before), Memory(count: 4 * rows * hidden))
        let total = Memory([Float](repeating: 1, count: 4 * hidden))
        GradientKernels.lstm(
          into: found.base, gates: gates.base, before: old, after: after.base, dh: dh,
          dc: dc.base, sums: total.base, rows: rows, hidden: hidden, kernels: kernels)
        var expectedTotal = [Double](repeating: 1, count: 4 * hidden)
        for place in 0..<rows * hidden {
          let (row, index) = (place / hidden, place % hidden)
          func at(_ gate: Int) -> Int { (4 * row + gate) * hidden + index }
          func sigmoid(_ x: Float) -> Double { 1 / (1 + exp(-Double(x))) }
          let (i, o, f) = (sigmoid(sums[at(0)]), sigmoid(sums[at(1)]), sigmoid(sums[at(2)]))
          let g = tanh(Double(sums[at(3)]))
          let cell = f * Double(old[place]) + i * g
          let t = tanh(cell)
          for (gate, value) in [i, o, f, g].enumerated() {
            #expect((Double(gates.values[at(gate)]) - value).magnitude <= 1e-6, "\(kernels)")
          }
          #expect((Double(after.values[place]) - cell).magnitude <= 2e-6, "\(kernels) \(hidden)")
          #expect((Double(state.values[place]) - o * t).magnitude <= 2e-6, "\(kernels) \(hidden)")
          let arriving = Double(dh[place])
          let c = arriving * o * (1 - t * t) + Double(before[place])
          let expected = [
            c * g * i * (1 - i), arriving * t * o * (1 - o),
            c * Double(old[place]) * f * (1 - f), c * i * (1 - g * g),
          ]
          for (gate, value) in expected.enumerated() {
            let error = (Double(found.values[at(gate)]) - value).magnitude
            #expect(error <= 1e-5 * max(1, value.magnitude), "\(kernels) \(hidden)")
            expectedTotal[gate * hidden + index] += value
          }
          #expect((Double(dc.values[place]) - c * f).magnitude <= 1e-5 * max(1, (c * f).magnitude))
        }
        for index in 0..<4 * hidden {
          #expect((Double(total.values[index]) - expectedTotal[index]).magnitude <= 1e-4)
        }
        for memory in [gates, after, state, dc, found, total] { #expect(memory.isIntact) }
      }
    }
  }

  @Test func gelu() {
    var random = SplitMix64(state: 5)
    for kernels in Kernels.available {
      for count in Self.counts {
        let dy = floats(count, &random)
        let x = (0..<count).map { _ in Float(random.double(in: -6...6)) }
        for function in [Elementwise.Unary.gelu, .geluTanh] {
          let found = Memory(count: count)
          GradientKernels.gelu(function, into: found.base, dy, x, count: count, kernels: kernels)
          for index in 0..<count {
            let x = Double(x[index])
            var slope = 0.5 * (1 + erf(x / 2.0.squareRoot()))
            slope += x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            if function == .geluTanh {
              let scale = (2 / Double.pi).squareRoot()
              let t = tanh(scale * (x + 0.044715 * x * x * x))
              slope =
                0.5 * (1 + t) + 0.5 * x * (1 - t * t) * scale * (1 + 3 * 0.044715 * x * x)
            }
            let error = (Double(found.values[index]) - Double(dy[index]) * slope).magnitude
            #expect(error <= 4e-6, "\(kernels) \(function) at \(x)")
          }
          #expect(found.isIntact)
        }
      }
    }
  }

  @Test func layerNormalization() {
    var random = SplitMix64(state: 6)
    for kernels in Kernels.available {
      for length in Self.counts {
        let (lines, isCentered) = (3, length % 2 == 1)
        let (dy, x) = (floats(lines * length, &random), floats(lines * length, &random))
        let scale = floats(length, &random)
        let (found, scaleSums) = (
          Memory(count: lines * length), Memory([Float](repeating: 1, count: length))
        )
        let sums = Memory([Float](repeating: 2, count: length))
        GradientKernels.layerNorm(
          into: found.base, dy, x, scale: scale, scaleSums: scaleSums.base, sums: sums.base,
          lines: lines, length: length, epsilon: 0.01, isCentered: isCentered, kernels: kernels)
        var (expectedScale, expectedSums) = (
          [Double](repeating: 1, count: length), [Double](repeating: 2, count: length)
        )
        for line in 0..<lines {
          let range = line * length..<(line + 1) * length
          let share = 1 / Double(length)
          let mean = isCentered ? range.reduce(0) { $0 + Double(x[$1]) } * share : 0
          let variance =
            range.reduce(0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) } * share
          let factor = 1 / (variance + 0.01).squareRoot()
          let normal = range.map { (Double(x[$0]) - mean) * factor }
          let dn = range.map { Double(dy[$0]) * Double(scale[$0 - range.lowerBound]) }
          let shift = isCentered ? dn.reduce(0, +) * share : 0
          let slope = zip(dn, normal).reduce(0) { $0 + $1.0 * $1.1 } * share
          for index in 0..<length {
            let value = factor * (dn[index] - shift - normal[index] * slope)
            let error = (Double(found.values[range.lowerBound + index]) - value).magnitude
            #expect(error <= 1e-4 * max(1, value.magnitude), "\(kernels) \(length)")
            expectedScale[index] += Double(dy[range.lowerBound + index]) * normal[index]
            expectedSums[index] += Double(dy[range.lowerBound + index])
          }
        }
        for index in 0..<length {
          #expect((Double(scaleSums.values[index]) - expectedScale[index]).magnitude <= 1e-4)
          #expect((Double(sums.values[index]) - expectedSums[index]).magnitude <= 1e-5)
        }
        for memory in [found, scaleSums, sums] { #expect(memory.isIntact) }
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
