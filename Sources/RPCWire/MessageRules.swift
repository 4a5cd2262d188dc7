/// What RFC 9113 section 8 asks of the fields of a message: their characters, which pseudo-fields
/// there are and where, fields that belong to a connection, the length of the content.
///
/// libnghttp2 would check the same, byte by byte, for an eighth of all instructions of a call; that
/// is switched off. A test compares the two on broken and unbroken messages (decision 95).
struct MessageRules {
  /// What a header block is to its message.
  enum Section {
    case request
    /// Interim ones (1xx) as well.
    case response
    case trailers
  }

  /// Fields that may come once, or whose absence matters.
  private struct Seen: OptionSet {
    let rawValue: UInt8
    static let method = Seen(rawValue: 1)
    static let scheme = Seen(rawValue: 2)
    static let path = Seen(rawValue: 4)
    static let authority = Seen(rawValue: 8)
    static let host = Seen(rawValue: 16)
    static let status = Seen(rawValue: 32)
    /// A field that is no pseudo-field: none of those may follow.
    static let regular = Seen(rawValue: 64)
  }

  private var section = Section.request
  private var seen: Seen = []
  private var isConnect = false
  private var isOptions = false
  private var pathIsAbsolute = false
  private var pathIsStar = false
  /// A field has broken a rule.
  private(set) var isMalformed = false
  private var contentLength = -1
  /// Of a response: 100 to 999.
  private(set) var status = 0

  /// The content that must follow; -1 when nothing says so.
  @inline(__always)
  var contentByteCount: Int { status == 204 || status == 304 ? 0 : contentLength }

  /// There is a `host`, which may contradict the `:authority`.
  @inline(__always)
  var namesHost: Bool { seen.contains(.host) }

  /// Begins a block.
  @inline(__always)
  mutating func begin(_ section: Section) {
    self = MessageRules()
    self.section = section
  }

  /// Whether the block may stand as it is, when all its fields were checked. `endsStream`: nothing
  /// follows it.
  @inline(__always)
  func isComplete(endsStream: Bool) -> Bool {
    guard !isMalformed else { return false }
    switch section {
    case .request: return isRequest
    // What is not final yet cannot be the end.
    case .response: return seen.contains(.status) && !(status < 200 && endsStream)
    case .trailers: return endsStream
    }
  }

  @inline(__always)
  private var isRequest: Bool {
    guard !seen.isDisjoint(with: [.authority, .host]) else { return false }
    if isConnect {
      return seen.isSuperset(of: [.authority]) && seen.isDisjoint(with: [.scheme, .path])
    }
    return seen.isSuperset(of: [.method, .scheme, .path])
      && (pathIsAbsolute || pathIsStar && isOptions)
  }

  /// Looks at a field: its name, and its value right behind it. As many bytes more as
  /// ``FieldSyntax/padding`` are to be readable.
  @inline(__always)
  mutating func check(_ name: UnsafeRawPointer, _ nameCount: Int, _ valueCount: Int) {
    let value = name + nameCount
    let isGood: Bool
    if nameCount > 0, name.load(as: UInt8.self) == UInt8(ascii: ":") {
      isGood = checkPseudo(name, nameCount, value, valueCount)
    } else {
      seen.insert(.regular)
      isGood =
        FieldSyntax.isName(name, nameCount) && FieldSyntax.isValue(value, valueCount)
        && checkRegular(name, nameCount, value, valueCount)
    }
    if !isGood { isMalformed = true }
  }

  // MARK: Pseudo-fields

  private mutating func checkPseudo(
    _ name: UnsafeRawPointer, _ nameCount: Int, _ value: UnsafeRawPointer, _ valueCount: Int
  ) -> Bool {
    guard section != .trailers, !seen.contains(.regular), valueCount > 0 else { return false }
    let field = UnsafeRawBufferPointer(start: name, count: nameCount)
    let isRequest = section == .request
    switch nameCount {
    case 5 where isRequest && field.equals(":path"):
      let first = value.load(as: UInt8.self)
      pathIsAbsolute = first == UInt8(ascii: "/")
      pathIsStar = first == UInt8(ascii: "*") && valueCount == 1
      return isFirst(.path) && FieldSyntax.isPath(value, valueCount)
    case 7 where isRequest && field.equals(":method"):
      let method = UnsafeRawBufferPointer(start: value, count: valueCount)
      isConnect = method.equals("CONNECT")
      isOptions = method.equals("OPTIONS")
      return isFirst(.method)
        && (method.equals("POST") || FieldSyntax.all(value, valueCount, .method))
    case 7 where isRequest && field.equals(":scheme"):
      // Only letters have this bit of those that a scheme may have.
      return isFirst(.scheme)
        && (UnsafeRawBufferPointer(start: value, count: valueCount).equals("https")
          || FieldSyntax.all(value, valueCount, .scheme) && value.load(as: UInt8.self) & 0x40 != 0)
    case 10 where isRequest && field.equals(":authority"):
      return isFirst(.authority) && FieldSyntax.isAuthority(value, valueCount)
    case 7 where !isRequest && field.equals(":status"):
      guard isFirst(.status), valueCount == 3, FieldSyntax.all(value, 3, .digit) else {
        return false
      }
      status = number(value, 3)
      // HTTP/2 has no other protocol to switch to.
      return status >= 100 && status != 101
    default: return false
    }
  }

  /// False when the field was there already.
  @inline(__always)
  private mutating func isFirst(_ field: Seen) -> Bool { seen.insert(field).inserted }

  // MARK: Other fields

  /// The length tells nearly all names apart from those that matter.
  @inline(__always)
  private mutating func checkRegular(
    _ name: UnsafeRawPointer, _ nameCount: Int, _ value: UnsafeRawPointer, _ valueCount: Int
  ) -> Bool {
    let field = UnsafeRawBufferPointer(start: name, count: nameCount)
    switch nameCount {
    case 2 where field.equals("te"):
      // Codings are compared whatever their case (RFC 9110 section 10.1.4).
      return valueCount == 8
        && (value.loadUnaligned(as: UInt64.self) | 0x2020_2020_2020_2020).littleEndian
          == 0x7372_656c_6961_7274
    case 4 where field.equals("host"):
      return section == .response
        || isFirst(.host) && valueCount > 0 && FieldSyntax.isAuthority(value, valueCount)
    case 7: return !field.equals("upgrade")
    case 10: return !field.equals("connection") && !field.equals("keep-alive")
    case 14 where field.equals("content-length"): return readLength(value, valueCount)
    case 16: return !field.equals("proxy-connection")
    case 17: return !field.equals("transfer-encoding")
    default: return true
    }
  }

  @inline(never)
  private mutating func readLength(_ value: UnsafeRawPointer, _ count: Int) -> Bool {
    // Eighteen digits fit; nothing has so many bytes.
    guard section != .trailers, contentLength < 0, 1...18 ~= count,
      FieldSyntax.all(value, count, .digit)
    else { return false }
    contentLength = number(value, count)
    return true
  }

  private func number(_ digits: UnsafeRawPointer, _ count: Int) -> Int {
    var number = 0
    for offset in 0..<count {
      number = number * 10 + Int(digits.load(fromByteOffset: offset, as: UInt8.self) & 15)
    }
    return number
  }
}
