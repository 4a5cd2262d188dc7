/// Sums over vectors of doubles, eight lanes at a time: always in the same order.
enum Vectors {
  typealias Lanes = SIMD8<Double>

  @inline(__always)
  private static func load(_ pointer: UnsafePointer<Double>) -> Lanes {
    UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
  }

  /// Σ a[i] · b[i].
  static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var first = Lanes.zero
    var second = Lanes.zero
    var index = 0
    while index + 16 <= count {
      first += load(a + index) * load(b + index)
      second += load(a + index + 8) * load(b + index + 8)
      index += 16
    }
    var sum = (first + second).sum()
    while index < count {
      sum += a[index] * b[index]
      index += 1
    }
    return sum
  }

  /// y[i] += factor · x[i].
  static func add(
    _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    var index = 0
    while index + 8 <= count {
      let value = load(y + index) + load(x + index) * factor
      UnsafeMutableRawPointer(y + index).storeBytes(of: value, as: Lanes.self)
      index += 8
    }
    while index < count {
      y[index] += factor * x[index]
      index += 1
    }
  }

  /// y[i] *= factor.
  static func scale(_ y: UnsafeMutablePointer<Double>, by factor: Double, _ count: Int) {
    for index in 0..<count { y[index] *= factor }
  }

  /// The largest |a[i]|; NaN if any is.
  static func largest(_ a: UnsafePointer<Double>, _ count: Int) -> Double {
    var largest = 0.0
    for index in 0..<count where !(a[index].magnitude <= largest) { largest = a[index].magnitude }
    return largest
  }
}
