import Testing

@testable import Training

@Suite struct GradientExchangeTests {
  /// What a rank's gradient `index` has at a step.
  private static func gradient(_ rank: Int, _ index: Int, _ step: Int, _ count: Int) -> [Float] {
    (0..<count).map { Float((rank + 1) * (index + 1) + step) + Float($0 % 5) }
  }

  @Test(arguments: [1, 2, 3, 4]) func ranksSumTheirGradients(_ size: Int) {
    let counts = [3, 700, 1, 40_000, 16, 300_000, 9]
    let isRight = ThreadCollective.run(size) { collective in
      let exchange = GradientExchange(collective, counts: counts, extraCount: 2)
      var isRight = true
      for step in 0..<4 {
        exchange.begin(weight: 0.5)
        // Rank 1 gets them in another order, and the last rank's last one never comes.
        var order = [5, 6, 3, 4, 2, 1, 0]
        if collective.rank == 1 { order.reverse() }
        for index in order where index != 0 || collective.rank < size - 1 || size == 1 {
          Self.gradient(collective.rank, index, step, counts[index]).withUnsafeBufferPointer {
            exchange.take(index, $0.baseAddress!)
          }
        }
        let extra = exchange.finish([Float(collective.rank), 1])
        isRight = isRight && extra == [Float(size * (size - 1) / 2), Float(size)]
        for (index, count) in counts.enumerated() {
          let ranks = 0..<(index == 0 && size > 1 ? size - 1 : size)
          for place in 0..<count {
            let expected = ranks.reduce(Float(0)) {
              $0 + Float(($1 + 1) * (index + 1) + step) + Float(place % 5)
            }
            isRight = isRight && exchange.gradient(index)[place] == expected / 2
          }
        }
        exchange.endStep()
      }
      return isRight
    }
    #expect(isRight == [Bool](repeating: true, count: size))
  }

  @Test func bucketsLeaveBeforeTheLastGradientIsThere() {
    let early = ThreadCollective.run(2) { collective in
      let exchange = GradientExchange(collective, counts: [1_000, 1_000, 1_000], extraCount: 1)
      let values = [Float](repeating: 1, count: 1_000)
      for _ in 0..<3 {
        exchange.begin(weight: 1)
        // Not in the order that is guessed: from the second step on it is known.
        for index in [1, 0, 2] {
          values.withUnsafeBufferPointer { exchange.take(index, $0.baseAddress!) }
        }
        _ = exchange.finish([0])
        exchange.endStep()
      }
      return [exchange.earlyBucketCount, exchange.bucketCount]
    }
    // The first step guesses that the last one comes first; the others hand over two of three each.
    #expect(early == [[4, 3], [4, 3]])
  }

  @Test func whatFailsAtOneRankFailsAtAll() {
    let errors = ThreadCollective.run(3) { collective in
      let own = collective.rank == 0 ? nil : TrainingError(.data, "row \(collective.rank)")
      do throws(TrainingError) { try collective.agree(own) } catch { return error }
      return TrainingError(.cancelled, "none")
    }
    #expect(
      errors
        == [TrainingError](
          repeating: TrainingError(.data, "rank 1 of 3 (here): row 1"), count: 3))
    let shared = ThreadCollective.run(2) { collective in
      do throws(TrainingError) {
        try collective.agree(TrainingError(.specification, "wrong everywhere"))
      } catch { return error.message }
      return ""
    }
    #expect(shared == ["wrong everywhere", "wrong everywhere"])
    let none = ThreadCollective.run(2) { collective in
      do throws(TrainingError) { try collective.agree(nil) } catch { return false }
      return true
    }
    #expect(none == [true, true])
  }

  @Test func digestsMustAgree() {
    let errors = ThreadCollective.run(3) { collective in
      do throws(TrainingError) {
        try collective.agree(on: collective.rank == 2 ? 7 : 5, otherwise: "another description")
      } catch { return error.message }
      return "none"
    }
    #expect(
      errors == [String](repeating: "rank 2 of 3 (here): another description", count: 3))
  }

  @Test func rankZeroGivesItsBytes() {
    let bytes = ThreadCollective.run(3) { $0.broadcast($0.rank == 0 ? [1, 2, 3] : [9]) }
    #expect(bytes == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
    #expect(ThreadCollective.run(2) { $0.broadcast([]) } == [[], []])
  }

  @Test(arguments: [0, 1, 2, 7, 32]) func partsAreTheBatch(_ count: Int) {
    let parts = ThreadCollective.run(3) { $0.part(of: count) }
    #expect(parts.flatMap { Array($0) } == Array(0..<count))
    #expect(parts.allSatisfy { abs($0.count - count / 3) <= 1 })
  }
}
