internal import Glibc

/// How much memory may still be taken, before the kernel ends somebody for it.
public struct AvailableMemory: Sendable, Equatable {
  /// What bounds it.
  public enum Bound: Sendable { case machine, container }

  /// Bytes.
  public var byteCount: Int
  /// What bounds it.
  public var bound: Bound

  /// So much.
  public init(byteCount: Int, bound: Bound) {
    (self.byteCount, self.bound) = (byteCount, bound)
  }

  /// The machine's `MemAvailable`, or what the control groups of this process leave (version 2, or 1), if
  /// that is less. Nil where the system does not say.
  ///
  /// - Parameter root: where `proc` and `sys` are; tests have their own.
  public static func current(root: String = "") -> AvailableMemory? {
    let machine = kilobytes(in: text("\(root)/proc/meminfo"), "MemAvailable")
    let groups = text("\(root)/proc/self/cgroup").split(separator: "\n").flatMap { line in
      left(line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false), root)
    }
    guard let container = groups.min(), container < machine ?? .max else {
      return machine.map { AvailableMemory(byteCount: $0, bound: .machine) }
    }
    return AvailableMemory(byteCount: container, bound: .container)
  }

  /// The part of one of several processes that do the same on this machine.
  public func shared(by count: Int) -> AvailableMemory {
    AvailableMemory(byteCount: byteCount / max(1, count), bound: bound)
  }

  // MARK: - Control groups

  /// What a line of `/proc/self/cgroup` (number, controllers, path) leaves: of the group itself and of all
  /// above it. In a container the path may lie outside; then the group is the root that is seen.
  private static func left(_ line: [Substring], _ root: String) -> [Int] {
    guard line.count == 3 else { return [] }
    let isUnified = line[1].isEmpty
    guard isUnified || line[1].split(separator: ",").contains("memory") else { return [] }
    let top = isUnified ? "\(root)/sys/fs/cgroup" : "\(root)/sys/fs/cgroup/memory"
    let names =
      isUnified
      ? ("memory.max", "memory.current", "inactive_file")
      : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    var path = line[2].split(separator: "/").filter { $0 != ".." }
    var found: [Int] = []
    while true {
      let folder = ([top] + path.map(String.init)).joined(separator: "/")
      // "max" is no number: no limit.
      if let limit = Int(trimmed(text("\(folder)/\(names.0)"))),
        let used = Int(trimmed(text("\(folder)/\(names.1)")))
      {
        // Files that were read once count as used, and are given up when somebody needs room.
        let given = number(in: text("\(folder)/memory.stat"), names.2) ?? 0
        found.append(max(0, limit - max(0, used - given)))
      }
      if path.isEmpty { return found }
      path.removeLast()
    }
  }

  private static func trimmed(_ text: String) -> String {
    String(text.filter { !$0.isWhitespace })
  }

  /// The number behind a name at a line's beginning.
  private static func number(in text: String, _ name: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let words = line.split { $0 == " " || $0 == ":" }
      if words.count >= 2, words[0] == name { return Int(words[1]) }
    }
    return nil
  }

  private static func kilobytes(in text: String, _ name: String) -> Int? {
    number(in: text, name).map { $0 << 10 }
  }

  /// A small file of the kernel; empty where there is none.
  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
