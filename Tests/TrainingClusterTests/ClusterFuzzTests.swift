import JSON
import Protocols
import TestSupport
import Testing
import Training

@testable import TrainingCluster

/// A server believes its peers to be of its training, not that their bytes are right.
struct ClusterFuzzTests {
  private static let specification = """
    {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 1}}]},
     "compile": {"optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 0.1}}, "loss": "mse"},
     "fit": {"batch_size": 4}, "distribute": {"workers": 2, "servers": 1, "shards": 3}}
    """

  private static func load() -> NumberPart<MartletV1.LoadParametersRequest> {
    var load = MartletV1.LoadParametersRequest()
    (load.generation, load.step, load.parameterCount) = (1, 0, 2)
    (load.sums, load.specification) = ([0, 0], specification)
    load.pieces =
      ServerRange(pieces: [
        ParameterPiece(offset: 0, count: 3, parameter: 0, kind: .trained),
        ParameterPiece(offset: 3, count: 1, parameter: 1, kind: .fixed),
      ]).pieceMessages
    let numbers: [Float] = [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]
    return NumberPart(head: load, data: .floats(numbers[...]))
  }

  private static func exchange(
    _ shards: [Int], step: Int? = nil, normsOf: Int? = nil, squares: [Double]? = nil
  ) -> [UInt8] {
    let push = GradientPush(generation: 1, step: 0, shards: shards, sums: [2, 1], marks: 7)
    let request = ExchangeRequest(
      generation: 1, push: (push, EncodedNumbers()), squares: squares.map { (0, $0) }, step: step,
      normsOf: normsOf)
    return encoded(
      NumberPart(head: request.message, data: .bytes([UInt8](repeating: 1, count: 12)[...])))
  }

  private static func encoded(_ message: some ProtobufMessage) -> [UInt8] {
    message.serialized()
  }

  @Test func exchangesNeverTrap() throws {
    let corpus = [
      Self.exchange([0]), Self.exchange([1, 2], step: 1),
      Self.exchange([0, 1, 2], squares: [1, 2]),
      Self.exchange([], normsOf: 0),
    ]
    var fuzz = Fuzz("cluster-exchange", corpus: corpus)
    let fresh = try #require(Self.load().head)
    var shard: ShardExchange?
    var round = 0
    fuzz.run(rounds: 3_000) { bytes in
      guard let part = try? NumberPart<MartletV1.ExchangeRequest>(protobuf: bytes[...]) else {
        return
      }
      if round.isMultiple(of: 8) {
        shard = try? ShardExchange(
          specification: try JSONValue(parsing: Array(Self.specification.utf8)[...]),
          range: ServerRange(fresh.pieces, parameterCount: 2) ?? ServerRange(), parameterCount: 2)
        shard?.shard.load(
          generation: 1, step: 0, values: [1, 2, 3, 4],
          slots: [[Float]](repeating: [0, 0, 0, 0], count: 2), sums: [0, 0], marks: 0)
        shard?.shard.proceed(generation: 1, limit: 5)
      }
      round += 1
      var numbers = EncodedNumbers()
      numbers.append(part.data)
      let request = ExchangeRequest(part.head ?? MartletV1.ExchangeRequest(), numbers)
      if shard?.receive(request) == true { _ = shard?.answer(request) }
    }
    #expect(round > 100 && shard != nil)
  }

  @Test func loadsNeverTrap() throws {
    var fuzz = Fuzz("cluster-load", corpus: [Self.encoded(Self.load())])
    var taken = 0
    fuzz.run(rounds: 3_000) { bytes in
      guard let part = try? NumberPart<MartletV1.LoadParametersRequest>(protobuf: bytes[...]),
        let head = part.head
      else { return }
      var numbers = EncodedNumbers()
      numbers.append(part.data)
      if (try? ShardHost.shard(head, numbers)) != nil { taken += 1 }
    }
    #expect(taken > 10)
  }

  /// What is read without copies is what libprotobuf-c reads.
  @Test func partsAreTheMessagesOfTheProtocol() throws {
    var fuzz = Fuzz(
      "cluster-part", corpus: [Self.exchange([0]), Self.exchange([1, 2], squares: [1, 2])])
    var equal = 0
    fuzz.run(rounds: 3_000) { bytes in
      guard let whole = try? MartletV1.ExchangeRequest(protobuf: bytes),
        let part = try? NumberPart<MartletV1.ExchangeRequest>(protobuf: bytes)
      else { return }
      var head = part.head ?? MartletV1.ExchangeRequest()
      #expect(head.data.isEmpty)
      head.data = part.data.withUnsafeBytes { Array($0) }
      // Not a number is not equal to itself: bytes are compared.
      #expect(head.serialized() == whole.serialized())
      #expect(part.serialized() == whole.serialized())
      equal += 1
    }
    #expect(equal > 100)
  }

  /// A part costs memory of its own, so a flood of small ones is joined.
  @Test func smallPartsAreJoined() throws {
    let floats = (0..<4_000).map { Float($0) }
    let bytes = floats.withUnsafeBytes { Array($0) }
    for size in [1, 3, 4_095, 4_096, 5_000] {
      var read = EncodedNumbers()
      for start in stride(from: 0, to: bytes.count, by: size) {
        read.append(.bytes(bytes[start..<min(bytes.count, start + size)]))
      }
      #expect(read.byteCount == bytes.count && read.parts.count <= 1 + bytes.count / 4_096)
      #expect(
        read.runs(of: 1_000) == (0..<4).map { Array(floats[(1_000 * $0)..<(1_000 * ($0 + 1))]) })
    }
  }

  @Test func numbersTravelInPartsOfAnyKind() throws {
    let floats = (0..<40_000).map { Float($0) }
    let bytes = floats.withUnsafeBytes { Array($0) }
    for numbers in [EncodedNumbers(floats[...]), EncodedNumbers(bytes)] {
      let parts = numbers.cut(NumberParts.byteCountMax)
      #expect(parts.count == 3 && parts[0].byteCount == NumberParts.byteCountMax)
      var read = EncodedNumbers()
      for part in parts {
        let sent = NumberPart<MartletV1.ParametersResponse>(head: nil, data: part).serialized()
        read.append(try NumberPart<MartletV1.ParametersResponse>(protobuf: sent).data)
      }
      #expect(read.byteCount == 160_000)
      #expect(read.runs(of: 20_000) == [Array(floats[..<20_000]), Array(floats[20_000...])])
      let contents = try #require(ShardContents(read, count: 10_000))
      #expect(contents.slots.count == 3 && contents.values == Array(floats[..<10_000]))
      #expect(ShardContents(read, count: 30_001) == nil)
    }
  }
}
