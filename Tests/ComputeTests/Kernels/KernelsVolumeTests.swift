import Testing

@testable import Compute

/// Convolutions of one to three dimensions, and the transposed ones, against their definition. Whole
/// numbers are exact in f32 in any order.
@Suite struct KernelsVolumeTests {
  struct Case {
    var windows: VolumeWindows
    var batch, channels, outputs, groups: Int
    var hasBias: Bool
    var activation: Epilogue.Activation

    init(_ random: inout Random, _ kernels: Kernels) {
      func small(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      func axis(_ size: Int) -> VolumeWindows.Axis {
        var axis = VolumeWindows.Axis(
          size: size, kernel: small(1...4), stride: small(1...3), dilation: small(1...2),
          pad: small(0...2))
        if small(0...1) == 0 { (axis.stride, axis.pad) = (1, 0) }
        let reach = (axis.kernel - 1) * axis.dilation + 1
        // Padding behind may be more than in front.
        let room = size + axis.pad + small(0...3) - reach
        if room < 0 {
          (axis.kernel, axis.outputSize) = (1, size)
        } else {
          axis.outputSize = room / axis.stride + 1
        }
        if axis.kernel == 1 { (axis.stride, axis.pad, axis.outputSize) = (1, 0, size) }
        return axis
      }
      let rank = small(1...3)
      windows = VolumeWindows(
        axes: (
          rank > 2 ? axis(small(1...6)) : .init(), rank > 1 ? axis(small(1...9)) : .init(),
          axis(random.size(kernels, upTo: rank == 1 ? 400 : 70, zero: false))
        ))
      groups = [1, 1, 2, 5].randomElement(using: &random) ?? 1
      batch = small(0...2)
      channels = small(1...5)
      outputs = small(0...2) == 0 ? small(1...3) : random.size(kernels, upTo: 40, zero: false)
      // Deep ones are cut.
      if small(0...9) == 0 { (channels, groups, outputs) = (70, 1, small(4...150)) }
      hasBias = Bool.random(using: &random)
      activation =
        [.none, .relu, .clamp(low: -9, high: 20)].randomElement(using: &random) ?? .none
    }
  }

  @Test(arguments: Kernels.available)
  func convolutionsEqualTheReferenceExactly(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for index in 0..<150 {
      let one = Case(&random, kernels)
      let (depth, all) = (one.channels * one.windows.taps, one.groups * one.outputs)
      let input = Memory(
        random.wholes(one.batch * one.groups * one.channels * one.windows.inputCount))
      let weights = Memory(random.wholes(all * depth))
      let bias = Memory(random.wholes(all))
      let want = Memory(count: one.batch * all * one.windows.outputCount)
      Reference.convolution(
        one.windows, groups: one.groups, batch: one.batch, channels: one.channels,
        outputs: one.outputs, input: input.base, weights: weights.base,
        bias: one.hasBias ? bias.base : nil, activation: one.activation, into: want.base)
      let (got, packed) = (Memory(count: want.count), Memory(count: all * depth))
      let packs = VolumeConvolution.packs(outputsPerGroup: one.outputs)
      if packs {
        VolumeConvolution.pack(
          weights.base, outputs: one.outputs, depth: depth, groups: one.groups, into: packed.base,
          kernels: kernels)
      }
      VolumeConvolution(
        one.windows, channels: one.channels, outputs: one.outputs, groups: one.groups,
        activation: one.activation, kernels: kernels
      ).run(
        input.base, batch: one.batch, weights: packs ? packed.base : weights.base,
        bias: one.hasBias ? bias.base : nil, into: got.base,
        threads: index % 2 == 0 ? pool : nil)
      #expect(got.values == want.values, "\(one)")
      #expect(got.isIntact && packed.isIntact, "wrote past the end: \(one)")
    }
  }

