internal import Glibc

/// Arithmetic as ONNX means it, for every number type: integers wrap and never trap, an integer
/// division by zero gives 0.
protocol Element: BitwiseCopyable, Comparable {
  static func add(_ a: Self, _ b: Self) -> Self
  static func subtract(_ a: Self, _ b: Self) -> Self
  static func multiply(_ a: Self, _ b: Self) -> Self
  static func divide(_ a: Self, _ b: Self) -> Self
  static func power(_ a: Self, _ b: Self) -> Self
  /// The remainder with the divisor's sign (Python's), or the dividend's if `truncating` (C's).
  static func remainder(_ a: Self, _ b: Self, truncating: Bool) -> Self
  /// NaN if either is NaN.
  static func minimum(_ a: Self, _ b: Self) -> Self
  static func maximum(_ a: Self, _ b: Self) -> Self
  static func negate(_ a: Self) -> Self
  static func absolute(_ a: Self) -> Self
  init(converting value: Double)
  var asDouble: Double { get }
  static var zero: Self { get }
}

extension Element where Self: FixedWidthInteger {
  @inline(__always) static func add(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) static func subtract(_ a: Self, _ b: Self) -> Self { a &- b }
  @inline(__always) static func multiply(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) static func divide(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }
  @inline(__always) static func remainder(_ a: Self, _ b: Self, truncating: Bool) -> Self {
    if b == 0 { return 0 }
    let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
    return !truncating && rest != 0 && (rest < 0) != (b < 0) ? rest &+ b : rest
  }
  static func power(_ a: Self, _ b: Self) -> Self {
    if b < 0 { return a == 1 ? 1 : a == 0 &- 1 ? (b & 1 == 0 ? 1 : a) : 0 }
    var (result, base, exponent) = (1 as Self, a, b)
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* base }
      base = base &* base
      exponent >>= 1
    }
    return result
  }
  @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self { b < a ? b : a }
  @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self { b > a ? b : a }
  @inline(__always) static func negate(_ a: Self) -> Self { 0 &- a }
  @inline(__always) static func absolute(_ a: Self) -> Self { a < 0 ? 0 &- a : a }
  /// Saturates instead of trapping; NaN becomes 0.
  @inline(__always) init(converting value: Double) {
    if value.isNaN {
      self = 0
    } else if value <= Double(Self.min) {
      self = .min
    } else if value >= Double(Self.max) {
      self = .max
    } else {
      self = Self(value)
    }
  }
  @inline(__always) var asDouble: Double { Double(self) }
}

extension Element where Self: BinaryFloatingPoint {
  @inline(__always) static func add(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) static func subtract(_ a: Self, _ b: Self) -> Self { a - b }
  @inline(__always) static func multiply(_ a: Self, _ b: Self) -> Self { a * b }
  @inline(__always) static func divide(_ a: Self, _ b: Self) -> Self { a / b }
  static func power(_ a: Self, _ b: Self) -> Self { Self(pow(Double(a), Double(b))) }
  static func remainder(_ a: Self, _ b: Self, truncating: Bool) -> Self {
    let rest = fmod(Double(a), Double(b))
    return Self(!truncating && rest != 0 && (rest < 0) != (b < 0) ? rest + Double(b) : rest)
  }
  @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self {
    a < b || a.isNaN ? a : b
  }
  @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self {
    a > b || a.isNaN ? a : b
  }
  @inline(__always) static func negate(_ a: Self) -> Self { -a }
  @inline(__always) static func absolute(_ a: Self) -> Self { a.magnitude }
  @inline(__always) init(converting value: Double) { self = Self(value) }
  @inline(__always) var asDouble: Double { Double(self) }
}

extension Int8: Element {}
extension Int16: Element {}
extension Int32: Element {}
extension Int64: Element {}
extension UInt8: Element {}
extension UInt16: Element {}
extension UInt32: Element {}
extension UInt64: Element {}
extension Float: Element {}
extension Double: Element {}

/// Half precision, computed in single. Its own type, because Float16 has no home on every
/// platform the module builds for.
struct Half: Element {
  var bits: UInt16
  init(bits: UInt16) { self.bits = bits }
  @inline(__always) init(_ value: Float) { bits = Float16(value).bitPattern }
  @inline(__always) var float: Float { Float(Float16(bitPattern: bits)) }
}

/// The upper half of a single-precision number.
struct BFloat: Element {
  var bits: UInt16
  init(bits: UInt16) { self.bits = bits }
  /// Rounds to nearest, ties to even; keeps NaN a NaN.
  @inline(__always) init(_ value: Float) {
    let pattern = value.bitPattern
    if value.isNaN {
      bits = UInt16(truncatingIfNeeded: pattern >> 16) | 0x40
    } else {
      bits = UInt16(truncatingIfNeeded: (pattern &+ 0x7FFF &+ ((pattern >> 16) & 1)) >> 16)
    }
  }
  @inline(__always) var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}

/// A 16-bit type whose arithmetic happens in Float.
protocol NarrowFloat: Element {
  init(_ value: Float)
  var float: Float { get }
}
extension Half: NarrowFloat {}
extension BFloat: NarrowFloat {}

extension NarrowFloat {
  static var zero: Self { Self(0) }
  static func < (a: Self, b: Self) -> Bool { a.float < b.float }
  static func == (a: Self, b: Self) -> Bool { a.float == b.float }
  static func add(_ a: Self, _ b: Self) -> Self { Self(a.float + b.float) }
  static func subtract(_ a: Self, _ b: Self) -> Self { Self(a.float - b.float) }
  static func multiply(_ a: Self, _ b: Self) -> Self { Self(a.float * b.float) }
  static func divide(_ a: Self, _ b: Self) -> Self { Self(a.float / b.float) }
  static func power(_ a: Self, _ b: Self) -> Self { Self(Float.power(a.float, b.float)) }
  static func remainder(_ a: Self, _ b: Self, truncating: Bool) -> Self {
    Self(Float.remainder(a.float, b.float, truncating: truncating))
  }
  static func minimum(_ a: Self, _ b: Self) -> Self { Self(Float.minimum(a.float, b.float)) }
  static func maximum(_ a: Self, _ b: Self) -> Self { Self(Float.maximum(a.float, b.float)) }
  static func negate(_ a: Self) -> Self { Self(-a.float) }
  static func absolute(_ a: Self) -> Self { Self(a.float.magnitude) }
  init(converting value: Double) { self.init(Float(value)) }
  var asDouble: Double { Double(float) }
}
