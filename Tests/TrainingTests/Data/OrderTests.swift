import Compute
import TestSupport
import Testing

@testable import Training

/// Orders and partitions: properties over random sizes, from a seed that failures name.
@Suite struct OrderTests {
  @Test func everyExampleComesOnceAnEpoch() {
    var random = SplitMix64(state: 3)
    for _ in 0..<300 {
      let count = Int.random(in: 0...2000, using: &random)
      let order = BatchOrder(
        count: count, seed: Bool.random(using: &random) ? random.next() : nil,
        blockLength: Int.random(in: 1...300, using: &random),
        windowBlockCount: Int.random(in: 1...5, using: &random))
      let size = Int.random(in: 1...97, using: &random)
      let epoch = Int.random(in: 0...3, using: &random)
      let batches = Array(order.batches(of: size, epoch: epoch))
      #expect(batches.dropLast().allSatisfy { $0.count == size }, "\(order)")
      #expect(batches.count == (count + size - 1) / size)
      #expect(batches.flatMap { $0 }.sorted() == Array(0..<count), "\(order)")
      #expect(Array(order.batches(of: size, epoch: epoch)) == batches, "the same again")
    }
  }

  @Test func seedsAndEpochsGiveDifferentOrders() {
    let batches = { (seed: UInt64, epoch: Int) in
      BatchOrder(count: 1000, seed: seed, blockLength: 16, windowBlockCount: 4)
        .batches(of: 1000, epoch: epoch).first { _ in true }!
    }
    #expect(batches(1, 0) != batches(1, 1) && batches(1, 0) != batches(2, 0))
    #expect(batches(1, 0) != Array(0..<1000))
    // Without a seed examples come as they lie.
    #expect(
      BatchOrder(count: 5, seed: nil).batches(of: 2, epoch: 1).map { $0 } == [
        [0, 1], [2, 3], [4],
      ])
  }

  @Test func onlyAWindowOfBlocksIsReadAtATime() {
    let order = BatchOrder(count: 100_000, seed: 9, blockLength: 100, windowBlockCount: 10)
    for window in order.batches(of: 1000, epoch: 0) {
      #expect(Set(window.map { $0 / 100 }).count == 10)
    }
  }

  @Test func shufflesAreUniform() {
    // Every example is equally often at every place: chi-squared of 8 × 8 places over 8,000 epochs
    // has 49 degrees of freedom, and is above 100 once in 50,000 runs.
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 8), count: 8)
    for epoch in 0..<8000 {
      for (place, example) in BatchOrder(count: 8, seed: 5).batches(of: 8, epoch: epoch)
        .flatMap({ $0 }).enumerated()
      { counts[place][example] += 1 }
    }
    let squares = counts.joined().reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) }
    #expect(squares / 1000 < 100)
  }

  @Test func partitionsAreCompleteDisjointAndBalanced() {
    var random = SplitMix64(state: 4)
    for _ in 0..<200 {
      let count = Int.random(in: 0...500, using: &random)
      let shards = Int.random(in: 1...9, using: &random)
      let seed = random.next()
      let labels = (0..<count).map { _ in Int.random(in: -1...3, using: &random) }
      for (kind, partition) in [
        ("block", Partition.blocks(count: count, shardCount: shards, seed: seed)),
        ("stratified", Partition.stratified(labels: labels, shardCount: shards, seed: seed)),
      ] {
        // One shard an example: complete and disjoint by its type. Balanced within one.
        #expect(partition.count == count)
        var sizes = [Int](repeating: 0, count: shards)
        for shard in partition { sizes[Int(shard)] += 1 }
        #expect(sizes.max()! - sizes.min()! <= 1, "\(kind) \(count) \(shards) \(seed)")
      }
      let stratified = Partition.stratified(labels: labels, shardCount: shards, seed: seed)
      for label in -1...3 {
        var sizes = [Int](repeating: 0, count: shards)
        for (shard, other) in zip(stratified, labels) where other == label {
          sizes[Int(shard)] += 1
        }
        #expect(sizes.max()! - sizes.min()! <= 1, "label \(label), seed \(seed)")
      }
      #expect(Partition.stratified(labels: labels, shardCount: shards, seed: seed) == stratified)
      // Blocks lie side by side.
      let blocks = Partition.blocks(count: count, shardCount: shards, seed: seed)
      #expect(
        zip(blocks, blocks.dropFirst()).filter { $0 != $1 }.count <= min(shards, max(count, 1)) - 1)
    }
  }

  @Test func keysStayWhereTheyAreWhenAShardComes() {
    var sizes = [Int](repeating: 0, count: 4)
    for number in 0..<20_000 {
      let key = Partition.key("user \(number)")
      let before = Partition.shard(ofKey: key, shardCount: 4, seed: 1)
      let after = Partition.shard(ofKey: key, shardCount: 5, seed: 1)
      sizes[before] += 1
      #expect(after == before || after == 4)
      #expect(Partition.shard(ofKey: key, shardCount: 4, seed: 1) == before)
    }
    // 5,000 each, ± 61 (one standard deviation); six of them.
    for size in sizes { #expect(abs(size - 5000) < 370) }
  }

  @Test func subsetsReadTheirSource() throws {
    let folder = ScratchFolder()
    folder.write(Array("a,b\n0,x\n1,y\n2,z\n3,w\n".utf8), "t.csv")
    let source = try DataFile.open("\(folder.path)/t.csv", name: "t.csv")
    let (training, validation) = try source.split(validationShare: 0.25)
    #expect(training.count == 3 && validation.count == 1)
    #expect(try NumpySourceTests.bytes(validation, 0, [0]).first == 3)
    let odd = ExampleSubset(training, [2, 0])
    #expect(
      try [0, 1].withUnsafeBufferPointer { try odd.texts(column: 1, rows: $0) } == ["z", "x"])
    #expect(throws: TrainingError.self) { try source.split(validationShare: 1) }
    #expect(throws: TrainingError.self) { try source.split(validationShare: 0.9999) }
  }
}
