import TestSupport
import Testing

@testable import RPCWire

/// Two sessions that keep to the rules, whose frames cross in every order: neither may take the
/// other for a peer that breaks them.
struct CrossingTests {
  @Test func framesThatCrossAreNoOffence() {
    for _ in 0..<40 {
      let seed = UInt64.random(in: .min ... .max)
      var traffic = Traffic(seed: seed)
      for _ in 0..<400 { traffic.step() }
      traffic.settle()
      for side in [traffic.pair.client, traffic.pair.server] {
        #expect(side.failure == nil, "seed \(seed)")
        #expect(!side.session.isTerminating, "seed \(seed)")
        #expect(!side.events.contains("goaway"), "seed \(seed)")
      }
      #expect(traffic.pair.server.streams.count > 50, "seed \(seed)")
    }
  }
}

/// Random calls between the sides of a pair, with the bytes of each direction under way for a
/// while.
private struct Traffic {
  let pair = Pair()
  private var random: SplitMix64
  private var calls: [HTTP2StreamReference] = []
  private var toServer: [UInt8] = []
  private var toClient: [UInt8] = []

  init(seed: UInt64) {
    random = SplitMix64(state: seed)
    pair.run()
  }

  mutating func step() {
    // Resets are counted by the second.
    pair.now += 50_000_000
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1, 2:
      let stream = pair.client.session.submitRequest(
        requestHeaders(), endOfStream: .random(using: &random), handler: pair.client)
      if let stream { calls.append(stream) }
    case 3: someCall()?.sendData([1, 2, 3])
    case 4: someCall()?.sendEnd(trailers: .random(using: &random) ? list(("x-t", "1")) : .init())
    case 5: someCall()?.reset(.cancel)
    case 6:
      guard let answer = someAnswer() else { return }
      answer.sendHeaders(list((":status", "200")), endOfStream: .random(using: &random))
    case 7:
      guard let answer = someAnswer(), answer.headersWereSent else { return }
      answer.sendData([4, 5])
    case 8:
      guard let answer = someAnswer(), answer.headersWereSent else { return }
      answer.sendEnd(trailers: .random(using: &random) ? list(("grpc-status", "0")) : .init())
    case 9: someAnswer()?.reset(.cancel)
    case 10: deliver()
    default: produce()
    }
  }

  /// Everything arrives.
  mutating func settle() {
    for _ in 0..<200 {
      produce()
      deliver()
    }
  }

  private mutating func someCall() -> HTTP2StreamReference? {
    calls.removeAll { !$0.isOpen }
    return calls.randomElement(using: &random)
  }

  private mutating func someAnswer() -> HTTP2StreamReference? {
    pair.server.streams.filter(\.isOpen).randomElement(using: &random)
  }

  private mutating func produce() {
    if Bool.random(using: &random) { toServer += pair.client.takeOutput(now: pair.now) }
    if Bool.random(using: &random) { toClient += pair.server.takeOutput(now: pair.now) }
  }

  private mutating func deliver() {
    toServer.removeFirst(deliver(toServer, pair.server))
    toClient.removeFirst(deliver(toClient, pair.client))
  }

  /// Some bytes arrive; returns how many.
  private mutating func deliver(_ bytes: [UInt8], _ side: Recorder) -> Int {
    let count = Int.random(in: 0...bytes.count, using: &random)
    side.receive(
      Array(bytes[..<count]), Int.random(in: 1...200, using: &random), pair.now)
    return count
  }
}
