/// The offset of the first byte that is not UTF-8 (RFC 3629: neither surrogates nor overlong
/// forms), or nil.
func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
  var decoder = Unicode.UTF8.ForwardParser()
  var iterator = bytes.makeIterator()
  if bytes.allSatisfy({ $0 < 0x80 }) { return nil }
  var offset = 0
  while true {
    switch decoder.parseScalar(from: &iterator) {
    case .valid(let scalar): offset += scalar.count
    case .error: return offset
    case .emptyInput: return nil
    }
  }
}
