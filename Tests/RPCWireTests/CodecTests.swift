import Testing

@testable import RPCWire

struct CodecTests {
  @Test func onlyGRPCWithProtobufIsGRPC() {
    let matches = { (text: String) in
      Array(text.utf8).withUnsafeBytes { GRPCContentType.matches($0) }
    }
    for text in [
      "application/grpc", "application/grpc+proto", "Application/GRPC",
      "application/grpc;charset=utf-8", "application/grpc+proto; x=y",
    ] {
      #expect(matches(text), "\(text)")
    }
    for text in [
      "", "application/grp", "application/grpc-web", "application/grpc-web+proto",
      "application/grpc+json", "application/grpc+protox", "application/grpcx", "image/jpeg",
    ] {
      #expect(!matches(text), "\(text)")
    }
  }

  private func timeout(_ text: String) -> UInt64? {
    Array(text.utf8).withUnsafeBytes { GRPCTimeout.parse($0) }
  }

  @Test func timeoutsAreRead() {
    #expect(timeout("1n") == 1)
    #expect(timeout("250u") == 250_000)
    #expect(timeout("15m") == 15_000_000)
    #expect(timeout("3S") == 3_000_000_000)
    #expect(timeout("2M") == 120_000_000_000)
    #expect(timeout("99999999H") == .max)
  }

  @Test(arguments: ["", "1", "S", "123456789S", "-1S", "1.5S", "1s", " 1S", "1 S"])
  func malformedTimeoutsAreRefused(_ text: String) {
    #expect(timeout(text) == nil)
  }

  @Test func writtenTimeoutsNeverGrow() {
    for nanoseconds: UInt64 in [0, 1, 99_999_999, 100_000_000, 12_345_678_901, .max / 2] {
      let text = GRPCTimeout.format(nanoseconds: nanoseconds)
      #expect(text.utf8.count <= 9)
      #expect(timeout(text)! <= nanoseconds)
    }
  }

  @Test func messagesOfAnyTextSurvivePercentEncoding() {
    for text in ["", "plain", "100%", "größer\n\t", "a%2", "%zz", "日本"] {
      let encoded = PercentEncoding.encode(text)
      #expect(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7e })
      #expect(Array(encoded.utf8).withUnsafeBytes { PercentEncoding.decode($0) } == text)
    }
    #expect(Array("a%2".utf8).withUnsafeBytes { PercentEncoding.decode($0) } == "a%2")
  }

