internal import EventLoop
internal import Glibc
internal import Simulation

/// `simulate [--schedules N] [--first SEED]` runs schedules; `simulate --seed SEED` repeats one
/// and prints what happened in it.
@main
struct Simulate {
  private var first: UInt64 = 1
  private var count: UInt64 = 10_000
  private var seed: UInt64?
  private var mutation: Mutation?

  static func main() {
    var simulate = Simulate()
    simulate.parse()
    exit(simulate.seed.map { simulate.replay($0) } ?? simulate.runAll())
  }

  private mutating func parse() {
    var arguments = CommandLine.arguments.dropFirst()
    while let name = arguments.popFirst() {
      let value = arguments.popFirst() ?? ""
      switch (name, UInt64(value)) {
      case ("--seed", .some(let number)): seed = number
      case ("--first", .some(let number)): first = number
      case ("--schedules", .some(let number)): count = number
      case ("--mutation", _) where Mutation(rawValue: value) != nil:
        mutation = Mutation(rawValue: value)
      default:
        let names = Mutation.allCases.map(\.rawValue).joined(separator: "|")
        print("usage: simulate [--schedules N] [--first SEED] [--seed SEED] [--mutation \(names)]")
        exit(64)
      }
    }
  }

  private func replay(_ seed: UInt64) -> Int32 {
    let outcome = Simulation.run(seed: seed, mutation: mutation, tracing: .printed)
    report(outcome)
    print(
      "seed \(seed): \(outcome.turnCount) turns, \(outcome.time) simulated, digest"
        + " \(String(outcome.digest, radix: 16)); \(Self.list(outcome.statuses))")
    return outcome.violations.isEmpty ? 0 : 1
  }

  private func runAll() -> Int32 {
    let start = MonotonicTime.now()
    var failed: [UInt64] = []
    var statuses: [String: Int] = [:]
    var turnCount = 0
    var time = Duration.zero
    for seed in first..<first + count {
      let outcome = Simulation.run(seed: seed, mutation: mutation)
      turnCount += outcome.turnCount
      time += outcome.time
      statuses.merge(outcome.statuses) { $0 + $1 }
      if !outcome.violations.isEmpty {
        failed.append(seed)
        report(outcome)
      }
    }
    let seconds = (MonotonicTime.now() - start).components.seconds
    let calls = statuses.values.reduce(0, +)
    print(
      "simulate: \(count) schedules from seed \(first), \(calls) calls, \(turnCount) turns,"
        + " \(time.components.seconds / 3_600) simulated hours in \(seconds) s")
    print(Self.list(statuses))
    print(failed.isEmpty ? "no violation" : "\(failed.count) failed: \(failed.prefix(20))")
    return failed.isEmpty ? 0 : 1
  }

  private static func list(_ statuses: [String: Int]) -> String {
    statuses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  private func report(_ outcome: Simulation.Outcome) {
    for violation in outcome.violations { print("seed \(outcome.seed): \(violation)") }
  }
}
