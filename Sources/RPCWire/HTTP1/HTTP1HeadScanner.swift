/// Finds where a request's head ends while its bytes arrive, and refuses line ends that others
/// might read differently: each line ends in CR LF, and neither occurs alone (RFC 9112 section 2.2
/// would let a server take a bare LF; servers that disagree about it are how requests are smuggled).
struct HTTP1HeadScanner {
  enum Progress: Equatable {
    case more
    /// The head is this many bytes, its empty line included.
    case complete(byteCount: Int)
    case malformed(String)
  }

  private var offset = 0
  private var isAfterCR = false
  private var lineByteCount = 0

  /// Looks at what was added to `bytes`, which starts where the head does.
  mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Progress {
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if isAfterCR {
        guard byte == UInt8(ascii: "\n") else { return .malformed("a CR without LF in the head") }
        isAfterCR = false
        if lineByteCount == 0 { return .complete(byteCount: offset) }
        lineByteCount = 0
        continue
      }
      switch byte {
      case UInt8(ascii: "\r"): isAfterCR = true
      case UInt8(ascii: "\n"): return .malformed("an LF without CR in the head")
      case UInt8(ascii: " ") where lineByteCount == 0, UInt8(ascii: "\t") where lineByteCount == 0:
        return .malformed("a line of the head that starts with a space (obsolete line folding)")
      default: lineByteCount += 1
      }
    }
    return .more
  }
}
