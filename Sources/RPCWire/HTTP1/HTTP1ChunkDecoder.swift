/// Takes the framing off a chunked body (RFC 9112 section 7.1), strictly: CR LF after every line
/// and every chunk, hexadecimal digits alone in a size, no fold in a trailer.
///
/// It is ours because Debian's libhttp-parser is built without its strict checks and takes any two
/// bytes for the end of a chunk (decision 43). Trailers are read and dropped: nothing in them is
/// used, so nothing in them can override what was authorised.
struct HTTP1ChunkDecoder {
  enum Step: Equatable {
    /// All bytes were taken.
    case more
    /// Body bytes: this range of what was given.
    case data(Range<Int>)
    /// The body has ended; the rest of what was given belongs to the next request.
    case end(taken: Int)
  }

  private enum State {
    case size, sizeExtension, sizeLF
    case data, dataCR, dataLF
    case trailerStart, trailer, trailerLF, endLF
  }

  private let lineMax: Int
  private let trailerMax: Int
  private var state = State.size
  private var size = 0
  private var digitCount = 0
  private var lineByteCount = 0
  private var trailerByteCount = 0

  init(lineMax: Int, trailerMax: Int) {
    self.lineMax = lineMax
    self.trailerMax = trailerMax
  }

  /// Goes on at `offset` and moves it behind what the step has taken.
  mutating func next(
    _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
  ) throws(HTTP1Error) -> Step {
    while offset < bytes.count {
      if case .data = state {
        let count = min(size, bytes.count - offset)
        let range = offset..<offset + count
        offset += count
        size -= count
        if size == 0 { state = .dataCR }
        return .data(range)
      }
      let byte = bytes[offset]
      offset += 1
      if try take(byte) { return .end(taken: offset) }
    }
    return .more
  }

  /// Takes a byte of the framing; true at the end of the body.
  private mutating func take(_ byte: UInt8) throws(HTTP1Error) -> Bool {
    switch state {
    case .size, .sizeExtension: try takeSize(byte)
    case .sizeLF:
      try expectLF(byte)
      state = size == 0 ? .trailerStart : .data
      lineByteCount = 0
      digitCount = 0
    case .data: break
    case .dataCR:
      guard byte == UInt8(ascii: "\r") else { throw Self.noCRLF }
      state = .dataLF
    case .dataLF:
      try expectLF(byte)
      state = .size
    case .trailerStart where byte == UInt8(ascii: "\r"): state = .endLF
    case .trailerStart, .trailer: try takeTrailer(byte)
    case .trailerLF:
      try expectLF(byte)
      state = .trailerStart
    case .endLF:
      try expectLF(byte)
      return true
    }
    return false
  }

  private static let noCRLF = HTTP1Error.malformed("a chunk that does not end in CR LF")

  private func expectLF(_ byte: UInt8) throws(HTTP1Error) {
    guard byte == UInt8(ascii: "\n") else { throw Self.noCRLF }
  }

  private mutating func takeSize(_ byte: UInt8) throws(HTTP1Error) {
    lineByteCount += 1
    guard lineByteCount <= lineMax else {
      throw .malformed("a chunk's size line is longer than \(lineMax) bytes")
    }
    if byte == UInt8(ascii: "\r") {
      guard digitCount > 0 else { throw .malformed("a chunk without a size") }
      state = .sizeLF
      return
    }
    if case .sizeExtension = state {
      guard byte >= 0x20 || byte == UInt8(ascii: "\t"), byte != 0x7f else {
        throw .malformed("a control character in a chunk's extension")
      }
      return
    }
    if byte == UInt8(ascii: ";"), digitCount > 0 {
      state = .sizeExtension
      return
    }
    // Fifteen digits keep the number positive, and are more than any limit allows.
    guard let digit = Self.hexadecimal(byte), digitCount < 15 else {
      throw .malformed("a chunk's size: expected at most 15 hexadecimal digits")
    }
    size = size << 4 | digit
    digitCount += 1
  }

  private mutating func takeTrailer(_ byte: UInt8) throws(HTTP1Error) {
    trailerByteCount += 1
    guard trailerByteCount <= trailerMax else {
      throw HTTP1Error(431, "the trailers are larger than \(trailerMax) bytes")
    }
    if byte == UInt8(ascii: "\r") {
      state = .trailerLF
      return
    }
    if case .trailerStart = state {
      guard HTTP1Token.contains(byte) else { throw .malformed("a trailer without a name") }
      state = .trailer
    }
    guard byte >= 0x20 || byte == UInt8(ascii: "\t"), byte != 0x7f else {
      throw .malformed("a control character in a trailer")
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

/// The characters of a token: a method, a field's name (RFC 9110 section 5.6.2).
enum HTTP1Token {
  static func contains(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "!"), UInt8(ascii: "#"),
      UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
      UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
