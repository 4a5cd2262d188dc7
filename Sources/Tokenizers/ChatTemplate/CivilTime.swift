/// A moment as a calendar has it, in UTC, for `strftime_now`. Whoever renders a template has the
/// clock.
public struct CivilTime: Sendable, Hashable {
  private let days: Int
  private let second: Int
  private let year: Int
  private let month: Int
  private let day: Int

  /// A moment by its seconds since 1970-01-01T00:00:00Z; those of the years 1 to 9999.
  public init(secondsSinceEpoch seconds: Int) {
    let seconds = min(max(seconds, -62_135_596_800), 253_402_300_799)
    let days = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
    self.days = days
    second = seconds - days * 86_400
    // Howard Hinnant's civil_from_days: years begin in March, eras have 400 years.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let weekdays = [
    "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
  ]

  /// C's `strftime` in the C locale.
  func formatted(_ format: [UInt8]) throws(TemplateError) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < format.count {
      let byte = format[index]
      index += 1
      guard byte == UInt8(ascii: "%"), index < format.count else {
        result.append(byte)
        continue
      }
      var conversion = format[index]
      index += 1
      // glibc's sign for numbers without padding.
      let isPadded = conversion != UInt8(ascii: "-")
      if !isPadded, index < format.count {
        conversion = format[index]
        index += 1
      }
      guard let text = text(conversion, isPadded: isPadded) else {
        throw TemplateError(
          .unsupported, "expected the common conversions of strftime, got another")
      }
      result.append(contentsOf: text.utf8)
    }
    return result
  }

  private func text(_ conversion: UInt8, isPadded: Bool) -> String? {
    func number(_ value: Int, _ width: Int = 2) -> String {
      let digits = "\(value)"
      return isPadded
        ? String(repeating: "0", count: max(0, width - digits.count)) + digits : digits
    }
    let hour = second / 3_600
    let weekday = Self.weekdays[((days % 7) + 7) % 7]
    switch Character(Unicode.Scalar(conversion)) {
    case "Y": return "\(year)"
    case "y": return number(year % 100)
    case "m": return number(month)
    case "B": return Self.months[month - 1]
    case "b", "h": return String(Self.months[month - 1].prefix(3))
    case "d": return number(day)
    case "e": return day < 10 ? " \(day)" : "\(day)"
    case "A": return weekday
    case "a": return String(weekday.prefix(3))
    case "H": return number(hour)
    case "I": return number((hour + 11) % 12 + 1)
    case "M": return number(second / 60 % 60)
    case "S": return number(second % 60)
    case "p": return hour < 12 ? "AM" : "PM"
    case "Z": return "UTC"
    case "z": return "+0000"
    case "j":
      return number(days - Self.days(beforeYear: year) + 1, 3)
    case "F": return "\(year)-\(number(month))-\(number(day))"
    case "T": return "\(number(hour)):\(number(second / 60 % 60)):\(number(second % 60))"
    case "%": return "%"
    case "n": return "\n"
    default: return nil
    }
  }

  /// Days from 1970 to the beginning of a year.
  private static func days(beforeYear year: Int) -> Int {
    let past = year - 1
    return past * 365 + past / 4 - past / 100 + past / 400 - 719_162
  }
}
