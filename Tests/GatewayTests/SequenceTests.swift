import Protocols
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

private func request(
  _ parameters: [String: Inference.InferParameter], tensorByteCount: Int = 64
) -> Inference.ModelInferRequest {
  var request = Inference.ModelInferRequest()
  request.modelName = "counter"
  request.parameters = parameters
  request.inputs = [.init(name: "INPUT", datatype: "UINT8", shape: [Int64(tensorByteCount)])]
  request.rawInputContents = [[UInt8](repeating: 7, count: tensorByteCount)[...]]
  return request
}

@Suite struct SequenceInspectionTests {
  /// Runs bodies through an inspector in pieces: the sequence, how many bytes were through when it
  /// was decided, and the refusal.
  private func inspect(
    _ body: [UInt8], piece: Int = .max, compression: Compression? = nil
  ) -> (sequence: UInt64?, seenCount: Int, refusal: Refusal?) {
    var inspector = RequestInspector()
    inspector.begin(
      .firstMessage(field: 1), findsSequence: true, compression: compression,
      messageByteCountMax: 1 << 20, peekByteCountMax: 64 << 10)
    var offset = 0
    var seenCount = 0
    while offset < body.count {
      let end = piece < body.count - offset ? offset + piece : body.count
      let verdict = body[offset..<end].withUnsafeBytes { inspector.inspect($0) { _ in nil } }
      offset = end
      switch verdict {
      case .forward(let clear): if clear > 0, seenCount == 0 { seenCount = offset }
      case .refuse(let refusal, _): return (inspector.sequence, seenCount, refusal)
      }
    }
    return (inspector.sequence, seenCount, inspector.finish())
  }

  private func sequence(_ id: Inference.InferParameter) -> UInt64? {
    inspect(frame(request(["sequence_id": id]).serialized())).sequence
  }

  @Test func idsAreToldApartAsTheModelServiceDoes() {
    #expect(sequence(.int64(7)) != nil)
    #expect(sequence(.int64(7)) == sequence(.uint64(7)))
    #expect(sequence(.int64(7)) != sequence(.int64(8)))
    #expect(sequence(.int64(7)) != sequence(.string("7")))
    #expect(sequence(.string("a")) != sequence(.string("b")))
    for none: Inference.InferParameter in [.int64(0), .uint64(0), .string(""), .bool(true)] {
      #expect(sequence(none) == nil)
    }
    #expect(inspect(frame(request(["priority": .int64(1)]).serialized())).sequence == nil)
  }

  @Test(arguments: [1, 2, 7, 33])
  func theSequenceIsFoundWhateverThePieces(piece: Int) {
    let text = String(repeating: "x", count: 128)
    let body = frame(
      request([
        "sequence_id": .string(text), "sequence_start": .bool(true),
        "note": .string(String(repeating: "y", count: 1_000)),
      ]).serialized())
    let result = inspect(body, piece: piece)
    #expect(result.refusal == nil)
    #expect(result.sequence == sequence(.string(text)))
  }

  @Test(arguments: [Compression.gzip, .deflate])
  func compressedRequestsAreLookedInto(compression: Compression) {
    let message = request(["sequence_id": .int64(7)], tensorByteCount: 50_000).serialized()
    let body = frame(MessageCompressor.deflate(message, compression), isCompressed: true)
    #expect(inspect(body, piece: 16, compression: compression).sequence == sequence(.int64(7)))
  }

  @Test func nothingGoesOnBeforeTheParametersAreOver() {
    let alone = frame(request([:], tensorByteCount: 10_000).serialized())
    // The prefix, the name's field, the tag of the tensors.
    #expect(inspect(alone, piece: 1).seenCount == 5 + 9 + 1)
    let member = request(["sequence_id": .int64(7)], tensorByteCount: 10_000).serialized()
    let result = inspect(frame(member), piece: 1)
    #expect(result.seenCount > 30 && result.seenCount < 60 && result.sequence != nil)
  }

  @Test func aSequenceThatComesTooLateIsRefused() {
    var writer = ProtobufWriter()
    writer.field(1, string: "counter")
    writer.field(7, bytes: [UInt8](repeating: 1, count: 500)[...])
    writer.message(4) { entry in
      entry.field(1, string: "sequence_id")
      entry.message(2) { $0.field(2, int64: 7) }
    }
    // Seen whole, the order of fields says nothing.
    #expect(inspect(frame(writer.bytes)).sequence == sequence(.int64(7)))
    #expect(inspect(frame(writer.bytes), piece: 100).refusal == .malformedRequest)
  }

  @Test func endlessParametersAreRefused() {
    let long = request(["note": .string(String(repeating: "x", count: 100_000))]).serialized()
    #expect(inspect(frame(long), piece: 16_384).refusal == .malformedRequest)
  }

