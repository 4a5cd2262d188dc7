import TestSupport
import Testing

@testable import RPCWire

// Foreign bytes must end in an error or an event, never in a crash. Each target takes any bytes.

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

@Suite struct WireNeverTrapTests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// Frames of each type with an empty or short payload, on identifiers at both ends.
  private static let frames: [[UInt8]] = (0...10 as ClosedRange<UInt8>).flatMap { type in
    [[0, 0, 0, 1], [0x7F, 0xFF, 0xFF, 0xFF]].map { (id: [UInt8]) in
      [0, 0, 8, type, 4] + id + [0, 0, 0, 1, 0, 0, 0, 1]
    }
  }

  @Test func framesOfMessagesNeverTrap() {
    let text = Array("a message of some length".utf8)
    var compressed = [UInt8](repeating: 0, count: 5) + MessageCompressor.deflate(text, .gzip)
    MessageFramer.writePrefix(&compressed, isCompressed: true)
    var fuzz = Fuzz("grpc-frames", corpus: [MessageFramer.frame(text), compressed, []])
    fuzz.run(rounds: 3_000, fuzzMessageDeframer)
  }

  @Test func bytesOfHTTP2ClientsNeverTrap() {
    let pair = Pair()
    let stream = pair.client.session.submitRequest(
      requestHeaders(), endOfStream: false, handler: pair.client)
    stream?.sendData([1, 2, 3])
    stream?.sendEnd()
    let corpus = [pair.client.takeOutput()] + Self.frames.map { Self.preface + $0 }
    var fuzz = Fuzz("http2-server", corpus: corpus)
    fuzz.run(rounds: 3_000, fuzzHTTP2Server)
  }

  @Test func bytesOfHTTP2ServersNeverTrap() {
    let pair = Pair()
    _ = pair.client.session.submitRequest(
      requestHeaders(), endOfStream: true, handler: pair.client)
    pair.server.onRequest = { stream in
      stream.sendHeaders(list((":status", "200")))
      stream.sendData([1, 2])
      stream.sendEnd(trailers: list(("grpc-status", "0")))
    }
    _ = pair.move(from: pair.client, to: pair.server)
    var fuzz = Fuzz("http2-client", corpus: [pair.server.takeOutput()] + Self.frames)
    fuzz.run(rounds: 3_000, fuzzHTTP2Client)
  }

  @Test func bytesOfHTTP1ClientsNeverTrap() {
    let counted = request(
      "POST /v2/models/m/infer HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5",
      body: "hello")
    let chunked = request(
      "POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked",
      body: "3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n")
    var fuzz = Fuzz(
      "http1", corpus: [Array(counted.utf8), Array((chunked + request("GET / HTTP/1.0")).utf8)])
    fuzz.run(rounds: 3_000, fuzzHTTP1Server)
  }

  @Test func metadataAndTimeoutsNeverTrap() {
    var metadata = Fuzz("metadata", corpus: [Array("AQID,BA==".utf8), Array("%20%zz%4".utf8)])
    metadata.run(rounds: 3_000, fuzzMetadata)
    var timeout = Fuzz("timeout", corpus: [Array("10S".utf8), Array("99999999n".utf8)])
    timeout.run(rounds: 3_000, fuzzTimeout)
  }
}
