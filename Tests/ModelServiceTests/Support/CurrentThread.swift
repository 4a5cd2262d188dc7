internal import Glibc
internal import RPC

/// Tells threads apart.
func currentThread() -> UInt { UInt(pthread_self()) }

extension Thread {
  /// Lets another thread have the core.
  static func yield() { sched_yield() }
}
