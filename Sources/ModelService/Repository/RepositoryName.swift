/// Names that become one component of a path: tenants, models and files.
enum RepositoryName {
  /// Leaves room for a suffix within the 255 bytes of a file name.
  static let byteCountMax = 128

  /// ASCII letters, digits, `_`, `-`, `.`, `+`; never a leading dot, so neither `.` nor `..` nor
  /// anything the repository keeps for itself.
  static func isValid(_ name: String) -> Bool {
    guard (1...byteCountMax).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".")
    else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "+"): true
      default: false
      }
    }
  }

  /// The number of a version folder: decimal without a leading zero, 1 or more.
  static func version(_ name: String) -> Int64? {
    guard let number = Int64(name), number > 0, String(number) == name else { return nil }
    return number
  }
}
