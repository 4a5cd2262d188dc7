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

  private static func load() -> MartletV1.LoadParametersRequest {
    var load = MartletV1.LoadParametersRequest()
    (load.generation, load.step, load.parameterCount) = (1, 0, 2)
    (load.sums, load.specification) = ([0, 0], specification)
    load.pieces =
      ServerRange(pieces: [
        ParameterPiece(offset: 0, count: 3, parameter: 0, kind: .trained),
        ParameterPiece(offset: 3, count: 1, parameter: 1, kind: .fixed),
      ]).pieceMessages
    load.data =
      ShardContents(
        values: [1, 2, 3, 4], slots: [[Float]](repeating: [0, 0, 0, 0], count: 2)
      ).bytes
    return load
  }

  private static func exchange(
    _ shards: [Int], step: Int? = nil, normsOf: Int? = nil, squares: [Double]? = nil
  ) -> [UInt8] {
    let push = GradientPush(generation: 1, step: 0, shards: shards, sums: [2, 1], marks: 7)
    let request = ExchangeRequest(
      generation: 1, push: (push, [UInt8](repeating: 1, count: 12)),
      squares: squares.map { (0, $0) }, step: step, normsOf: normsOf)
    var message = request.message
    message.data = [UInt8](repeating: 1, count: 12)
    return encoded(message)
  }

  private static func encoded(_ message: some ProtobufMessage) -> [UInt8] {
    var writer = ProtobufWriter(appendingTo: [])
    message.serialize(into: &writer)
    return writer.bytes
  }

  @Test func exchangesNeverTrap() throws {
    let corpus = [
      Self.exchange([0]), Self.exchange([1, 2], step: 1),
      Self.exchange([0, 1, 2], squares: [1, 2]),
      Self.exchange([], normsOf: 0),
    ]
    var fuzz = Fuzz("cluster-exchange", corpus: corpus)
    let fresh = Self.load()
    var shard: ShardExchange?
    var round = 0
    fuzz.run(rounds: 3_000) { bytes in
      guard let message = try? MartletV1.ExchangeRequest(protobuf: bytes[...]) else { return }
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
      let request = ExchangeRequest(message, message.data)
      if shard?.receive(request) == true { _ = shard?.answer(request) }
    }
    #expect(round > 100 && shard != nil)
  }

  @Test func loadsNeverTrap() throws {
    var fuzz = Fuzz("cluster-load", corpus: [Self.encoded(Self.load())])
    var taken = 0
    fuzz.run(rounds: 3_000) { bytes in
      guard let message = try? MartletV1.LoadParametersRequest(protobuf: bytes[...]) else { return }
      if (try? ShardHost.shard(message, message.data)) != nil { taken += 1 }
    }
    #expect(taken > 10)
  }
}
