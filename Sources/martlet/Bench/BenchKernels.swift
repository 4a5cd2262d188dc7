internal import ArgumentParser
internal import Compute

/// `martlet bench kernels`: the leaf kernels beside what this machine can do at most.
struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Time the kernels as per cent of the machine's measured peak, one thread.",
    discussion: """
      With --assert: time every algorithm of what has several instead, such as convolutions of real
      networks, and fail where the one that is picked is slower than the fastest by more than 10 %.
      """)
  @Option(help: "How often each case is timed; the median counts.") var rounds = 9
  @Option(help: "The largest matrix product.") var sizeMax = 2048
  @Flag(help: "Print one JSON document.") var json = false
  @Flag(name: .customLong("assert"), help: "Fail where a pick is not the fastest.")
  var asserts = false

  private struct Document: Encodable {
    struct Product: Encodable {
      var size, threads: Int
      var gflops: Double
    }
    struct Row: Encodable {
      var name, unit: String
      var median, best: Double
      var percentOfLimit: Double?
    }
    var isa: String
    var peakGflops: Double
    var sgemm: [Product]
    var rows: [Row]
  }

  func validate() throws {
    guard rounds > 0, sizeMax > 0 else {
      throw ValidationError("expected --rounds and --size-max above 0")
    }
  }

  func run() throws {
    if asserts { return try assertPicks() }
    let benchmark = KernelBenchmark(rounds: rounds, sizeMax: sizeMax)
    let rows = benchmark.run()
    if json {
      // `sgemm 256` is the product of two square matrices that are packed on the way.
      let products = rows.compactMap { row -> Document.Product? in
        let words = row.name.split(separator: " ")
        guard words.count == 2, words[0] == "sgemm", let size = Int(words[1]) else { return nil }
        return Document.Product(size: size, threads: 1, gflops: row.value)
      }
      return try Output.json(
        Document(
          isa: benchmark.instructionSet, peakGflops: rows[0].value, sgemm: products,
          rows: rows.map {
            .init(
              name: $0.name, unit: $0.unit, median: $0.value, best: $0.best,
              percentOfLimit: $0.percentOfLimit)
          }))
    }
    print("kernels: \(benchmark.instructionSet), one thread, medians of \(rounds) rounds\n")
    Output.table(
      ["case", "median", "best", "unit", "of the limit"],
      rows.map {
        [
          $0.name, Output.fixed($0.value, 2), Output.fixed($0.best, 2), $0.unit,
          $0.percentOfLimit.map { "\(Output.fixed($0, 0)) %" } ?? "",
        ]
      })
  }

  private func assertPicks() throws {
    let rows = ChoiceBenchmark(rounds: rounds).run()
    Output.table(
      ["choice", "microseconds", "pick", "over the fastest"],
      rows.map { row in
        [
          row.name,
          row.microseconds.map { "\($0.way) \(Output.fixed($0.median, 0))" }
            .joined(separator: ", "),
          row.pick, "\(Output.fixed(100 * (row.excess - 1), 0)) %",
        ]
      })
    let slow = rows.filter { $0.excess > 1 + ChoiceBenchmark.margin }
    guard slow.isEmpty else {
      for row in slow { print("slower than the fastest: \(row.name), picked \(row.pick)") }
      throw ExitCode.failure
    }
  }
}
