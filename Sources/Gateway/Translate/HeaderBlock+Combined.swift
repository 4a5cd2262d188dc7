internal import RPC

extension HeaderBlock {
  /// All values of a field as one, as RFC 9110 section 5.2 combines them, or nil: who looks at the
  /// first only may read a request in another way than who looks at the last.
  func combined(_ name: StaticString) -> String? {
    var result: String?
    forEach { field in
      guard field.isNamed(name) else { return }
      let value = String(decoding: field.value, as: UTF8.self)
      result = result.map { "\($0), \(value)" } ?? value
    }
    return result
  }
}