  @Test func base64IsReadWithAndWithoutPadding() {
    for count in 0..<20 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ 13) }
      let text = bytes.withUnsafeBytes { Base64.encode($0, isPadded: false) }
      #expect(!text.contains(UInt8(ascii: "=")))
      #expect(Base64.decode(text) == bytes)
      let padded = bytes.withUnsafeBytes { Base64.encode($0, isPadded: true) }
      #expect(padded.count % 4 == 0 && padded.starts(with: text))
      #expect(Base64.decode(padded) == bytes)
    }
    for text in ["A", "AA*=", "AA=A", "A===", "=", "AAAA-AAA", "AA\n==", "AA==AA=="] {
      #expect(Base64.decode(text.utf8) == nil, "\(text)")
    }
  }

  @Test func base64InPiecesHasPaddingInTheMiddle() {
    for count in 0..<10 {
      let bytes = (0..<count).map { UInt8($0 * 29) }
      let text = bytes.withUnsafeBytes { Base64.encode($0, isPadded: true) }
      var decoder = Base64Decoder(isInPieces: true)
      var decoded: [UInt8] = []
      for character in text + text { #expect(decoder.decode([character], into: &decoded)) }
      #expect(decoder.isAtBoundary && decoded == bytes + bytes)
    }
    var decoder = Base64Decoder(isInPieces: true)
    var decoded: [UInt8] = []
    #expect(!decoder.decode("AA==A=AA".utf8, into: &decoded))
  }

  @Test func messagesAreCutOutWhateverThePieces() throws {
    let messages: [[UInt8]] = [[], [1], Array(repeating: 7, count: 40_000), [2, 3]]
    let body = messages.flatMap { MessageFramer.frame($0) }
    for piece in [1, 3, 5, 6, 1000, body.count] {
      var deframer = MessageDeframer(limit: 40_000)
      var received: [[UInt8]] = []
      var offset = 0
      while offset < body.count {
        let end = min(offset + piece, body.count)
        try body[offset..<end].withUnsafeBytes { bytes in
          try deframer.receive(bytes) { received.append($0) }
        }
        offset = end
      }
      try deframer.finish()
      #expect(received == messages)
    }
  }

  @Test func framingFaultsHaveTheirStatus() {
    func status(_ body: [UInt8], _ compression: Compression? = nil) -> StatusCode? {
      var deframer = MessageDeframer(limit: 10, compression: compression)
      do {
        try body.withUnsafeBytes { try deframer.receive($0) { _ in } }
        try deframer.finish()
        return nil
      } catch {
        return (error as? FramingError)?.code
      }
    }
    #expect(status([0, 0, 0, 0, 11]) == .resourceExhausted)
    #expect(status([0, 0xff, 0xff, 0xff, 0xff]) == .resourceExhausted)
    #expect(status([1, 0, 0, 0, 1, 0]) == .internalError)
    #expect(status([2, 0, 0, 0, 1, 0]) == .internalError)
    #expect(status([0, 0, 0]) == .internalError)
    #expect(status([0, 0, 0, 0, 5, 1]) == .internalError)
    #expect(status([1, 0, 0, 0, 2, 9, 9], .gzip) == .internalError)
    #expect(status([0, 0, 0, 0, 1, 1]) == nil)
  }

  @Test func inflationStopsAtTheLimit() {
    for compression in Compression.allCases {
      let small = MessageCompressor.deflate(
        [UInt8](repeating: 0, count: 5_000_000), compression)
      let error = #expect(throws: FramingError.self) {
        try MessageCompressor.inflate(small, compression, limit: 1000)
      }
      #expect(error?.code == .resourceExhausted)
    }
  }

  /// RFC 1952 section 2.2: a gzip file is one member or several, and stands for all their contents.
  @Test func gzipOfSeveralMembersIsOneMessage() throws {
    let parts: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 7, count: 40_000), [4]]
    let members = parts.flatMap { MessageCompressor.deflate($0, .gzip) }
    let whole = Array(parts.joined())
    #expect(try MessageCompressor.inflate(members, .gzip, limit: whole.count) == whole)
    for count in [1, 7, 19, 1000] {
      let inflater = StreamingInflater(.gzip)
      var output: [UInt8] = []
      for start in stride(from: 0, to: members.count, by: count) {
        let isValid = members[start..<min(start + count, members.count)].withUnsafeBytes {
          inflater.inflate($0) {
            output.append(contentsOf: $0)
            return true
          }
        }
        #expect(isValid)
      }
      #expect(inflater.isAtEnd && output == whole)
    }
    func code(_ bytes: [UInt8], _ compression: Compression, limit: Int) -> StatusCode? {
      let error = #expect(throws: FramingError.self) {
        try MessageCompressor.inflate(bytes, compression, limit: limit)
      }
      return error?.code
    }
    // The limit is of all of them together.
    #expect(code(members, .gzip, limit: whole.count - 1) == .resourceExhausted)
    // The last one must end, and nothing else may follow.
    #expect(code(Array(members.dropLast()), .gzip, limit: .max) == .internalError)
    #expect(code(members + [0], .gzip, limit: .max) == .internalError)
    let zlib = MessageCompressor.deflate([1], .deflate)
    #expect(code(zlib + zlib, .deflate, limit: .max) == .internalError)
  }

  @Test func metadataIsOrderedAndCaseFolded() {
    var metadata: Metadata = ["A": "1", "b": "2", "a": "3"]
    #expect(metadata["a"] == "1")
    #expect(metadata.all("a") == ["1", "3"])
    metadata.set("a", "4")
    #expect(metadata.map(\.name) == ["b", "a"])
    metadata.remove("a")
    #expect(metadata.count == 1)
    metadata.add("x-bin", bytes: [0, 1])
    metadata.headers.append("x-bin", "Ag,Aw==")
    #expect(metadata.allBytes("x-bin") == [[0, 1], [2], [3]])
  }
}
