import CKernels
import Glibc
import Testing

@testable import Compute

@Suite struct KernelsNormalizationTests {
  @Test(arguments: Kernels.available, [false, true])
  func softmaxOfAnyAxisStaysCloseToTheReference(_ kernels: Kernels, _ logarithmic: Bool) {
    var random = Random(#function, kernels)
    for _ in 0..<150 {
      let outer = Int.random(in: 0...3, using: &random)
      let axis = random.size(kernels, upTo: 200)
      let inner = Bool.random(using: &random) ? 1 : random.size(kernels, upTo: 40)
      let scale: Float = [1, 30, 1000].randomElement(using: &random) ?? 1
      let source = random.reals(outer * axis * inner, in: -scale...scale)
      let (want, got) = (Memory(count: source.count), Memory(count: source.count))
      Reference.softmax(
        source, into: want.base, outer: outer, axis: axis, inner: inner, logarithmic: logarithmic,
        exponential: { Glibc.exp($0) }, logarithm: { Glibc.log($0) })
      let run = logarithmic ? Softmax.runLogarithmic : Softmax.run
      source.withUnsafeBufferPointer {
        if let base = $0.baseAddress { run(base, got.base, outer, axis, inner, kernels) }
      }
      for (x, y) in zip(got.values, want.values) {
        // exp errs by 4 units and the sum of n values by about √n more; a logarithm errs by units
        // of its largest term.
        let bound = logarithmic ? max(1, abs(y)) * 2e-6 : max(y * 4e-6, 1e-37)
        #expect(abs(x - y) <= bound, "\(outer)×\(axis)×\(inner): \(x), not \(y)")
      }
      #expect(got.isIntact)
    }
  }

  @Test(arguments: Kernels.available, [false, true])
  func layerNormStaysCloseToDoublePrecision(_ kernels: Kernels, _ hasBias: Bool) {
    var random = Random(#function, kernels)
    for _ in 0..<100 {
      let rows = Int.random(in: 0...3, using: &random)
      let size = random.size(kernels, upTo: 400, zero: false)
      let (source, got) = (
        Memory(random.reals(rows * size, in: -2...3)), Memory(count: rows * size)
      )
      let (scale, bias) = (Memory(random.reals(size)), Memory(random.reals(size)))
      let (mean, inverse) = (Memory(count: rows), Memory(count: rows))
      kernels.table.pointee.layerNorm(
        got.base, source.base, rows, size, scale.base, hasBias ? bias.base : nil, 1e-3, mean.base,
        inverse.base)
      for row in 0..<rows {
        let values = source.values[row * size..<(row + 1) * size].map { Double($0) }
        let average = values.reduce(0, +) / Double(size)
        let variance = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(size)
        let factor = 1 / (variance + 1e-3).squareRoot()
        // Sums of up to 400 values of size 3, then a factor of at most 32.
        #expect(abs(Double(mean.values[row]) - average) < 2e-6)
        #expect(abs(Double(inverse.values[row]) - factor) < 1e-5 * factor)
        for index in 0..<size {
          let want =
            (values[index] - average) * factor * Double(scale.values[index])
            + (hasBias ? Double(bias.values[index]) : 0)
          #expect(abs(Double(got.values[row * size + index]) - want) < 1e-4)
        }
      }
      #expect(got.isIntact && mean.isIntact && inverse.isIntact)
    }
  }

  @Test(arguments: Kernels.available)
  func softmaxIsStableAndKeepsNaN(_ kernels: Kernels) {
    let large = Memory([10_000, 10_000, -10_000])
    Softmax.run(large.base, into: large.base, outer: 1, axis: 3, kernels: kernels)
    #expect(large.values == [0.5, 0.5, 0])
    let bad = Memory([1, .nan, 2])
    Softmax.run(bad.base, into: bad.base, outer: 1, axis: 3, kernels: kernels)
    #expect(bad.values.allSatisfy { $0.isNaN })
  }

  @Test(arguments: Kernels.available)
  func reductionsEqualAFold(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<60 {
      let outer = Int.random(in: 0...3, using: &random)
      let axis = random.size(kernels, upTo: 150)
      let inner = Bool.random(using: &random) ? 1 : random.size(kernels, upTo: 40)
      let count = outer * axis * inner
      integers(Int8.self, .int8, outer, axis, inner, kernels, &random)
      integers(Int16.self, .int16, outer, axis, inner, kernels, &random)
      integers(Int32.self, .int32, outer, axis, inner, kernels, &random)
      integers(Int64.self, .int64, outer, axis, inner, kernels, &random)
      integers(UInt8.self, .uint8, outer, axis, inner, kernels, &random)
      integers(UInt16.self, .uint16, outer, axis, inner, kernels, &random)
      integers(UInt32.self, .uint32, outer, axis, inner, kernels, &random)
      integers(UInt64.self, .uint64, outer, axis, inner, kernels, &random)
      let wholes = random.wholes(count)
      floats(Float.self, .fp32, wholes, outer, axis, inner, kernels)
      floats(Double.self, .fp64, wholes.map(Double.init), outer, axis, inner, kernels)
    }
  }

  private func integers<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ type: DataType, _ outer: Int, _ axis: Int, _ inner: Int, _ kernels: Kernels,
    _ random: inout Random
  ) {
    let source = (0..<outer * axis * inner).map { _ in T.random(in: T.min...T.max, using: &random) }
    func check(_ reduction: Reduction, _ initial: T, _ combine: (T, T) -> T) {
      let want = Reference.reduce(
        source, outer: outer, axis: axis, inner: inner, initial: initial, combine)
      var got = [T](repeating: 77, count: want.count + 1)
      reduction.run(
        type, source, into: &got, outer: outer, axis: axis, inner: inner, kernels: kernels)
      #expect(got == want + [77], "\(reduction) \(type) \(outer)×\(axis)×\(inner)")
    }
    check(.sum, 0) { $0 &+ $1 }
    check(.product, 1) { $0 &* $1 }
    check(.maximum, T.min) { max($0, $1) }
    check(.minimum, T.max) { min($0, $1) }
    check(.sumOfSquares, 0) { $0 &+ $1 &* $1 }
  }

  /// Small whole numbers: exact but for products, which are taken of numbers near 1, so that they
  /// stay in range, and compared relatively.
  private func floats<T: BinaryFloatingPoint & BitwiseCopyable>(
    _: T.Type, _ type: DataType, _ source: [T], _ outer: Int, _ axis: Int, _ inner: Int,
    _ kernels: Kernels
  ) {
    func check(_ reduction: Reduction, _ initial: Double, _ combine: (Double, T) -> Double) {
      let source = reduction == .product ? source.map { $0 > 0 ? 1.1 : -0.9 } : source
      let want = Reference.reduce(
        source, outer: outer, axis: axis, inner: inner, initial: initial, combine)
      var got = [T](repeating: 77, count: want.count + 1)
      reduction.run(
        type, source, into: &got, outer: outer, axis: axis, inner: inner, kernels: kernels)
      #expect(got.last == 77)
      for (x, y) in zip(got, want) {
        let bound = reduction == .product ? abs(y) * 2e-5 : 0
        #expect(
          Double(x) == y || abs(Double(x) - y) <= bound,
          "\(reduction) \(type) \(outer)×\(axis)×\(inner): \(x), not \(y)")
      }
    }
    check(.sum, 0) { $0 + Double($1) }
    check(.product, 1) { $0 * Double($1) }
    check(.maximum, -.infinity) { max($0, Double($1)) }
    check(.minimum, .infinity) { min($0, Double($1)) }
    check(.sumOfSquares, 0) { $0 + Double($1) * Double($1) }
  }

