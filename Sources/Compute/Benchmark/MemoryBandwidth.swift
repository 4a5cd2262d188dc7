internal import CKernels
internal import Glibc

/// What memory gives at most: the limit of whatever reads more than the caches hold.
public enum MemoryBandwidth {
  /// Bytes a second that some threads read of 512 MiB in huge pages; the best of a few rounds.
  public static func read(threadCount: Int, kernels: Kernels = .active) -> Double {
    let count = 128 << 20
    let memory = AlignedFloats(count: count)
    // Touched, so that pages are there; zeros of one shared page would come from a cache.
    for i in stride(from: 0, to: count, by: 1024) { memory.base[i] = 1 }
    let threads = ThreadPool.shared(threadCount: threadCount)
    var best = 0.0
    for _ in 0..<5 {
      let start = now()
      Parallel.rows(
        count, multipleOf: 1 << 18, cost: .bytes(count * 4), on: threads
      ) { range in
        BenchmarkCase.keep(
          kernels.table.pointee.readSum(memory.base + range.lowerBound, range.count))
      }
      best = max(best, Double(count * 4) / (now() - start))
    }
    return best
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
