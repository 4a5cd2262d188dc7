extension TemplateInterpreter {
  /// `value | name(arguments)`
  func filtered(
    _ value: TemplateValue, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    try nested { () throws(TemplateError) in
      if let result = try textFilter(value, name, call) { return result }
      if let result = try listFilter(value, name, call) { return result }
      if let result = try selection(value, name, call) { return result }
      if let result = try numberFilter(value, name, call) { return result }
      throw TemplateError(
        .unsupported, "expected the filters of chat templates, got '\(name.prefix(64))'")
    }
  }

  private func textFilter(
    _ value: TemplateValue, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue? {
    switch name {
    case "tojson": return .text(try json(value, call))
    case "string", "safe": return .text(try printed(value))
    case "trim": return try textMethod(try printed(value), "strip", call)
    case "title": return .text(TemplateText.headlined(try printed(value)))
    case "upper", "lower", "capitalize":
      return try textMethod(try printed(value), name, call)
    case "replace":
      let count = call[2, "count"]?.whole ?? -1
      return .text(
        try replaced(
          try printed(value), try printed(call[0, "old"] ?? .none),
          try printed(call[1, "new"] ?? .none), count: count))
    case "join":
      var parts: [[UInt8]] = []
      for item in try elements(of: value) {
        parts.append(try printed(try part(item, call[1, "attribute"])))
      }
      return .text(try joined(parts, by: try printed(call[0, "d"] ?? .text(""))))
    case "indent": return .text(try indented(try printed(value), call))
    case "escape", "e":
      var result: [UInt8] = []
      for byte in try printed(value) {
        switch byte {
        case UInt8(ascii: "&"): result += "&amp;".utf8
        case UInt8(ascii: "<"): result += "&lt;".utf8
        case UInt8(ascii: ">"): result += "&gt;".utf8
        case UInt8(ascii: "\""): result += "&#34;".utf8
        case UInt8(ascii: "'"): result += "&#39;".utf8
        default: result.append(byte)
        }
      }
      return .text(result)
    case "wordcount": return .integer(TemplateText.splitAtSpace(try printed(value), -1).count)
    default: return nil
    }
  }

  /// As `json.dumps` writes it, which is what chat templates are given as `tojson`.
  private func json(
    _ value: TemplateValue, _ call: TemplateCall
  ) throws(TemplateError) -> [UInt8] {
    var layout = TemplateWriter.JSONLayout()
    layout.isASCII = call[0, "ensure_ascii"]?.isTrue ?? false
    if let indentation = call[1, "indent"]?.whole {
      layout.indentation = min(max(0, indentation), 64)
      layout.item = ","
    }
    if case .list(let separators)? = call[2, "separators"], separators.items.count == 2 {
      layout.item = String(decoding: try printed(separators.items[0]), as: UTF8.self)
      layout.key = String(decoding: try printed(separators.items[1]), as: UTF8.self)
    }
    layout.sortsKeys = call[3, "sort_keys"]?.isTrue ?? false
    var writer = TemplateWriter(byteCountMax: limits.outputByteCountMax)
    guard writer.json(value, layout) else {
      throw TemplateError(.invalidValue, "expected values of JSON, got others")
    }
    try checkFull(writer)
    return writer.bytes
  }

  private func indented(
    _ text: [UInt8], _ call: TemplateCall
  ) throws(TemplateError) -> [UInt8] {
    var indentation: [UInt8]
    switch call[0, "width"] {
    case .text(let text)?: indentation = text
    case let width:
      let width = width?.whole ?? 4
      try checkSize(max(0, width))
      indentation = Array(repeating: 0x20, count: max(0, width))
    }
    let isFirst = call[1, "first"]?.isTrue ?? false
    let isBlank = call[2, "blank"]?.isTrue ?? false
    var lines = TemplateText.lines(text)
    let (grown, overflows) = lines.count.multipliedReportingOverflow(by: indentation.count)
    try checkSize(overflows ? Int.max : min(grown, Int.max - text.count) + text.count)
    for index in lines.indices where index > 0 ? (isBlank || !lines[index].isEmpty) : isFirst {
      lines[index] = indentation + lines[index]
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  private func listFilter(
    _ value: TemplateValue, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue? {
    switch name {
    case "length", "count":
      switch value {
      case .text(let text):
        try charge(text.count)
        return .integer(TemplateText.count(text))
      default: return .integer(try elements(of: value).count)
      }
    case "first": return try elements(of: value).first ?? .undefined("the first of nothing")
    case "last": return try elements(of: value).last ?? .undefined("the last of nothing")
    case "list": return try list(try elements(of: value))
    case "items":
      guard case .dictionary(let dictionary) = value else {
        guard !value.isUndefined else { return try list([]) }
        throw TemplateError(.invalidValue, "expected a dictionary, got \(value.kind)")
      }
      return try dictionaryMethod(dictionary, "items", call)
    case "reverse":
      if case .text(let text) = value {
        return .text(Array(TemplateText.characters(text).reversed().joined()))
      }
      return try list(try elements(of: value).reversed())
    case "default", "d":
      let isMissing = value.isUndefined || (call[1, "boolean"]?.isTrue ?? false) && !value.isTrue
      return isMissing ? call[0, "default_value"] ?? .text("") : value
    case "sort":
      return try list(
        try sorted(
          try elements(of: value), by: call[2, "attribute"],
          ignoresCase: !(call[1, "case_sensitive"]?.isTrue ?? false),
          isReversed: call[0, "reverse"]?.isTrue ?? false))
    case "dictsort":
      guard case .dictionary(let dictionary) = value else {
        throw TemplateError(.invalidValue, "expected a dictionary, got \(value.kind)")
      }
      guard case .list(let items) = try dictionaryMethod(dictionary, "items", TemplateCall()) else {
        return nil
      }
      let isByValue = try printed(call[1, "by"] ?? .text("key")) == Array("value".utf8)
      return try list(
        try sorted(
          items.items, by: .integer(isByValue ? 1 : 0),
          ignoresCase: !(call[0, "case_sensitive"]?.isTrue ?? false),
          isReversed: call[2, "reverse"]?.isTrue ?? false))
    case "unique":
      var kept: [TemplateValue] = []
      for item in try elements(of: value) {
        var isKnown = false
        for other in kept where try equal(folded(item), folded(other)) {
          isKnown = true
          break
        }
        if !isKnown { kept.append(item) }
      }
      return try list(kept)
    default: return nil
    }
  }

  /// Without its case, for comparisons that do not look at it.
  private func folded(_ value: TemplateValue) -> TemplateValue {
    guard case .text(let text) = value else { return value }
    return .text(TemplateText.mapped(text) { $0.lowercaseMapping })
  }

  private func sorted(
    _ items: [TemplateValue], by attribute: TemplateValue?, ignoresCase: Bool, isReversed: Bool
  ) throws(TemplateError) -> [TemplateValue] {
    var keyed: [(key: TemplateValue, item: TemplateValue)] = []
    for item in items {
      let key = try part(item, attribute)
      keyed.append((ignoresCase ? folded(key) : key, item))
    }
    // Merge sort, because comparisons may fail and the order of equals stays.
    var width = 1
    while width < keyed.count {
      var merged: [(key: TemplateValue, item: TemplateValue)] = []
      merged.reserveCapacity(keyed.count)
      for start in stride(from: 0, to: keyed.count, by: 2 * width) {
        let middle = min(start + width, keyed.count)
        let end = min(start + 2 * width, keyed.count)
        var left = start
        var right = middle
        while left < middle || right < end {
          var takesRight = left == middle
          if !takesRight, right < end {
            let order = try order(keyed[right].key, keyed[left].key)
            takesRight = isReversed ? order > 0 : order < 0
          }
          merged.append(keyed[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
      }
      keyed = merged
      width *= 2
    }
    return keyed.map(\.item)
  }

  /// A value, or a member of it if one is asked for.
  private func part(
    _ value: TemplateValue, _ name: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    guard let name else { return value }
    return try member(name, of: value)
  }

  /// A member by its name, a path with dots, or its place.
  func member(
    _ name: TemplateValue, of value: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    if let place = name.whole {
      let items = try elements(of: value)
      return items.indices.contains(place) ? items[place] : .undefined("an element")
    }
    var result = value
    for part in TemplateText.split(try printed(name), Array(".".utf8), -1) {
      if case .dictionary(let dictionary) = result {
        result = dictionary[.text(part)] ?? .undefined(String(decoding: part, as: UTF8.self))
      } else if !result.isUndefined {
        result = try attribute(String(decoding: part, as: UTF8.self), of: result)
      }
    }
    return result
  }

  /// `map`, and what takes elements that satisfy a test.
  private func selection(
    _ value: TemplateValue, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue? {
    guard ["map", "select", "reject", "selectattr", "rejectattr"].contains(name) else { return nil }
    let looksAtMember = name.hasSuffix("attr")
    var rest = call.positional[...]
    func nextName() throws(TemplateError) -> String? {
      guard let next = rest.popFirst() else { return nil }
      return String(decoding: try printed(next), as: UTF8.self)
    }
    let memberName = looksAtMember ? rest.popFirst() ?? .none : .none
    // Nothing at all is an empty list here, unlike elsewhere.
    guard value.isTrue else { return try list([]) }
    var kept: [TemplateValue] = []
    if name == "map", let attribute = call.named["attribute"] {
      for item in try elements(of: value) {
        let found = try member(attribute, of: item)
        kept.append(found.isUndefined ? call.named["default"] ?? found : found)
      }
      return try list(kept)
    }
    let operation = try nextName()
    let arguments = TemplateCall(positional: Array(rest), named: call.named)
    for item in try elements(of: value) {
      try charge()
      if name == "map" {
        kept.append(try filtered(item, operation ?? "", arguments))
        continue
      }
      let subject = looksAtMember ? try member(memberName, of: item) : item
      var isKept = subject.isTrue
      if let operation { isKept = try tested(subject, operation, arguments) }
      if isKept == name.hasPrefix("select") { kept.append(item) }
    }
    return try list(kept)
  }

  private func numberFilter(
    _ value: TemplateValue, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue? {
    switch name {
    case "int":
      let standard = call[0, "default"] ?? .integer(0)
      if let number = value.whole { return .integer(number) }
      if let number = value.number ?? Self.number(in: value) {
        return Int(exactly: number.rounded(.towardZero)).map { .integer($0) } ?? standard
      }
      return standard
    case "float":
      return (value.number ?? Self.number(in: value)).map { .real($0) } ?? call[0, "default"]
        ?? .real(0)
    case "abs":
      if let number = value.whole, number != .min { return .integer(abs(number)) }
      guard let number = value.number else {
        throw TemplateError(.invalidValue, "expected a number, got \(value.kind)")
      }
      return .real(abs(number))
    case "round":
      guard let number = value.number, let places = (call[0, "precision"] ?? .integer(0)).whole,
        (0...15).contains(places)
      else {
        throw TemplateError(.invalidValue, "expected a number and 0 to 15 places to round to")
      }
      let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
      let method = String(
        decoding: try printed(call[1, "method"] ?? .text("common")), as: UTF8.self)
      let rule: FloatingPointRoundingRule =
        method == "ceil" ? .up : method == "floor" ? .down : .toNearestOrEven
      return .real((number * scale).rounded(rule) / scale)
    case "sum":
      var total = call[1, "start"] ?? .integer(0)
      for item in try elements(of: value) {
        let item = try part(item, call[0, "attribute"])
        total = try TemplateArithmetic.applied(.add, total, item)
      }
      return total
    case "min", "max":
      var best: TemplateValue?
      for item in try elements(of: value) {
        guard let current = best else {
          best = item
          continue
        }
        let order = try order(item, current)
        if name == "min" ? order < 0 : order > 0 { best = item }
      }
      return best ?? .undefined("the \(name) of nothing")
    default: return nil
    }
  }

  private static func number(in value: TemplateValue) -> Double? {
    guard case .text(let text) = value else { return nil }
    return Double(String(decoding: TemplateText.stripped(text[...]), as: UTF8.self))
  }
}
