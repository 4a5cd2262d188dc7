import Protocols
import RPC
import TestSupport
import Testing

@testable import Gateway

/// Feeds a message in pieces to the scanner and returns the name, or what is wrong.
private func scan(_ message: [UInt8], field: Int = 1, pieces: [Int] = []) -> String {
  var scanner = ModelNameScanner(field: field)
  var offset = 0
  var cuts = pieces
  while offset < message.count {
    let count = min(
      cuts.isEmpty ? message.count : max(1, cuts.removeFirst()), message.count - offset)
    let progress = message[offset..<offset + count].withUnsafeBytes { scanner.scan($0) }
    if case .malformed(let reason) = progress { return "malformed: \(reason)" }
    if case .undecodable(let reason) = progress { return "malformed: \(reason)" }
    offset += count
  }
  if let reason = scanner.finish() { return "malformed: \(reason)" }
  return scanner.isFound ? "found: \(String(decoding: scanner.name, as: UTF8.self))" : "absent"
}

/// The scanner against the message reader: what one finds, so must the other.
func fuzzModelNameScanner(_ bytes: [UInt8]) {
  let whole = scan(bytes)
  #expect(scan(bytes, pieces: [Int](repeating: 1, count: bytes.count)) == whole, "\(bytes)")
  switch ModelNamePeek(field: 1, prefix: bytes[...], messageByteCount: bytes.count) {
  case .found(let name):
    // The scanner is stricter (a second name, groups), never different.
    #expect(whole == "found: \(name)" || whole.hasPrefix("malformed"), "\(bytes)")
  case .absent: #expect(whole == "absent" || whole.hasPrefix("malformed"), "\(bytes)")
  case .malformed, .needsMore:
    // Not UTF-8: the reader's business; the name still has to match the key's patterns.
    #expect(whole.hasPrefix("malformed") || whole.hasPrefix("found"), "\(bytes)")
  }
}

private func inferRequest(_ name: String, tensorByteCount: Int = 16) -> [UInt8] {
  var request = Inference.ModelInferRequest()
  request.modelName = name
  request.id = "42"
  request.rawInputContents = [[UInt8](repeating: 7, count: tensorByteCount)[...]]
  return request.serialized()
}

@Suite struct ModelNameScannerTests {
  @Test func theNameIsFoundWhateverThePieces() {
    let message = inferRequest("digits", tensorByteCount: 300)
    #expect(scan(message) == "found: digits")
    for size in 1...40 {
      #expect(scan(message, pieces: [Int](repeating: size, count: 400)) == "found: digits")
    }
  }

  @Test func theNameMayComeLast() {
    var writer = ProtobufWriter()
    writer.field(7, bytes: [UInt8](repeating: 1, count: 200)[...])
    writer.field(3, string: "id")
    writer.field(9, double: 1)
    writer.field(10, float: 1)
    writer.field(11, uint64: .max)
    writer.field(1, string: "late")
    #expect(scan(writer.bytes) == "found: late")
  }

  @Test func aSecondNameIsRefused() {
    var writer = ProtobufWriter()
    writer.field(1, string: "mine")
    writer.field(7, bytes: [UInt8](repeating: 1, count: 500)[...])
    writer.field(1, string: "theirs")
    #expect(scan(writer.bytes) == "malformed: the model's name occurs twice")
    #expect(scan(writer.bytes, pieces: [3, 1, 100]) == "malformed: the model's name occurs twice")
  }

  @Test func namesInsideOtherFieldsDoNotCount() {
    var writer = ProtobufWriter()
    writer.message(5) { $0.field(1, string: "input") }
    writer.field(1, string: "model")
    #expect(scan(writer.bytes) == "found: model")
  }

  @Test func brokenMessagesAreRefused() {
    #expect(scan([]) == "absent")
    #expect(scan([0x0A, 0]) == "found: ")
    #expect(scan([0x0A]).hasPrefix("malformed"))
    #expect(scan([0x0A, 5, 1]).hasPrefix("malformed"))
    #expect(scan([0x08, 1]) == "malformed: the model's name is not a string")
    #expect(scan([0x0B]).hasPrefix("malformed"))
    #expect(scan([0x00]).hasPrefix("malformed"))
    #expect(scan([0x2B]).hasPrefix("malformed"), "groups are not proto3")
    #expect(scan([UInt8](repeating: 0xFF, count: 11)).hasPrefix("malformed"))
    #expect(scan([0x0A, 0x81, 0x08] + [UInt8](repeating: 65, count: 1_025)).hasPrefix("malformed"))
  }