  @Test func mutatedBodiesNeverTrapAndNeverGoOnWithoutTheirSequence() {
    let body = frame(
      request(["sequence_id": .int64(7), "sequence_end": .bool(true)]).serialized())
    var fuzz = Fuzz("sequence-body", corpus: [body])
    fuzz.run(rounds: 5_000) { body in
      let whole = inspect(body)
      let result = inspect(body, piece: 1 + body.count % 40)
      // Whatever the pieces, the same sequence is found, or the request is refused.
      #expect(result.refusal != nil || result.sequence == whole.sequence, "\(body)")
    }
  }

  @Test func brokenEntriesAreLeftToTheService() {
    for entry in [[0x0A], [0x0A, 200, 1], [0xFF, 0xFF], [0x12, 3, 0x10]] as [[UInt8]] {
      var writer = ProtobufWriter()
      writer.field(1, string: "counter")
      writer.field(4, bytes: entry[...])
      let result = inspect(frame(writer.bytes), piece: 3)
      #expect(result.sequence == nil && result.refusal == nil)
    }
  }
}

@Suite struct SequenceHomeTests {
  private func balancer(_ names: [String], seed: UInt64 = 1) -> Balancer {
    var balancer = Balancer(settings: BalancingSettings(), seed: seed)
    for id in balancer.update(names.map { .unix(path: $0) }) {
      balancer.connectionReady(id)
      balancer.healthReported(id, isServing: true, seconds(0))
    }
    return balancer
  }

  private func homes(_ balancer: Balancer, _ count: UInt64 = 3_000) -> [String?] {
    (0..<count).map { key in
      balancer.home(of: key, seconds(0)).flatMap { balancer.index(of: $0) }
        .map { balancer.instances[$0].endpoint.description }
    }
  }

  @Test func everyLoopFindsTheSameHomeInWhateverOrderItLearntOfInstances() {
    let expected = homes(balancer(["/a", "/b", "/c"]))
    #expect(homes(balancer(["/c", "/a", "/b"], seed: 9)) == expected)
    for name in ["/a", "/b", "/c"] {
      // A third each, within five standard deviations of a binomial choice.
      let share = expected.count { $0 == "unix:\(name)" }
      #expect(abs(share - 1_000) < 130, "\(share)")
    }
  }

  @Test func onlyTheSequencesOfAnInstanceThatGoesMove() {
    let before = homes(balancer(["/a", "/b", "/c"]))
    let after = homes(balancer(["/a", "/b"]))
    for (old, new) in zip(before, after) where old != "unix:/c" { #expect(old == new) }
    var grown = balancer(["/a", "/b", "/c"])
    _ = grown.update([.unix(path: "/a"), .unix(path: "/b")])
    #expect(homes(grown) == after, "a retired instance is nobody's home")
  }

  @Test func aSequenceWaitsForItsHomeRatherThanGoElsewhere() {
    var balancer = balancer(["/a", "/b"])
    let key = (0...).first { balancer.home(of: UInt64($0), seconds(0)) == 0 }.map(UInt64.init)!
    balancer.connectionLost(0, seconds(0))
    #expect(balancer.home(of: key, seconds(0)) == nil)
    #expect(balancer.pick(seconds(0)) == 1)
    balancer.connectionReady(0)
    #expect(balancer.home(of: key, seconds(0)) == 0)
    balancer.healthReported(0, isServing: false, seconds(0))
    #expect(balancer.home(of: key, seconds(0)) == nil)
  }
}

@Suite(.timeLimit(.minutes(1))) struct SequenceForwardingTests {
  private func infer(_ world: World, _ id: Int64) async throws -> String {
    let response: UnaryResponse<Inference.ModelInferResponse> =
      try await world.client.unaryResponse(
        "/inference.GRPCInferenceService/ModelInfer", request(["sequence_id": .int64(id)]),
        metadata: world.with(World.key))
    return response.initialMetadata["served-by"] ?? ""
  }

  @Test func aSequenceStaysOnOneInstanceAndSequencesSpread() async throws {
    let world = try World(modelCount: 3)
    var homes: [Int64: String] = [:]
    for _ in 0..<5 {
      for id in 1...40 as ClosedRange<Int64> {
        let home = try await infer(world, id)
        #expect(homes[id] ?? home == home)
        homes[id] = home
      }
    }
    #expect(Set(homes.values).count == 3)
    await world.stop()
  }

  @Test func aRequestOfASequenceIsNotSentTwice() async throws {
    let world = try World(modelCount: 2)
    let home = try await infer(world, 7) == "m0" ? 0 : 1
    world.models[home].state.withLock { $0.isHanging = true }
    async let answer = status { try await infer(world, 7) }
    var entered = world.models[home].entered.stream.makeAsyncIterator()
    await entered.next()
    let count = world.models[1 - home].inferCount
    await world.models[home].kill()
    #expect(await answer == .unavailable)
    // Nor does the next one go where the sequence is not.
    #expect(await status { try await infer(world, 7) } == .unavailable)
    #expect(world.models[1 - home].inferCount == count)
    #expect(await status { try await world.infer() } == .ok)
    let lines = await world.stop()
    #expect(!lines.contains { $0.contains(#""retries":1"#) })
  }
}
