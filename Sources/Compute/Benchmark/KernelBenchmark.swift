internal import CKernels

/// Measures the kernels on this machine, beside the limits of the same machine in the same minute.
///
/// Every case is timed once per round and the rounds are interleaved, so that a noisy neighbour
/// disturbs all cases alike; a row is the median of its rounds. One thread, in that thread's CPU
/// time: what other processes take is not counted.
public struct KernelBenchmark {
  /// One measured line.
  public struct Row: Sendable {
    /// What was measured, such as "sgemm 256".
    public var name: String
    /// The median of the rounds, in `unit`.
    public var value: Double
    /// The best of the rounds, in `unit`.
    public var best: Double
    /// "GFLOP/s", "GB/s", "µs" or "Gelem/s".
    public var unit: String
    /// `value` as per cent of what the machine's arithmetic or memory allows, where that is known.
    public var percentOfLimit: Double?
  }

  private let kernels: Kernels
  private let rounds: Int
  private let sizeMax: Int

  /// - Parameters:
  ///   - rounds: how often each case is timed; the default takes about ten seconds.
  ///   - sizeMax: the largest matrix product.
  public init(kernels: Kernels = .active, rounds: Int = 9, sizeMax: Int = 2048) {
    precondition(rounds > 0, "a median needs at least one round")
    self.kernels = kernels
    self.rounds = rounds
    self.sizeMax = sizeMax
  }

  /// The instruction set that is measured.
  public var instructionSet: String { kernels.name }

  /// Runs everything. Blocks the calling thread.
  public func run() -> [Row] {
    let limits = [peakCase(), readCase()]
    let cases = limits + BenchmarkCases(kernels: kernels, sizeMax: sizeMax).all
    var seconds = [[Double]](repeating: [], count: cases.count)
    for round in -1..<rounds {
      for (index, one) in cases.enumerated() where round < one.roundsMax {
        let elapsed = one.time(atLeast: round < 0 ? 0 : 0.002)
        // The first round only warms caches and faults pages in.
        if round >= 0 { seconds[index].append(elapsed) }
      }
    }
    let medians = seconds.map { $0.sorted()[$0.count / 2] }
    let flopsPeak = cases[0].amount / medians[0]
    let bytesPeak = cases[1].amount / medians[1]
    return cases.indices.map { index in
      let one = cases[index]
      let limit = one.bound == .memory ? bytesPeak : flopsPeak
      let best = seconds[index].min() ?? medians[index]
      return Row(
        name: one.name, value: one.value(medians[index]), best: one.value(best), unit: one.unit,
        percentOfLimit: one.bound == .unknown
          ? nil : 100 * one.amount / medians[index] / limit)
    }
  }

  /// Multiply-adds in registers: what one core can do at most.
  private func peakCase() -> BenchmarkCase {
    let iterations = 20_000
    let table = kernels.table
    return BenchmarkCase(
      "peak f32", .arithmetic,
      amount: Double(iterations) * table.pointee.peakFlopsPerIteration, .rate("GFLOP/s")
    ) { BenchmarkCase.keep(table.pointee.peakFMA(iterations)) }
  }

  /// Reading 128 MiB, which no cache holds: what one core can read at most.
  private func readCase() -> BenchmarkCase {
    let count = 32 << 20
    let memory = AlignedFloats(count: count)
    // Touched: zeros of one shared page would come from a cache.
    for i in stride(from: 0, to: count, by: 1024) { memory.base[i] = 1 }
    let table = kernels.table
    return BenchmarkCase(
      "read", .memory, amount: Double(count * 4), .rate("GB/s"), roundsMax: 5
    ) { BenchmarkCase.keep(table.pointee.readSum(memory.base, count)) }
  }
}
