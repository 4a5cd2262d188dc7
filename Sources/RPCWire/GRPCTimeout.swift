/// The `grpc-timeout` header: at most eight digits and a unit.
public enum GRPCTimeout {
  /// Nanoseconds, or nil when the value is malformed. Saturates instead of overflowing.
  public static func parse(_ value: UnsafeRawBufferPointer) -> UInt64? {
    guard value.count >= 2, value.count <= 9 else { return nil }
    var number: UInt64 = 0
    for byte in value.dropLast() {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
    }
    let unit: UInt64
    switch value[value.count - 1] {
    case UInt8(ascii: "n"): unit = 1
    case UInt8(ascii: "u"): unit = 1_000
    case UInt8(ascii: "m"): unit = 1_000_000
    case UInt8(ascii: "S"): unit = 1_000_000_000
    case UInt8(ascii: "M"): unit = 60_000_000_000
    case UInt8(ascii: "H"): unit = 3_600_000_000_000
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? .max : product
  }

  /// The header's value for some nanoseconds: the finest unit that fits eight digits, rounded
  /// down so that the callee never waits longer than the caller.
  public static func format(nanoseconds: UInt64) -> String {
    withUnsafeTemporaryAllocation(byteCount: byteCountMax, alignment: 1) { text in
      let count = write(nanoseconds: nanoseconds, into: text)
      return String(decoding: text[..<count], as: UTF8.self)
    }
  }

  /// The longest value: eight digits and a unit.
  public static let byteCountMax = 9

  /// Writes the header's value into ``byteCountMax`` bytes and returns how many it took.
  public static func write(
    nanoseconds: UInt64, into text: UnsafeMutableRawBufferPointer
  ) -> Int {
    let (size, unit): (UInt64, UInt8) =
      switch nanoseconds {
      case 0..<100_000_000: (1, UInt8(ascii: "n"))
      case 0..<100_000_000_000: (1_000, UInt8(ascii: "u"))
      case 0..<100_000_000_000_000: (1_000_000, UInt8(ascii: "m"))
      case 0..<100_000_000_000_000_000: (1_000_000_000, UInt8(ascii: "S"))
      case 0..<6_000_000_000_000_000_000: (60_000_000_000, UInt8(ascii: "M"))
      default: (3_600_000_000_000, UInt8(ascii: "H"))
      }
    // Nanoseconds of 64 bits are at most 5,124,095 hours: always within eight digits.
    let value = nanoseconds / size
    var count = 1
    var limit: UInt64 = 10
    while value >= limit {
      count += 1
      limit *= 10
    }
    var rest = value
    for index in stride(from: count - 1, through: 0, by: -1) {
      text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    text[count] = unit
    return count + 1
  }
}
