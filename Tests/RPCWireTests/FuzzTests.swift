import Testing

@testable import RPCWire

/// Foreign bytes must end in an error or an event, never in a crash. Each target takes any
/// bytes; the tests here feed them seeded mutations of valid input.
func fuzzMessageDeframer(_ bytes: [UInt8]) {
  for compression: Compression? in [nil, .gzip, .deflate] {
    var deframer = MessageDeframer(limit: 4096, compression: compression)
    bytes.withUnsafeBytes { buffer in
      for start in stride(from: 0, to: buffer.count, by: 7) {
        let end = min(start + 7, buffer.count)
        let piece = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
        do { try deframer.receive(piece) { _ in } } catch { return }
      }
      try? deframer.finish()
    }
  }
}

func fuzzHTTP2Server(_ bytes: [UInt8]) {
  let server = Recorder(.server, HTTP2Limits(), HTTP2StreamPool())
  server.onRequest = { stream in
    stream.sendHeaders(list((":status", "200")))
    stream.sendEnd(trailers: list(("grpc-status", "0")))
  }
  server.receive(bytes, 100, 1)
  try? server.session.produce(now: 2)
  server.session.close()
}

func fuzzHTTP2Client(_ bytes: [UInt8]) {
  let client = Recorder(.client, HTTP2Limits(), HTTP2StreamPool())
  _ = client.session.submitRequest(requestHeaders(), endOfStream: true, handler: client)
  try? client.session.produce(now: 1)
  client.receive(bytes, 100, 1)
  try? client.session.produce(now: 2)
  client.session.close()
}

func fuzzHTTP1Server(_ bytes: [UInt8]) {
  for pieceByteCount in [1, 50, Int.max] {
    let server = HTTP1Server()
    server.receive(bytes, pieceByteCount: pieceByteCount)
    _ = server.check(afterSeconds: 20)
    server.session.abandon()
  }
}

func fuzzMetadata(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  var metadata = Metadata()
  metadata.headers.append("x-bin", text)
  _ = metadata.allBytes("x-bin")
  _ = Base64.decode(bytes)
  var whole = Base64Decoder(isInPieces: true)
  var pieces = whole
  var (one, other): ([UInt8], [UInt8]) = ([], [])
  let isText = whole.decode(bytes, into: &one)
  #expect(isText == bytes.allSatisfy { pieces.decode([$0], into: &other) } && one == other)
  _ = bytes.withUnsafeBytes { PercentEncoding.decode($0) }
}

func fuzzTimeout(_ bytes: [UInt8]) {
  _ = bytes.withUnsafeBytes { GRPCTimeout.parse($0) }
}

struct FuzzTests {
  static let seed: UInt64 = 20_261_124

  private func mutate(_ samples: [[UInt8]], rounds: Int, _ target: ([UInt8]) -> Void) {
    print("seed \(Self.seed)")
    var generator = SplitMix(state: Self.seed)
    for sample in samples { target(sample) }
    for _ in 0..<rounds {
      var bytes = samples[Int(generator.next() % UInt64(samples.count))]
      for _ in 0..<(1 + generator.next() % 6) {
        let value = UInt8(truncatingIfNeeded: generator.next())
        let place = bytes.isEmpty ? 0 : Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 4 {
        case 0 where !bytes.isEmpty: bytes[place] = value
        case 1 where !bytes.isEmpty: bytes[place] ^= 1 << (value & 7)
        case 2 where !bytes.isEmpty: bytes.removeSubrange(place...)
        default: bytes.insert(value, at: place)
        }
      }
      target(bytes)
    }
  }

  @Test func framesOfMessages() {
    let text = Array("a message of some length".utf8)
    var compressed = [UInt8](repeating: 0, count: 5) + MessageCompressor.deflate(text, .gzip)
    MessageFramer.writePrefix(&compressed, isCompressed: true)
    mutate([MessageFramer.frame(text), compressed, []], rounds: 3000, fuzzMessageDeframer)
  }

  @Test func bytesOfHTTP2Clients() {
    let pair = Pair()
    let stream = pair.client.session.submitRequest(
      requestHeaders(), endOfStream: false, handler: pair.client)
    stream?.sendData([1, 2, 3])
    stream?.sendEnd()
    try? pair.client.session.produce(now: 1)
    mutate([[UInt8](pair.client.session.output.bytes)], rounds: 3000, fuzzHTTP2Server)
  }

  @Test func bytesOfHTTP2Servers() {
    let pair = Pair()
    _ = pair.client.session.submitRequest(
      requestHeaders(), endOfStream: true, handler: pair.client)
    pair.server.onRequest = { stream in
      stream.sendHeaders(list((":status", "200")))
      stream.sendData([1, 2])
      stream.sendEnd(trailers: list(("grpc-status", "0")))
    }
    _ = pair.move(from: pair.client, to: pair.server)
    try? pair.server.session.produce(now: 1)
    mutate([[UInt8](pair.server.session.output.bytes)], rounds: 3000, fuzzHTTP2Client)
  }

  @Test func bytesOfHTTP1Clients() {
    mutate(
      [
        Array(
          request(
            "POST /v2/models/m/infer HTTP/1.1", "Host: a", "Expect: 100-continue",
            "Content-Length: 5", body: "hello"
          ).utf8),
        Array(
          (request(
            "POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
            body: "3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n") + request("GET / HTTP/1.0")).utf8),
      ], rounds: 3000, fuzzHTTP1Server)
  }

  @Test func metadataAndTimeouts() {
    mutate([Array("AQID,BA==".utf8), Array("%20%zz%4".utf8)], rounds: 3000, fuzzMetadata)
    mutate([Array("10S".utf8), Array("99999999n".utf8)], rounds: 3000, fuzzTimeout)
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
