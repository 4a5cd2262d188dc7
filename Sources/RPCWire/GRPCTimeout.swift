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
    let units: [(UInt64, String)] = [
      (1, "n"), (1_000, "u"), (1_000_000, "m"), (1_000_000_000, "S"), (60_000_000_000, "M"),
      (3_600_000_000_000, "H"),
    ]
    for (size, unit) in units where nanoseconds / size <= 99_999_999 {
      return "\(nanoseconds / size)\(unit)"
    }
    return "99999999H"
  }
}
