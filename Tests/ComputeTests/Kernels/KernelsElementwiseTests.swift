import Glibc
import Testing

@testable import Compute

@Suite struct KernelsElementwiseTests {
  @Test(arguments: Kernels.available)
  func integerOperationsEqualSwiftsWrappingOnes(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    integers(Int8.self, .int8, kernels, &random)
    integers(Int16.self, .int16, kernels, &random)
    integers(Int32.self, .int32, kernels, &random)
    integers(Int64.self, .int64, kernels, &random)
    integers(UInt8.self, .uint8, kernels, &random)
    integers(UInt16.self, .uint16, kernels, &random)
    integers(UInt32.self, .uint32, kernels, &random)
    integers(UInt64.self, .uint64, kernels, &random)
  }

  private func integers<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ type: DataType, _ kernels: Kernels, _ random: inout Random
  ) {
    // Ends of the range, zero and -1 come up often: division must survive them.
    let edges: [T] = [0, 1, T.max, T.min, T(truncatingIfNeeded: -1)]
    func value(_ random: inout Random) -> T {
      Bool.random(using: &random)
        ? edges.randomElement(using: &random) ?? 0 : T.random(in: T.min...T.max, using: &random)
    }
    for operation in Elementwise.Binary.allCases where operation != .power {
      everyOperand(type, kernels, &random, value) { kernel, x, y in
        #expect(kernel == Reference.binary(operation, x, y), "\(operation) \(type) \(x) \(y)")
      } _: { to, left, right, count, operands in
        Elementwise.binary(
          operation, type, into: to, left, right, count: count, operands: operands,
          kernels: kernels)
      }
    }
    comparisons(type, kernels, &random, value)
  }

  @Test(arguments: Kernels.available)
  func floatOperationsEqualSwifts(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    floats(Float.self, .fp32, kernels, &random) { powf($0, $1) }
    floats(Double.self, .fp64, kernels, &random) { pow($0, $1) }
  }

  private func floats<T: BinaryFloatingPoint & BitwiseCopyable>(
    _: T.Type, _ type: DataType, _ kernels: Kernels, _ random: inout Random,
    power: (T, T) -> T
  ) where T.RawSignificand: FixedWidthInteger {
    let edges: [T] = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 2, T.greatestFiniteMagnitude]
    func value(_ random: inout Random) -> T {
      Int.random(in: 0..<4, using: &random) == 0
        ? edges.randomElement(using: &random) ?? 0 : T.random(in: -9...9, using: &random)
    }
    for operation in Elementwise.Binary.allCases {
      everyOperand(type, kernels, &random, value) { kernel, x, y in
        let want = Reference.binary(operation, x, y, power: power)
        #expect(
          kernel == want || (kernel.isNaN && want.isNaN), "\(operation) \(type) \(x) \(y) \(want)")
      } _: { to, left, right, count, operands in
        Elementwise.binary(
          operation, type, into: to, left, right, count: count, operands: operands,
          kernels: kernels)
      }
    }
    comparisons(type, kernels, &random, value)
  }

  private func comparisons<T: Comparable & BitwiseCopyable>(
    _ type: DataType, _ kernels: Kernels, _ random: inout Random, _ value: (inout Random) -> T
  ) {
    for comparison in Elementwise.Comparison.allCases {
      for operands in Elementwise.Operands.allCases {
        let count = random.size(kernels)
        let left = (0...count).map { _ in value(&random) }
        let right = (0...count).map { _ in Bool.random(using: &random) ? value(&random) : left[0] }
        var got = [UInt8](repeating: 9, count: count + 1)
        Elementwise.compare(
          comparison, type, into: &got, left, right, count: count, operands: operands,
          kernels: kernels)
        let want: [UInt8] = (0..<count).map { i in
          Reference.compare(
            comparison, left[operands == .leftScalar ? 0 : i],
            right[operands == .rightScalar ? 0 : i]) ? 1 : 0
        }
        #expect(got == want + [9], "\(comparison) \(type) \(operands)")
      }
    }
  }

  /// Runs one operation on every form of operands, also in place.
  private func everyOperand<T: BitwiseCopyable>(
    _ type: DataType, _ kernels: Kernels, _ random: inout Random, _ value: (inout Random) -> T,
    _ check: (T, T, T) -> Void,
    _ run: (
      UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer, Int, Elementwise.Operands
    ) -> Void
  ) {
    for operands in Elementwise.Operands.allCases {
      let count = random.size(kernels)
      let left = (0...count).map { _ in value(&random) }
      let right = (0...count).map { _ in value(&random) }
      var got = left
      let guarded = got[count]
      got.withUnsafeMutableBytes { run($0.baseAddress!, left, right, count, operands) }
      var inPlace = left
      if operands != .leftScalar {
        inPlace.withUnsafeMutableBytes {
          run($0.baseAddress!, UnsafeRawPointer($0.baseAddress!), right, count, operands)
        }
      }
      for i in 0..<count {
        let x = left[operands == .leftScalar ? 0 : i]
        let y = right[operands == .rightScalar ? 0 : i]
        check(got[i], x, y)
        if operands != .leftScalar { check(inPlace[i], x, y) }
      }
      withUnsafeBytes(of: got[count]) { end in
        withUnsafeBytes(of: guarded) { #expect(end.elementsEqual($0), "wrote past the end") }
      }
    }
  }

  /// Inputs over the whole range of each function, and the specials.
  @Test(arguments: Kernels.available, Elementwise.Unary.allCases)
  func functionsStayWithinTheirStatedError(
    _ kernels: Kernels, _ operation: Elementwise.Unary
  ) {
    var random = Random("\(#function) \(operation)", kernels)
    let specials: [Float] = [
      0, -0.0, 1, -1, 0.5, -0.5, .infinity, -.infinity, .nan, 88.7, 88.8, 89, -87.3, -103.9, -104,
      -110, 1e-40, -1e-40, .leastNormalMagnitude, .greatestFiniteMagnitude, 8_388_608.5, 0.625,
      -0.625, 0.927734375, 4, 9, -9, 1e-10, 0.99999994, 1.0000001, 2.5, -2.5,
    ]
    for round in 0..<40 {
      let count = random.size(kernels)
      let range: ClosedRange<Float> =
        [-1...1, -10...10, -110...95, -1e6...1e6, 0...3][round % 5]
      let source =
        round == 0
        ? specials
        : random.reals(count, in: range)
          + (0..<3).map { _ in
            Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
          }
      let got = Memory(count: source.count)
      Elementwise.unary(operation, into: got.base, source, count: source.count, kernels: kernels)
      #expect(got.isIntact)
      for (x, y) in zip(source, got.values) {
        let want = Self.exact(operation, Double(x))
        let error =
          Self.absoluteMax(operation, abs(Double(x)), Double(want)).map {
            y == want ? 0 : abs(Double(y) - Double(want)) / $0
          } ?? ulps(y, want) / Self.ulpsMax(operation)
        #expect(
          error <= 1 || (y.isNaN && want.isNaN), "\(operation)(\(x)) is \(y), not \(want)")
      }
    }
  }

  /// Rounded once from f64: correct to half a unit, so the bounds below are one too strict at most.
  private static func exact(_ operation: Elementwise.Unary, _ x: Double) -> Float {
    switch operation {
    case .relu: Float(x < 0 ? 0 : x)
    case .sigmoid: Float(1 / (1 + Glibc.exp(-x)))
    case .tanh: Float(Glibc.tanh(x))
    case .exp: Float(Glibc.exp(x))
    case .log: Float(Glibc.log(x))
    case .squareRoot: Float(x.squareRoot())
    case .reciprocal: Float(1 / x)
    case .negate: Float(-x)
    case .absolute: Float(abs(x))
    case .erf: Float(Glibc.erf(x))
    case .floor: Float(x.rounded(.down))
    case .ceil: Float(x.rounded(.up))
    case .gelu: Float(0.5 * x * (1 + Glibc.erf(x * 0.5.squareRoot())))
    case .geluTanh:
      Float(0.5 * x * (1 + Glibc.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))))
    case .silu: Float(x / (1 + Glibc.exp(-x)))
    case .hardSwish: Float(x * Swift.min(1, Swift.max(0, x / 6 + 0.5)))
    case .sin: Float(Glibc.sin(x))
    case .cos: Float(Glibc.cos(x))
    case .tan: Float(Glibc.tan(x))
    case .atan: Float(Glibc.atan(x))
    case .asin: Float(Glibc.asin(x))
    case .acos: Float(Glibc.acos(x))
    case .sinh: Float(Glibc.sinh(x))
    case .cosh: Float(Glibc.cosh(x))
    case .asinh: Float(Glibc.asinh(x))
    case .acosh: Float(Glibc.acosh(x))
    case .atanh: Float(Glibc.atanh(x))
    case .softplus: Float(Swift.max(x, 0) + Glibc.log1p(Glibc.exp(-abs(x))))
    case .exponentialLessOne: Float(Glibc.expm1(x))
    case .round: Float(x.rounded(.toNearestOrEven))
    }
  }

  /// What the operations err by that are differences from 1, times x: by x's digits, not by their own; and
  /// those of angles, of which whole turns are taken off.
  private static func absoluteMax(
    _ operation: Elementwise.Unary, _ x: Double, _ want: Double
  ) -> Double? {
    switch operation {
    case .gelu, .geluTanh, .silu, .hardSwish: x * 5e-7 + 1e-37
    case .sin, .cos: x > 6400 ? 6e-8 : 1.2e-7
    case .tan: abs(want) * 4e-7 + 1e-10 * (1 + want * want)
    default: nil
    }
  }

  private static func ulpsMax(_ operation: Elementwise.Unary) -> Double {
    switch operation {
    case .sigmoid, .exp, .log, .atan, .asin, .acos, .sinh, .cosh, .asinh, .acosh, .atanh: 4
    case .tanh, .erf, .softplus, .exponentialLessOne: 6
    default: 0.5
    }
  }

  @Test(arguments: Kernels.available)
  func clampLeakyReluAndAccumulateEqualTheirDefinitions(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<50 {
      let source = random.wholes(random.size(kernels)) + [.nan, .infinity, -.infinity]
      let got = Memory(count: source.count)
      Elementwise.clamp(
        into: got.base, source, count: source.count, low: -3, high: 4, kernels: kernels)
      for (x, y) in zip(source, got.values) {
        #expect(y == min(max(x, -3), 4) || (x.isNaN && y.isNaN))
      }
      Elementwise.leakyRelu(
        into: got.base, source, count: source.count, slope: 0.5, kernels: kernels)
      for (x, y) in zip(source, got.values) {
        #expect(y == (x < 0 ? x / 2 : x) || (x.isNaN && y.isNaN))
      }
      let before = random.wholes(source.count)
      let sum = Memory(before)
      Elementwise.accumulate(
        into: sum.base, source, count: source.count, factor: 2, scale: -1, kernels: kernels)
      for i in source.indices where source[i].isFinite {
        #expect(sum.base[i] == 2 * source[i] - before[i])
      }
      #expect(got.isIntact && sum.isIntact)
    }
  }
}
