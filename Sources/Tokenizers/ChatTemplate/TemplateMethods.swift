/// Python's methods that templates call.
enum TemplateMethods {
  static let ofTexts: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper",
    "lower", "title", "capitalize", "replace", "find", "rfind", "index", "count", "join", "isdigit",
    "isalpha", "isalnum", "isspace", "isupper", "islower", "removeprefix", "removesuffix", "format",
  ]
  static let ofDictionaries: Set<String> = ["items", "keys", "values", "get", "copy"]
  static let ofLists: Set<String> = ["index", "count", "copy"]
}

extension TemplateInterpreter {
  func textMethod(
    _ text: [UInt8], _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    try charge(text.count)
    func argument(_ place: Int, _ name: String) throws(TemplateError) -> [UInt8] {
      guard case .text(let argument)? = call[place, name] else {
        throw TemplateError(.invalidValue, "expected a text as an argument, got another value")
      }
      return argument
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      var characters: [UInt8]?
      if case .text(let set)? = call[0, "chars"] { characters = set }
      return .text(
        Array(
          TemplateText.stripped(
            text[...], left: name != "rstrip", right: name != "lstrip", characters: characters)))
    case "split", "rsplit": return try split(text, call, fromRight: name == "rsplit")
    case "splitlines":
      var lines = TemplateText.lines(text)
      if lines.last == [] { lines.removeLast() }
      return try list(lines.map { .text($0) })
    case "startswith", "endswith":
      var candidates = [call[0, "prefix"] ?? .none]
      if case .list(let list)? = call[0, "prefix"] { candidates = list.items }
      for case .text(let part) in candidates {
        if name == "startswith"
          ? text.starts(with: part) : text.suffix(part.count).elementsEqual(part)
        {
          return .bool(true)
        }
      }
      return .bool(false)
    case "upper": return .text(TemplateText.mapped(text) { $0.uppercaseMapping })
    case "lower": return .text(TemplateText.mapped(text) { $0.lowercaseMapping })
    case "title": return .text(TemplateText.titled(text, onlyFirst: false))
    case "capitalize": return .text(TemplateText.titled(text, onlyFirst: true))
    case "replace":
      let count = call[2, "count"]?.whole ?? -1
      return .text(
        try replaced(text, try argument(0, "old"), try argument(1, "new"), count: count))
    case "find", "rfind", "index":
      let part = try argument(0, "sub")
      let found =
        name == "rfind"
        ? TemplateText.find(Array(part.reversed()), in: text.reversed()).map {
          text.count - $0 - part.count
        } : TemplateText.find(part, in: text)
      guard let found else {
        guard name != "index" else {
          throw TemplateError(.invalidValue, "expected a text that occurs, got one that does not")
        }
        return .integer(-1)
      }
      return .integer(TemplateText.count(Array(text[..<found])))
    case "count":
      let part = try argument(0, "sub")
      guard !part.isEmpty else { return .integer(TemplateText.count(text) + 1) }
      var count = 0
      var place = 0
      while let found = TemplateText.find(part, in: text, from: place) {
        count += 1
        place = found + part.count
      }
      return .integer(count)
    case "join":
      var parts: [[UInt8]] = []
      for item in try elements(of: call[0, "iterable"] ?? .none) {
        guard case .text(let part) = item else {
          throw TemplateError(.invalidValue, "expected texts to join, got \(item.kind)")
        }
        parts.append(part)
      }
      return .text(try joined(parts, by: text))
    case "removeprefix":
      let part = try argument(0, "prefix")
      return .text(text.starts(with: part) ? Array(text.dropFirst(part.count)) : text)
    case "removesuffix":
      let part = try argument(0, "suffix")
      let ends = !part.isEmpty && text.suffix(part.count).elementsEqual(part)
      return .text(ends ? Array(text.dropLast(part.count)) : text)
    case "format": return .text(try filled(text, call))
    default: return .bool(TemplateText.satisfies(text, name))
    }
  }

