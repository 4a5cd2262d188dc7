internal import Glibc

/// How one of ONNX's 8-bit floats uses its bits.
struct TinyFormat: Sendable {
  let mantissaBits: Int
  let bias: Int
  let largest: Double
  /// "FN": no infinities; "UZ": no negative zero, whose bits are the only NaN.
  let hasInfinity: Bool
  let isUnsignedZero: Bool

  /// Rounds to nearest, ties to even. What is too large becomes the largest number, or, if that
  /// is not wanted, an infinity or NaN. Infinities are too large in every format: the table of the
  /// operator Cast has NaN for two of them, its test cases have not.
  func encode(_ value: Float, saturates: Bool) -> UInt8 {
    let sign: UInt8 = value.sign == .minus ? 0x80 : 0
    let nan: UInt8 = isUnsignedZero ? 0x80 : 0x7F
    if value.isNaN { return nan }
    let top = UInt8((bias(of: largest) + bias - 1) << mantissaBits) &+ steps(largest)
    let overflow: UInt8 = hasInfinity ? sign | 0x7C : isUnsignedZero ? nan : sign | nan
    if value.isInfinite { return saturates ? sign | top : overflow }
    let size = Double(value.magnitude)
    if size == 0 { return isUnsignedZero ? 0 : sign }
    let (exponent, count) = (bias(of: size), steps(size))
    // Numbers are evenly spaced up to the next power of two, so a carry moves the exponent on.
    let bits = ((exponent + bias - 1) << mantissaBits) + Int(count)
    if Double(count) * quantum(exponent) > largest {
      return saturates ? sign | top : overflow
    }
    if bits == 0 { return isUnsignedZero ? 0 : sign }
    return sign | UInt8(bits)
  }

  func decode(_ bits: UInt8) -> Float {
    let (exponent, mantissa) = (
      Int(bits & 0x7F) >> mantissaBits, Int(bits) & ((1 << mantissaBits) - 1)
    )
    if isUnsignedZero {
      if bits == 0x80 { return .nan }
    } else if hasInfinity {
      if exponent == 31 { return mantissa != 0 ? .nan : bits < 0x80 ? .infinity : -.infinity }
    } else if bits & 0x7F == 0x7F {
      return .nan
    }
    let count = exponent == 0 ? mantissa : mantissa + (1 << mantissaBits)
    let size = Double(count) * quantum(max(exponent, 1) - bias)
    return Float(bits < 0x80 ? size : -size)
  }

  /// The exponent a number is stored with.
  private func bias(of size: Double) -> Int { max(Int(ilogb(size)), 1 - bias) }

  /// The distance of neighbours at an exponent.
  private func quantum(_ exponent: Int) -> Double { scalbn(1, Int32(exponent - mantissaBits)) }

  private func steps(_ size: Double) -> UInt8 {
    UInt8((size / quantum(bias(of: size))).rounded(.toNearestOrEven))
  }
}

/// An 8-bit float, computed in single precision.
protocol TinyFloat: NarrowFloat {
  static var format: TinyFormat { get }
  var bits: UInt8 { get }
  init(bits: UInt8)
}

extension TinyFloat {
  init(_ value: Float) { self.init(bits: Self.format.encode(value, saturates: true)) }
  var float: Float { Self.format.decode(bits) }
}

/// Float 8, E4M3, without infinities.
struct Float8E4M3FN: TinyFloat {
  let bits: UInt8
  static let format = TinyFormat(
    mantissaBits: 3, bias: 7, largest: 448, hasInfinity: false, isUnsignedZero: false)
}

/// Float 8, E4M3, without infinities and negative zero.
struct Float8E4M3FNUZ: TinyFloat {
  let bits: UInt8
  static let format = TinyFormat(
    mantissaBits: 3, bias: 8, largest: 240, hasInfinity: false, isUnsignedZero: true)
}

/// Float 8, E5M2: the upper half of a half.
struct Float8E5M2: TinyFloat {
  let bits: UInt8
  static let format = TinyFormat(
    mantissaBits: 2, bias: 15, largest: 57344, hasInfinity: true, isUnsignedZero: false)
}

/// Float 8, E5M2, without infinities and negative zero.
struct Float8E5M2FNUZ: TinyFloat {
  let bits: UInt8
  static let format = TinyFormat(
    mantissaBits: 2, bias: 16, largest: 57344, hasInfinity: false, isUnsignedZero: true)
}
