/// A 4-bit integer, which takes a byte of its own in memory.
protocol TinyInteger: Element {
  static var range: ClosedRange<Int8> { get }
  var value: Int8 { get }
  init(value: Int8)
}

extension TinyInteger {
  /// Cut to four bits, as wider integers are.
  private init(wrapping value: Int8) {
    let bits = value & 0xF
    self.init(value: Self.range.contains(bits) ? bits : bits - 16)
  }

  static var zero: Self { Self(value: 0) }
  static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  static func == (a: Self, b: Self) -> Bool { a.value == b.value }
  static func add(_ a: Self, _ b: Self) -> Self { Self(wrapping: a.value &+ b.value) }
  static func subtract(_ a: Self, _ b: Self) -> Self { Self(wrapping: a.value &- b.value) }
  static func multiply(_ a: Self, _ b: Self) -> Self { Self(wrapping: a.value &* b.value) }
  static func divide(_ a: Self, _ b: Self) -> Self {
    Self(wrapping: Int8.divide(a.value, b.value))
  }
  static func power(_ a: Self, _ b: Self) -> Self {
    Self(wrapping: Int8.power(a.value, b.value))
  }
  static func remainder(_ a: Self, _ b: Self, truncating: Bool) -> Self {
    Self(wrapping: Int8.remainder(a.value, b.value, truncating: truncating))
  }
  static func minimum(_ a: Self, _ b: Self) -> Self { b < a ? b : a }
  static func maximum(_ a: Self, _ b: Self) -> Self { b > a ? b : a }
  static func negate(_ a: Self) -> Self { Self(wrapping: 0 &- a.value) }
  static func absolute(_ a: Self) -> Self { a.value < 0 ? negate(a) : a }
  /// Saturates; NaN becomes 0. A float is rounded, where wider integers cut its fraction off: so
  /// the standard's own conversion has it.
  init(converting value: Double) {
    let whole = Int8(converting: value.rounded(.toNearestOrEven))
    self.init(value: min(max(whole, Self.range.lowerBound), Self.range.upperBound))
  }
  var asDouble: Double { Double(value) }
}

/// Four bits with a sign.
struct Int4: TinyInteger {
  let value: Int8
  static let range: ClosedRange<Int8> = -8...7
}

/// Four bits without a sign.
struct UInt4: TinyInteger {
  let value: Int8
  static let range: ClosedRange<Int8> = 0...15
}
