/// In which order the examples of an epoch are seen: every one exactly once, decided by seed and epoch.
struct ExampleOrder {
  let rows: [Int]

  init(_ examples: [Int], shuffles: Bool, seed: UInt64, epoch: Int) {
    guard shuffles else {
      rows = examples
      return
    }
    var (rows, random) = (examples, RandomNumbers(seed: seed, for: "order", epoch))
    for index in stride(from: rows.count - 1, to: 0, by: -1) {
      rows.swapAt(index, Int(random.next() % UInt64(index + 1)))
    }
    self.rows = rows
  }
}
