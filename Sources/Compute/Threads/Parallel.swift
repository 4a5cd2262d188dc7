/// The one place where the work of an operator is dealt out to threads.
///
/// A caller says how much there is, what it takes on one core, and how to do a part of it. Whether
/// there are parts at all is decided here, when the work comes: work too small to be worth a
/// hand-off, and work that comes while all threads are busy, stays on its thread, without a lock.
enum Parallel {
  /// Calls `body` with ranges that together are 0..<count, each once; they begin at multiples of
  /// `unit`. Which thread computes a range must not change what it computes.
  ///
  /// - Parameters:
  ///   - threads: nil: the caller's alone.
  ///   - cost: of all of it.
  ///   - evenly: no more ranges than threads, for work that has a price for every range.
  static func rows(
    _ count: Int, multipleOf unit: Int = 1, cost: Cost, on threads: ThreadPool?,
    evenly: Bool = false, _ body: (Range<Int>) -> Void
  ) {
    guard count > 0 else { return }
    guard let threads else { return body(0..<count) }
    let units = (count + unit - 1) / unit
    let tasks = min(
      units, threads.taskCount(nanoseconds: cost.nanoseconds, evenly: evenly))
    guard tasks > 1 else { return body(0..<count) }
    threads.run(tasks) { task in
      body(units * task / tasks * unit..<min(count, units * (task + 1) / tasks * unit))
    }
  }

  /// An estimate of what work takes on one core with vectors of 256 bits; right within a small
  /// factor, which is enough to tell 5 µs from 50.
  struct Cost {
    var nanoseconds: Double

    static func + (left: Cost, right: Cost) -> Cost {
      Cost(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
    /// Floating-point operations of a blocked product.
    static func flops(_ count: Double) -> Cost { Cost(nanoseconds: count / 60) }
    /// Bytes that are read and written, mostly in the second cache or behind it.
    static func bytes(_ count: Int) -> Cost { Cost(nanoseconds: Double(count) / 20) }
    /// Elements of a function.
    static func elements(_ count: Int, nanosecondsEach: Double) -> Cost {
      Cost(nanoseconds: Double(count) * nanosecondsEach)
    }
  }
}