  @Test(arguments: Kernels.available)
  func transposedConvolutionsEqualTheReferenceExactly(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for index in 0..<120 {
      let one = Case(&random, kernels)
      let all = one.groups * one.outputs
      let input = Memory(
        random.wholes(one.batch * one.groups * one.channels * one.windows.outputCount))
      let weights = Memory(
        random.wholes(one.groups * one.channels * one.outputs * one.windows.taps))
      let bias = Memory(random.wholes(all))
      let want = Memory(count: one.batch * all * one.windows.inputCount)
      Reference.transposedConvolution(
        one.windows, groups: one.groups, batch: one.batch, channels: one.channels,
        outputs: one.outputs, input: input.base, weights: weights.base,
        bias: one.hasBias ? bias.base : nil, activation: one.activation, into: want.base)
      let got = Memory(count: want.count)
      VolumeTransposition(
        one.windows, channels: one.channels, outputs: one.outputs, groups: one.groups,
        activation: one.activation, kernels: kernels
      ).run(
        input.base, batch: one.batch, weights: weights.base,
        bias: one.hasBias ? bias.base : nil, into: got.base,
        threads: index % 2 == 0 ? pool : nil)
      #expect(got.values == want.values, "\(one)")
      #expect(got.isIntact, "wrote past the output: \(one)")
    }
  }

  @Test(arguments: Kernels.available)
  func productsOfOtherTypesEqualTheirDefinition(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    func check<T: Element>(
      _ type: DataType, _ make: (inout Random) -> T, _ sum: (T, T, T) -> T
    ) {
      for index in 0..<60 {
        let m = random.size(kernels, upTo: 70), n = random.size(kernels, upTo: 70)
        let k = random.size(kernels, upTo: index % 3 == 0 ? 300 : 40)
        let a = (0..<m * k).map { _ in make(&random) }, b = (0..<k * n).map { _ in make(&random) }
        var want = [T](repeating: T.zero, count: m * n)
        for row in 0..<m {
          for column in 0..<n {
            for x in 0..<k {
              want[row * n + column] = sum(
                want[row * n + column], a[row * k + x], b[x * n + column])
            }
          }
        }
        // Each factor as it is, or transposed in memory.
        func turned(_ values: [T], _ rows: Int, _ columns: Int) -> [T] {
          (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
        }
        let (turnsA, turnsB) = (Bool.random(using: &random), Bool.random(using: &random))
        let (left, right) = (turnsA ? turned(a, m, k) : a, turnsB ? turned(b, k, n) : b)
        var got = [T](repeating: make(&random), count: m * n + 1)
        let behind = got[m * n]
        left.withUnsafeBytes { left in
          right.withUnsafeBytes { right in
            got.withUnsafeMutableBytes { got in
              guard let a = left.baseAddress, let b = right.baseAddress, let c = got.baseAddress
              else { return }
              ElementProduct.run(
                type, m: m, n: n, k: k,
                .init(base: a, row: turnsA ? 1 : k, column: turnsA ? m : 1),
                .init(base: b, row: turnsB ? 1 : n, column: turnsB ? k : 1), into: c,
                kernels: kernels)
            }
          }
        }
        if m > 0, n > 0, k > 0 { #expect(Array(got.dropLast()) == want, "\(type) \(m)×\(k)×\(n)") }
        #expect(got[m * n] == behind)
      }
    }
    // Whole numbers: sums of doubles are exact too.
    check(.fp64, { Double(Int.random(in: -99...99, using: &$0)) }) { $0 + $1 * $2 }
    check(.int32, { Int32.random(in: .min ... .max, using: &$0) }) { $0 &+ $1 &* $2 }
    check(.uint32, { UInt32.random(in: .min ... .max, using: &$0) }) { $0 &+ $1 &* $2 }
    check(.int64, { Int64.random(in: .min ... .max, using: &$0) }) { $0 &+ $1 &* $2 }
    check(.uint64, { UInt64.random(in: .min ... .max, using: &$0) }) { $0 &+ $1 &* $2 }
  }
}