  @Test func mutatedMessagesNeverTrapNorDisagreeWithTheReader() {
    let corpus = [
      inferRequest("digits"), inferRequest(""), [],
      {
        var writer = ProtobufWriter()
        writer.field(3, uint64: 1 << 40)
        writer.field(1, string: "late")
        return writer.bytes
      }(),
    ]
    var fuzz = Fuzz("model-name", corpus: corpus)
    fuzz.run(rounds: 20_000, fuzzModelNameScanner)
  }
}

@Suite struct RequestInspectorTests {
  /// Runs a body through an inspector in pieces: the bytes that were let through, the names that
  /// were asked about, and the refusal.
  private func run(
    _ authorisation: Route.Authorisation, _ body: [UInt8], piece: Int, only: Set<String>? = nil,
    compression: Compression? = nil, limit: Int = 1 << 20
  ) -> (forwarded: [UInt8], asked: [String], refusal: Refusal?) {
    var inspector = RequestInspector()
    inspector.begin(
      authorisation, compression: compression, messageByteCountMax: limit,
      peekByteCountMax: 64 << 10)
    var held: [UInt8] = []
    var forwarded: [UInt8] = []
    var asked: [String] = []
    var offset = 0
    while offset < body.count {
      let end = min(offset + piece, body.count)
      let part = Array(body[offset..<end])
      offset = end
      let verdict = part.withUnsafeBytes { bytes in
        inspector.inspect(bytes) { name in
          let text = String(decoding: name, as: UTF8.self)
          asked.append(text)
          return only.map { $0.contains(text) } ?? true ? nil : .modelNotAllowed
        }
      }
      switch verdict {
      case .forward(let clear):
        if clear > 0 {
          forwarded += held + part[..<clear]
          held = Array(part[clear...])
        } else {
          held += part
        }
      case .refuse(let refusal, _): return (forwarded, asked, refusal)
      }
    }
    return (forwarded, asked, inspector.finish())
  }

  @Test(arguments: [1, 2, 5, 7, 64, 100_000])
  func allBytesPassOnceTheNameIsAllowed(piece: Int) {
    let body = frame(inferRequest("digits", tensorByteCount: 5_000))
    let result = run(.firstMessage(field: 1), body, piece: piece)
    #expect(result.forwarded == body)
    #expect(result.asked == ["digits"])
    #expect(result.refusal == nil)
  }

  @Test(arguments: [1, 3, 50, 100_000])
  func nothingPassesForAModelThatIsNotAllowed(piece: Int) {
    let body = frame(inferRequest("digits"))
    let result = run(.firstMessage(field: 1), body, piece: piece, only: ["other"])
    #expect(result.forwarded.isEmpty)
    #expect(result.refusal == .modelNotAllowed)
  }

  @Test(arguments: [1, 4, 33, 100_000])
  func eachMessageOfAStreamIsAuthorised(piece: Int) {
    let first = frame(inferRequest("a")) + frame(inferRequest("b"))
    let body = first + frame(inferRequest("c"))
    let result = run(.eachMessage(field: 1), body, piece: piece, only: ["a", "b"])
    #expect(result.asked == ["a", "b", "c"])
    #expect(result.refusal == .modelNotAllowed)
    #expect(result.forwarded.count <= first.count)
    #expect(first.starts(with: result.forwarded))
  }

