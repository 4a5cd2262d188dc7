/// Deals examples out to shards: pure functions of their arguments, so that any process finds the same
/// shards without asking another.
public enum Partition {
  /// The shard of each of `count` examples: ranges that lie side by side, in random order if there is a
  /// seed. Shards' sizes differ by one at most.
  public static func blocks(count: Int, shardCount: Int, seed: UInt64?) -> [Int32] {
    precondition(shardCount > 0, "shards: expected 1 or more, got \(shardCount)")
    var shards = Array(0..<shardCount)
    if let seed {
      var random = RepeatableRandom(seed, 1)
      random.shuffle(&shards)
    }
    return (0..<count).map { example in
      // The last shard whose first example is not behind it: shard k begins at count·k / shardCount.
      var shard = (example * shardCount + shardCount - 1) / max(count, 1)
      while shard > 0, count * shard / shardCount > example { shard -= 1 }
      while count * (shard + 1) / shardCount <= example { shard += 1 }
      return Int32(shards[shard])
    }
  }

  /// The shard of an example by its key, whichever others there are: the one with the highest hash of key and shard (rendezvous hashing), so that
  /// of n shards a further one takes 1/(n+1) of the keys from each and moves no other.
  public static func shard(ofKey key: UInt64, shardCount: Int, seed: UInt64) -> Int {
    precondition(shardCount > 0, "shards: expected 1 or more, got \(shardCount)")
    let base = RepeatableRandom.mix(key ^ RepeatableRandom.mix(seed &+ 0x9E37_79B9_7F4A_7C15))
    var best = (shard: 0, weight: UInt64(0))
    for shard in 0..<shardCount {
      let weight = RepeatableRandom.mix(base &+ UInt64(shard + 1) &* 0x9E37_79B9_7F4A_7C15)
      if shard == 0 || weight > best.weight { best = (shard, weight) }
    }
    return best.shard
  }

  /// A text as a key (FNV-1a).
  public static func key(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  /// The shard of each example by its label: of every label each shard has the same number of examples
  /// within one, and shards' sizes differ by one at most.
  public static func stratified(labels: [Int], shardCount: Int, seed: UInt64) -> [Int32] {
    precondition(shardCount > 0, "shards: expected 1 or more, got \(shardCount)")
    var byLabel: [Int: [Int]] = [:]
    for (example, label) in labels.enumerated() { byLabel[label, default: []].append(example) }
    var shards = [Int32](repeating: 0, count: labels.count)
    // Dealt like cards: the next label begins where the last one ended.
    var next = 0
    for label in byLabel.keys.sorted() {
      var examples = byLabel[label] ?? []
      var random = RepeatableRandom(seed, UInt64(bitPattern: Int64(label)))
      random.shuffle(&examples)
      for example in examples {
        shards[example] = Int32(next)
        next = (next + 1) % shardCount
      }
    }
    return shards
  }
}
