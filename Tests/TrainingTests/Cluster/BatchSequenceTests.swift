import Compute
import JSON
import Testing

@testable import Training

@Suite struct BatchSequenceTests {
  private static func sequence(
    _ fit: String, shards: Int, count: Int, claimed: Int? = nil
  ) throws -> BatchSequence {
    let text = """
      {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 3, "activation": "softmax"}}]},
       "compile": {"loss": "sparse_categorical_crossentropy"}, "fit": \(fit),
       "distribute": {"workers": \(shards)}}
      """
    let source = ArraySource([
      "x": Tensor(fp32: [Float](repeating: 1, count: count * 2), shape: [count, 2]),
      "y": Tensor(int64: (0..<count).map { Int64($0 % 3) }, shape: [count]),
      "user": Tensor(int64: (0..<count).map { Int64($0 / 4) }, shape: [count]),
    ])
    let specification = try TrainingSpecification(JSONValue(parsing: Array(text.utf8)[...]))
    let network = try BatchReader.network(specification, source)
    return try BatchSequence(
      specification, try BatchReader(source, network), exampleCount: claimed ?? count)
  }

  @Test(arguments: [
    #"{"batch_size": 8, "features": ["x"], "target": "y"}"#,
    #"{"batch_size": 8, "features": ["x"], "target": "y", "partition": "block"}"#,
    #"{"batch_size": 8, "features": ["x"], "target": "y", "partition": "stratified"}"#,
    #"{"batch_size": 8, "features": ["x"], "target": "y", "partition_column": "user"}"#,
  ])
  func everyExampleIsInOneShardsPartOfOneStep(fit: String) throws {
    for (shards, count) in [(1, 50), (2, 50), (3, 101), (5, 8), (8, 77)] {
      var sequence = try Self.sequence(fit, shards: shards, count: count)
      var again = sequence
      var homes: [Int: Int] = [:]
      for epoch in 0..<3 {
        var seen: [Int] = []
        for step in 0..<sequence.stepCount {
          let parts = sequence.rows(epoch: epoch, step: step)
          #expect(parts.count == shards)
          seen += parts.flatMap { $0 }
          guard fit.contains("partition") else { continue }
          for (shard, rows) in parts.enumerated() {
            for row in rows {
              #expect(homes[row, default: shard] == shard, "examples stay in their shard")
              homes[row] = shard
            }
          }
        }
        #expect(seen.sorted() == Array(0..<count))
        // Whoever begins anywhere finds the same.
        let step = sequence.stepCount / 2
        #expect(again.rows(epoch: epoch, step: step) == sequence.rows(epoch: epoch, step: step))
      }
    }
  }

  @Test func withoutAPartitionShardsChangeNothingAboutTheOrder() throws {
    let fit = #"{"batch_size": 8, "features": ["x"], "target": "y", "seed": 3}"#
    var one = try Self.sequence(fit, shards: 1, count: 50)
    var four = try Self.sequence(fit, shards: 4, count: 50)
    for step in 0..<7 {
      #expect(
        one.rows(epoch: 1, step: step)[0] == four.rows(epoch: 1, step: step).flatMap { $0 })
    }
  }

  @Test func equalKeysMeetInOneShard() throws {
    let fit = #"{"batch_size": 8, "features": ["x"], "target": "y", "partition_column": "user"}"#
    var sequence = try Self.sequence(fit, shards: 3, count: 60)
    var homes: [Int: Int] = [:]
    for step in 0..<sequence.stepCount {
      for (shard, rows) in sequence.rows(epoch: 0, step: step).enumerated() {
        for row in rows { #expect(homes[row / 4, default: shard] == shard); homes[row / 4] = shard }
      }
    }
  }

  @Test func whatCannotBeDealtOutIsSaid() throws {
    for (fit, part) in [
      (#"{"batch_size": 2, "features": ["x"], "target": "y"}"#, "number of shards (3), got 2"),
      (
        #"{"batch_size": 8, "features": ["x"], "target": "y", "partition_column": "nobody"}"#,
        "'nobody' is not in the data"
      ),
      (
        #"{"batch_size": 8, "features": ["x"], "target": "y", "partition_column": "x"}"#,
        "one number each"
      ),
    ] {
      let error = #expect(throws: TrainingError.self) {
        try Self.sequence(fit, shards: 3, count: 60)
      }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
  }

  @Test func moreExamplesThanMemoryHoldsAreRefusedBeforeTheyAreRead() throws {
    let fit = #"{"batch_size": 8, "features": ["x"], "target": "y", "partition": "stratified"}"#
    let error = #expect(throws: TrainingError.self) {
      // The source has 60; nothing of what is claimed may be read.
      try Self.sequence(fit, shards: 2, count: 60, claimed: BatchSequence.dealtCountMax + 1)
    }
    #expect(error?.message.contains("at most 16777216 examples, got 16777217") == true)
  }
}
