import ClassicalTraining
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Training

/// Keeps a checkpoint in memory.
private final class Shelf: CheckpointStore {
  private let kept = Mutex<[UInt8]?>(nil)

  func save(_ bytes: [UInt8]) { kept.withLock { $0 = bytes } }
  func load() -> [UInt8]? { kept.withLock { $0 } }
}

/// What was ended goes on from where it was, to the same model.
@Suite struct ClassicalCheckpointTests {
  static let cases =
    [
      ("boosting-number", 7), ("boosting-three-classes", 5), ("histogram-missing", 11),
      ("histogram-three-classes", 3), ("forest-number", 13),
    ]

  @Test(arguments: cases)
  func anEndedTrainingGoesOnBitForBit(_ name: String, _ rounds: Int) throws {
    let test = try #require(ClassicalCase.named(name).first)
    var whole = try test.trainer()
    let expected = try whole.run(report: silent).onnx
    let shelf = Shelf()
    var first = try test.trainer(test.request(checkpoints: shelf))
    #expect(throws: TrainingError.self) {
      _ = try first.run { progress throws(TrainingError) in
        if progress.endsEpoch && progress.epoch >= rounds {
          throw TrainingError(.cancelled, "enough")
        }
      }
    }
    #expect(shelf.load() != nil)
    var firstRound = 0
    var second = try test.trainer(test.request(checkpoints: shelf))
    let resumed = try second.run { progress throws(TrainingError) in
      if firstRound == 0 && progress.endsEpoch { firstRound = progress.epoch }
    }
    #expect(resumed.onnx == expected)
    #expect(firstRound > rounds || name.hasPrefix("forest"), "it began again")
  }

  @Test func passesGoOnBitForBit() throws {
    var random = SplitMix64(state: 3)
    let x = (0..<3_000).map { _ in Double.random(in: -1...1, using: &random) }
    let examples = ExampleArrays([("x", x), ("y", x.map { 2 * $0 + 1 })])
    let specification = JSONValue.object([.init("class_name", .string("SGDRegressor"))])
    let shelf = Shelf()
    func trainer(_ store: Shelf?) throws -> any Trainer {
      try #require(
        try ClassicalTrainers.trainer(
          for: TrainingRequest(
            specification: specification, training: examples, checkpoints: store)))
    }
    var whole = try trainer(nil)
    let expected = try whole.run(report: silent).onnx
    var first = try trainer(shelf)
    #expect(throws: TrainingError.self) {
      _ = try first.run { progress throws(TrainingError) in
        if progress.endsEpoch && progress.epoch == 3 { throw TrainingError(.cancelled, "enough") }
      }
    }
    var second = try trainer(shelf)
    #expect(try second.run(report: silent).onnx == expected)
  }

  @Test func otherDataBeginAnew() throws {
    let tests = ClassicalCase.named("boosting-t")
    let shelf = Shelf()
    var first = try tests[0].trainer(tests[0].request(checkpoints: shelf))
    #expect(throws: TrainingError.self) {
      _ = try first.run { progress throws(TrainingError) in
        if progress.epoch == 5 { throw TrainingError(.cancelled, "enough") }
      }
    }
    var whole = try tests[1].trainer()
    var other = try tests[1].trainer(tests[1].request(checkpoints: shelf))
    #expect(try other.run(report: silent).onnx == whole.run(report: silent).onnx)
  }

  @Test func damagedCheckpointsAreRefused() throws {
    let test = try #require(ClassicalCase.named("boosting-two").first)
    let shelf = Shelf()
    var first = try test.trainer(test.request(checkpoints: shelf))
    #expect(throws: TrainingError.self) {
      _ = try first.run { progress throws(TrainingError) in
        if progress.epoch == 2 { throw TrainingError(.cancelled, "enough") }
      }
    }
    let bytes = try #require(shelf.load())
    let columns = try TrainingColumns(test.parsed(), test.examples)
    let fingerprint = try test.parsed().fingerprint + Array("\(try columns.digest())".utf8)
    func read(_ bytes: [UInt8]) {
      _ = try? BoostedTrees.resume(bytes, fingerprint, rowCount: 400, featureCount: 6)
    }
    for length in stride(from: 0, to: bytes.count, by: 7) { read(Array(bytes[..<length])) }
    var fuzz = Fuzz("boosted trees", corpus: [bytes])
    fuzz.run(rounds: 3_000, read)
    shelf.save(Array(bytes.dropLast(3)))
    var second = try test.trainer(test.request(checkpoints: shelf))
    #expect(throws: CheckpointReader.damaged) { _ = try second.run(report: silent) }
  }
}