  /// Lines and columns shorter and longer than vectors, few different numbers, now and then a NaN,
  /// which wins.
  @Test(arguments: Kernels.available)
  func indexOfTheExtremeBreaksTiesAsAsked(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for turn in 0..<80 {
      let outer = Int.random(in: 1...2, using: &random)
      let axis = Int.random(in: 1...(turn % 2 == 0 ? 20 : 200), using: &random)
      let inner = turn % 3 == 0 ? 1 : Int.random(in: 1...40, using: &random)
      var source = random.wholes(outer * axis * inner)
      for _ in 0..<turn % 4 { source[Int.random(in: source.indices, using: &random)] = .nan }
      for last in [false, true] {
        var highest = [Int64](repeating: -1, count: outer * inner)
        var lowest = highest
        Reduction.indexOfMaximum(
          source, into: &highest, outer: outer, axis: axis, inner: inner, last: last,
          kernels: kernels)
        Reduction.indexOfMinimum(
          source, into: &lowest, outer: outer, axis: axis, inner: inner, last: last,
          kernels: kernels)
        for at in highest.indices {
          let row = (0..<axis).map { source[(at / inner * axis + $0) * inner + at % inner] }
          func place(_ extreme: Float?) -> Int? {
            let isBest = { (x: Float) in row.contains(where: \.isNaN) ? x.isNaN : x == extreme }
            return last ? row.lastIndex(where: isBest) : row.firstIndex(where: isBest)
          }
          #expect(Int(highest[at]) == place(row.max()), "\(outer)×\(axis)×\(inner) \(last)")
          #expect(Int(lowest[at]) == place(row.min()), "\(outer)×\(axis)×\(inner) \(last)")
        }
      }
    }
  }
}
