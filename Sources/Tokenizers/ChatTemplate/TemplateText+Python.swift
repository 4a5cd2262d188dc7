extension TemplateText {
  /// Every character by its mapping.
  static func mapped(
    _ text: [UInt8], _ mapping: (Unicode.Scalar.Properties) -> String
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      result.append(contentsOf: mapping(scalar.properties).utf8)
    }
    return result
  }

  /// The first letter of the text, or of every word, in title case and the others in lower case.
  static func titled(_ text: [UInt8], onlyFirst: Bool) -> [UInt8] {
    var result: [UInt8] = []
    var continues = false
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let properties = scalar.properties
      result.append(
        contentsOf: (continues ? properties.lowercaseMapping : properties.titlecaseMapping).utf8)
      continues = onlyFirst || properties.isCased
    }
    return result
  }

  /// Jinja's title case: words begin after white space and opening signs only.
  static func headlined(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var continues = false
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let properties = scalar.properties
      result.append(
        contentsOf: (continues ? properties.lowercaseMapping : properties.uppercaseMapping).utf8)
      continues = !properties.isWhitespace && !"-({[<".unicodeScalars.contains(scalar)
    }
    return result
  }

  /// Cut at a text, at most so many times; without end below zero.
  static func split(_ text: [UInt8], _ separator: [UInt8], _ limit: Int) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var start = 0
    while limit < 0 || parts.count < limit, let found = find(separator, in: text, from: start) {
      parts.append(Array(text[start..<found]))
      start = found + separator.count
    }
    parts.append(Array(text[start...]))
    return parts
  }

  /// Cut at runs of white space of ASCII, those at the ends left out.
  static func splitAtSpace(_ text: [UInt8], _ limit: Int) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var rest = text[...].drop(while: isSpace)
    while !rest.isEmpty {
      if limit >= 0, parts.count == limit {
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        parts.append(Array(rest))
        break
      }
      let part = rest.prefix { !isSpace($0) }
      parts.append(Array(part))
      rest = rest[part.endIndex...].drop(while: isSpace)
    }
    return parts
  }

  /// Cut at ends of lines.
  static func lines(_ text: [UInt8]) -> [[UInt8]] {
    split(
      text.replacing([0x0D, 0x0A], with: [0x0A]).replacing([0x0D], with: [0x0A]), [0x0A], -1)
  }

  /// Python's questions about all characters of a text: `isdigit` and its like.
  static func satisfies(_ text: [UInt8], _ question: String) -> Bool {
    let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        true
      default: false
      }
    }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
    }
    switch question {
    case "isdigit": return !scalars.isEmpty && scalars.allSatisfy(isDigit)
    case "isalpha": return !scalars.isEmpty && scalars.allSatisfy(isLetter)
    case "isalnum":
      return !scalars.isEmpty
        && scalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
    case "isspace": return !scalars.isEmpty && stripped(text[...]).isEmpty
    case "isupper":
      return scalars.contains { $0.properties.isUppercase }
        && !scalars.contains { $0.properties.isLowercase }
    case "islower":
      return scalars.contains { $0.properties.isLowercase }
        && !scalars.contains { $0.properties.isUppercase }
    default: return false
    }
  }
}
