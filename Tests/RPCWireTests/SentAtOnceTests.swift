import TestSupport
import Testing

@testable import RPCWire

/// Large pieces go past the stream's queue where nothing else comes first, and never otherwise.
struct SentAtOnceTests {
  /// A pair with one open stream of the client, whose header block has arrived.
  private func openedPair(window: Int32 = 256 << 10) throws -> (Pair, HTTP2StreamReference) {
    var limits = HTTP2Limits()
    limits.streamWindowByteCount = window
    let pair = Pair(limits: limits)
    pair.run()
    let stream = try #require(
      pair.client.session.submitRequest(
        requestHeaders(), endOfStream: false, handler: pair.client))
    pair.run()
    return (pair, stream)
  }

  private func bytes(_ count: Int, from first: Int = 0) -> [UInt8] {
    (first..<first + count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
  }

  private func send(_ bytes: [UInt8], on stream: HTTP2StreamReference, moreFollows: Bool = true) {
    // As a pointer: an array is kept, not copied.
    bytes.withUnsafeBytes { stream.sendData($0, moreFollows: moreFollows) }
  }

  @Test func aLargePieceIsNotQueued() throws {
    let (pair, stream) = try openedPair()
    let sent = bytes(20_000)
    send(sent, on: stream)
    #expect(stream.outboundByteCount == 0)
    #expect(pair.client.session.output.count == sent.count + 2 * 9)
    pair.run()
    #expect(pair.server.body == sent)
  }

  @Test func aSmallPieceWaitsForItsTurn() throws {
    let (pair, stream) = try openedPair()
    send(bytes(100), on: stream)
    #expect(stream.outboundByteCount == 100)
    #expect(pair.client.session.output.isEmpty)
  }

  /// gRPC's own negative server answers twice when an empty frame ends a message that it has.
  @Test func theLastPieceWaitsForTheEnd() throws {
    let (pair, stream) = try openedPair()
    send(bytes(10_000), on: stream)
    _ = pair.client.takeOutput()
    send(bytes(10_000), on: stream, moreFollows: false)
    #expect(pair.client.session.output.isEmpty)
    stream.sendEnd()
    let frame = pair.client.takeOutput()
    #expect(frame.count == 9 + 10_000)
    #expect(frame[3] == 0 && frame[4] == 1, "one DATA frame, with END_STREAM")
  }

  @Test func aPeerThatTakesNothingGetsNothingAhead() throws {
    let (pair, stream) = try openedPair()
    pair.client.session.mayPackAhead = false
    send(bytes(20_000), on: stream)
    #expect(stream.outboundByteCount == 20_000)
    #expect(pair.client.session.output.isEmpty)
    pair.run()
    #expect(pair.server.body == bytes(20_000))
  }

  @Test func whatTheWindowDoesNotTakeIsQueued() throws {
    let (pair, stream) = try openedPair(window: 10_000)
    pair.server.consumesAtOnce = false
    let sent = bytes(30_000)
    send(sent, on: stream)
    #expect(stream.outboundByteCount == 20_000)
    pair.run()
    #expect(pair.server.body == Array(sent[..<10_000]))
    pair.server.consumesAtOnce = true
    pair.server.streams[0].consume(10_000)
    pair.run()
    #expect(pair.server.body == sent)
  }

  @Test func outputThatNobodyTakesStaysBounded() throws {
    let (pair, stream) = try openedPair()
    var sent: [UInt8] = []
    for index in 0..<10 {
      let piece = bytes(20_000, from: index * 20_000)
      send(piece, on: stream)
      sent += piece
    }
    #expect(pair.client.session.output.count < 100_000)
    #expect(stream.outboundByteCount > 100_000)
    pair.run()
    #expect(pair.server.body == sent)
  }

  @Test func whatIsSentWhileTheSessionReceivesIsQueued() throws {
    let (pair, stream) = try openedPair()
    let server = pair.server
    server.streams[0].sendHeaders(list((":status", "200")))
    pair.run()
    var queued = 0
    server.onData = { stream, bytes in
      stream.sendData(bytes, moreFollows: true)
      queued = max(queued, stream.outboundByteCount)
    }
    let sent = bytes(100_000)
    send(sent, on: stream)
    pair.run()
    #expect(queued > 0)
    #expect(pair.client.body == sent)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func piecesOfAllSizesArriveInOrder(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let (pair, stream) = try openedPair(window: Int32.random(in: 1_000...300_000, using: &random))
    pair.pieceByteCount = Int.random(in: 1_000...100_000, using: &random)
    var sent: [UInt8] = []
    for _ in 0..<60 {
      let count =
        Bool.random(using: &random)
        ? Int.random(in: 1...200, using: &random) : Int.random(in: 4_000...70_000, using: &random)
      let piece = bytes(count, from: sent.count)
      sent += piece
      switch UInt64.random(in: 0..<4, using: &random) {
      case 0: stream.sendData(piece)
      case 1:
        send(piece, on: stream)
        pair.run()
      case 2:
        send(piece, on: stream)
        _ = pair.move(from: pair.client, to: pair.server)
      default: send(piece, on: stream)
      }
    }
    stream.sendEnd()
    pair.run()
    #expect(pair.server.body == sent)
    #expect(pair.server.events.last == "end")
  }
}
