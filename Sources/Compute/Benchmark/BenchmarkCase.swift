internal import Glibc
internal import Synchronization

/// One thing that is timed, and how its time is told.
struct BenchmarkCase {
  enum Bound {
    /// `amount` is floating-point operations; the limit is the peak of multiply-adds.
    case arithmetic
    /// `amount` is bytes read; the limit is reading memory.
    case memory
    /// No simple limit.
    case unknown
  }
  enum Unit {
    /// `amount` per second, in units of 10⁹.
    case rate(String)
    case microseconds
  }

  let name: String
  let bound: Bound
  let amount: Double
  let roundsMax: Int
  private let form: Unit
  private let body: () -> Void

  init(
    _ name: String, _ bound: Bound, amount: Double, _ form: Unit, roundsMax: Int = .max,
    _ body: @escaping () -> Void
  ) {
    self.name = name
    self.bound = bound
    self.amount = amount
    self.form = form
    self.roundsMax = roundsMax
    self.body = body
  }

  var unit: String {
    switch form {
    case .rate(let unit): unit
    case .microseconds: "µs"
    }
  }

  func value(_ seconds: Double) -> Double {
    switch form {
    case .rate: amount / seconds / 1e9
    case .microseconds: seconds * 1e6
    }
  }

  /// Seconds per call, over as many calls as take `atLeast` seconds together.
  func time(atLeast: Double) -> Double {
    var calls = 1
    // Other cases have emptied the caches: one call that does not count.
    if atLeast > 0 { body() }
    while true {
      let start = Self.now()
      for _ in 0..<calls { body() }
      let elapsed = Self.now() - start
      if elapsed >= atLeast || calls >= 1 << 24 { return elapsed / Double(calls) }
      calls *= elapsed > atLeast / 16 ? 2 : 8
    }
  }

  /// This thread's CPU time in seconds.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static let sink = Atomic<UInt32>(0)
  /// Uses a result, so that the compiler must compute it.
  static func keep(_ value: Float) { sink.store(value.bitPattern, ordering: .relaxed) }
}
