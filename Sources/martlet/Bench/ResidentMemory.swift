internal import Glibc

/// What this process holds in memory.
enum ResidentMemory {
  /// Bytes held now.
  static func byteCount() -> Int {
    guard let text = try? FileBytes.read("/proc/self/statm") else { return 0 }
    let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
  }

  /// The most it has held.
  static func byteCountMax() -> Int {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }
}
