internal import Glibc

/// Points on the calendar's clock, as RFC 3339 text in UTC: `2026-11-23T23:50:34.123456Z`.
public struct Timestamp: Sendable, Hashable {
  /// Whole seconds since 1970, leap seconds not counted.
  public var seconds: Int64
  /// 0 to 999,999,999.
  public var nanoseconds: Int32

  /// A point by its parts.
  public init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// A point in milliseconds since 1970.
  public init(milliseconds: Int64) {
    seconds = milliseconds / 1_000
    nanoseconds = Int32(milliseconds % 1_000) * 1_000_000
    if nanoseconds < 0 {
      seconds -= 1
      nanoseconds += 1_000_000_000
    }
  }

  /// Reads CLOCK_REALTIME.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }

  /// Milliseconds since 1970.
  public var milliseconds: Int64 { seconds * 1_000 + Int64(nanoseconds) / 1_000_000 }

  /// The text, with microseconds.
  public var description: String {
    var bytes: [UInt8] = []
    appendDateAndTime(to: &bytes)
    appendFraction(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `2026-11-23T23:50:34`
  func appendDateAndTime(to bytes: inout [UInt8]) {
    let days = (seconds - (((seconds % 86_400) + 86_400) % 86_400)) / 86_400
    let ofDay = Int(seconds - days * 86_400)
    let (year, month, day) = Self.civil(days: Int(days))
    Self.digits(year, 4, &bytes)
    bytes.append(UInt8(ascii: "-"))
    Self.digits(month, 2, &bytes)
    bytes.append(UInt8(ascii: "-"))
    Self.digits(day, 2, &bytes)
    bytes.append(UInt8(ascii: "T"))
    Self.digits(ofDay / 3_600, 2, &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.digits(ofDay / 60 % 60, 2, &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.digits(ofDay % 60, 2, &bytes)
  }

  /// `.123456Z`
  func appendFraction(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "."))
    Self.digits(Int(nanoseconds) / 1_000, 6, &bytes)
    bytes.append(UInt8(ascii: "Z"))
  }

  private static func digits(_ value: Int, _ count: Int, _ bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<count { divisor *= 10 }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  /// Year, month and day of a count of days since 1970-01-01: Howard Hinnant's
  /// `civil_from_days`, for the proleptic Gregorian calendar.
  private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

extension Timestamp: CustomStringConvertible {}