  @Test func laterPartsOfADeployMayLeaveTheNameOutButNotNameAnotherModel() {
    let part = { (name: String) in
      var request = MartletV1.DeployRequest()
      request.name = name
      request.data = [1, 2, 3]
      return frame(request.serialized())
    }
    let good = part("m") + part("") + part("m")
    #expect(run(.firstAndNamed(field: 1), good, piece: 9, only: ["m"]).forwarded == good)
    let bad = part("m") + part("") + part("x")
    #expect(run(.firstAndNamed(field: 1), bad, piece: 9, only: ["m"]).refusal == .modelNotAllowed)
    #expect(
      run(.firstAndNamed(field: 1), part(""), piece: 9, only: ["m"]).refusal == .modelNotAllowed)
  }

  @Test func anEmptyMessageHasTheEmptyName() {
    #expect(run(.firstMessage(field: 1), frame([]), piece: 1).asked == [""])
    #expect(
      run(.firstMessage(field: 1), frame([]), piece: 1, only: ["x"]).refusal == .modelNotAllowed)
  }

  @Test(arguments: [Compression.gzip, .deflate])
  func compressedMessagesAreLookedInto(compression: Compression) {
    let message = inferRequest("digits", tensorByteCount: 100_000)
    let body = frame(MessageCompressor.deflate(message, compression), isCompressed: true)
    for piece in [1, 17, 100_000] {
      let result = run(
        .firstMessage(field: 1), body, piece: piece, only: ["digits"], compression: compression)
      #expect(result.refusal == nil)
      #expect(result.forwarded == body)
      #expect(
        run(.firstMessage(field: 1), body, piece: piece, only: ["x"], compression: compression)
          .refusal == .modelNotAllowed)
    }
    #expect(run(.firstMessage(field: 1), body, piece: 64).refusal == .malformedFraming)
    let cut = frame(Array(body[5..<body.count - 4]), isCompressed: true)
    #expect(
      run(.firstMessage(field: 1), cut, piece: 64, compression: compression).refusal
        == .malformedFraming)
  }

  /// The service sees all members as one message, so the gateway must, too.
  @Test func everyMemberOfGzipIsLookedInto() {
    let message = inferRequest("digits", tensorByteCount: 100_000)
    let members = [message.prefix(3), message[3..<9], message.dropFirst(9)].flatMap {
      MessageCompressor.deflate(Array($0), .gzip)
    }
    let body = frame(members, isCompressed: true)
    for piece in [1, 17, 100_000] {
      for (allowed, refusal) in [("digits", nil), ("x", Refusal.modelNotAllowed)] {
        #expect(
          run(
            .firstMessage(field: 1), body, piece: piece, only: [allowed], compression: .gzip
          ).refusal == refusal)
      }
    }
    // A second name in a later member.
    var second = ProtobufWriter()
    second.field(1, string: "x")
    let doubled = members + MessageCompressor.deflate(second.bytes, .gzip)
    #expect(
      run(
        .firstMessage(field: 1), frame(doubled, isCompressed: true), piece: 100_000,
        only: ["digits"], compression: .gzip
      ).refusal == .malformedRequest)
  }

  @Test func decompressionStopsAtTheLimit() {
    var writer = ProtobufWriter()
    writer.field(1, string: "m")
    writer.field(7, bytes: [UInt8](repeating: 0, count: 8 << 20)[...])
    let body = frame(MessageCompressor.deflate(writer.bytes, .gzip), isCompressed: true)
    #expect(body.count < 100_000)
    #expect(
      run(.firstMessage(field: 1), body, piece: 16_384, compression: .gzip).refusal
        == .messageTooLarge)
    var hidden = ProtobufWriter()
    hidden.field(7, bytes: [UInt8](repeating: 0, count: 800_000)[...])
    hidden.field(1, string: "m")
    let late = frame(MessageCompressor.deflate(hidden.bytes, .gzip), isCompressed: true)
    #expect(
      run(.firstMessage(field: 1), late, piece: 16_384, compression: .gzip).refusal
        == .malformedRequest)
  }

  @Test func limitsAndBrokenFramesAreRefused() {
    let body = frame(inferRequest("m"), length: 2 << 20)
    #expect(run(.firstMessage(field: 1), body, piece: 7).refusal == .messageTooLarge)
    #expect(run(.none, body, piece: 7).refusal == .messageTooLarge)
    #expect(run(.none, [2, 0, 0, 0, 0], piece: 7).refusal == .malformedFraming)
    let cut = Array(frame(inferRequest("m")).prefix(6))
    #expect(run(.firstMessage(field: 1), cut, piece: 7).refusal == .malformedFraming)
    var writer = ProtobufWriter()
    writer.field(7, bytes: [UInt8](repeating: 0, count: 200_000)[...])
    writer.field(1, string: "m")
    #expect(
      run(.firstMessage(field: 1), frame(writer.bytes), piece: 16_384).refusal == .malformedRequest)
  }

  @Test func whatIsNotProtobufIsToldFromWhatIsNotAllowed() {
    for bytes: [UInt8] in [[0x0A, 5, 1], [0x0B], [0x00], [UInt8](repeating: 0xFF, count: 11)] {
      for piece in [1, 100] {
        #expect(
          run(.firstMessage(field: 1), frame(bytes), piece: piece).refusal == .undecodableMessage)
        let compressed = frame(MessageCompressor.deflate(bytes, .gzip), isCompressed: true)
        #expect(
          run(.firstMessage(field: 1), compressed, piece: piece, compression: .gzip).refusal
            == .undecodableMessage)
      }
    }
    let twice = frame(inferRequest("m", tensorByteCount: 0) + inferRequest("m", tensorByteCount: 0))
    #expect(run(.firstMessage(field: 1), twice, piece: 100).refusal == .malformedRequest)
    #expect(Refusal.undecodableMessage.code == .internalError)
    #expect(Refusal.malformedRequest.code == .invalidArgument)
  }

  @Test func mutatedBodiesNeverTrapAndNeverLetAForeignModelThrough() {
    let body = frame(inferRequest("mine")) + frame(inferRequest("mine"))
    var fuzz = Fuzz("request-body", corpus: [body])
    fuzz.run(rounds: 5_000) { body in
      let result = run(.eachMessage(field: 1), body, piece: 1 + body.count % 40, only: ["mine"])
      #expect(body.starts(with: result.forwarded))
      #expect(result.asked.dropLast().allSatisfy { $0 == "mine" })
    }
  }
}