  /// `"{} and {name}".format(values)`, without specifications of width or kind.
  private func filled(_ text: [UInt8], _ call: TemplateCall) throws(TemplateError) -> [UInt8] {
    let open = UInt8(ascii: "{")
    let close = UInt8(ascii: "}")
    var result: [UInt8] = []
    var next = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      if byte == open || byte == close, index < text.count, text[index] == byte {
        index += 1
      } else if byte == open {
        guard let end = text[index...].firstIndex(of: close) else { break }
        let name = String(decoding: text[index..<end], as: UTF8.self)
        index = end + 1
        let place = name.isEmpty ? next : Int(name) ?? -1
        next += 1
        let value =
          call.positional.indices.contains(place) ? call.positional[place] : call.named[name]
        guard let value else {
          throw TemplateError(.invalidValue, "expected a value for each {}, got fewer")
        }
        result = try joined(result, try printed(value))
        continue
      }
      result.append(byte)
    }
    return result
  }

  private func split(
    _ text: [UInt8], _ call: TemplateCall, fromRight: Bool
  ) throws(TemplateError) -> TemplateValue {
    var separator: [UInt8]?
    if case .text(let given)? = call[0, "sep"] { separator = given }
    let limit = call[1, "maxsplit"]?.whole ?? -1
    if separator == [] {
      throw TemplateError(.invalidValue, "expected a separator, got an empty text")
    }
    // From the right is from the left of what is turned around.
    let source = fromRight ? Array(text.reversed()) : text
    var parts =
      separator.map { part in
        TemplateText.split(source, fromRight ? Array(part.reversed()) : part, limit)
      } ?? TemplateText.splitAtSpace(source, limit)
    if fromRight { parts = parts.reversed().map { $0.reversed() } }
    return try list(parts.map { .text($0) })
  }

  func replaced(
    _ text: [UInt8], _ old: [UInt8], _ new: [UInt8], count: Int
  ) throws(TemplateError) -> [UInt8] {
    guard count != 0 else { return text }
    if old.isEmpty {
      // Between all characters, as Python does.
      let characters = TemplateText.characters(text)
      let places = count < 0 ? characters.count + 1 : min(count, characters.count + 1)
      let (grown, overflows) = places.multipliedReportingOverflow(by: new.count)
      try checkSize(overflows ? Int.max : text.count + grown)
      var result: [UInt8] = []
      for (place, character) in characters.enumerated() {
        if place < places { result += new }
        result += character
      }
      return places > characters.count ? result + new : result
    }
    let parts = TemplateText.split(text, old, count)
    return try joined(parts, by: new)
  }

  func joined(_ parts: [[UInt8]], by separator: [UInt8]) throws(TemplateError) -> [UInt8] {
    let gaps = max(0, parts.count - 1)
    let (between, overflows) = separator.count.multipliedReportingOverflow(by: gaps)
    try checkSize(
      overflows ? Int.max : parts.reduce(0) { $0 + $1.count }.addingSaturated(between))
    return Array(parts.joined(separator: separator))
  }

  func dictionaryMethod(
    _ dictionary: TemplateDictionary, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "items":
      var items: [TemplateValue] = []
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        items.append(try list([key, value]))
      }
      return try list(items)
    case "keys": return try list(dictionary.keys)
    case "values": return try list(dictionary.values)
    case "get": return call[0, "key"]?.key.flatMap { dictionary[$0] } ?? call[1, "default"] ?? .none
    default: return .dictionary(dictionary)
    }
  }

  func listMethod(
    _ list: TemplateList, _ name: String, _ call: TemplateCall
  ) throws(TemplateError) -> TemplateValue {
    guard name != "copy" else { return .list(list) }
    let wanted = call[0, "value"] ?? .none
    var count = 0
    for (index, item) in list.items.enumerated() where try equal(item, wanted) {
      if name == "index" { return .integer(index) }
      count += 1
    }
    guard name == "count" else {
      throw TemplateError(.invalidValue, "expected a value that is in the list, got another")
    }
    return .integer(count)
  }
}

extension Int {
  fileprivate func addingSaturated(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
