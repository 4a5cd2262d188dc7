/// What normalizers do to single characters.
enum ScalarRules {
  typealias Output = String.UnicodeScalarView

  @Sendable static func lowercase(_ scalar: Unicode.Scalar, _ result: inout Output) {
    if scalar.isASCII {
      let value = scalar.value
      result.append(value >= 0x41 && value <= 0x5A ? Unicode.Scalar(value + 32)! : scalar)
    } else {
      result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }

  @Sendable static func withoutMarks(_ scalar: Unicode.Scalar, _ result: inout Output) {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return
    default: result.append(scalar)
    }
  }

  @Sendable static func withoutNonspacingMarks(_ scalar: Unicode.Scalar, _ result: inout Output) {
    if scalar.properties.generalCategory != .nonspacingMark { result.append(scalar) }
  }

  /// Leaves out control characters, and makes a space of every white space.
  @Sendable static func clean(_ scalar: Unicode.Scalar, _ result: inout Output) {
    switch scalar {
    case "\t", "\n", "\r": result.append(" ")
    case "\0", "\u{FFFD}": return
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .privateUse: return
      default: result.append(scalar.properties.isWhitespace ? " " : scalar)
      }
    }
  }

  @Sendable static func spaceChinese(_ scalar: Unicode.Scalar, _ result: inout Output) {
    guard isChinese(scalar.value) else { return result.append(scalar) }
    result.append(" ")
    result.append(scalar)
    result.append(" ")
  }

  /// The blocks of CJK ideographs as BERT lists them; the sixth begins where `tokenizers` has it.
  private static func isChinese(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
