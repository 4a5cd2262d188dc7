internal import Glibc

/// A growing byte buffer behind a pointer, for bytes on their way to a socket and for header
/// blocks being assembled. Lives inside structures that are themselves behind pointers and are
/// never copied; its owner calls ``deallocate()``.
public struct RawBuffer {
  var base: UnsafeMutableRawPointer?
  var capacity = 0
  var start = 0
  var end = 0

  /// An empty buffer without memory.
  public init() {}

  /// Bytes that are in the buffer.
  @inline(__always)
  public var count: Int { end - start }

  /// True when there are none.
  @inline(__always)
  public var isEmpty: Bool { end == start }

  /// The bytes; valid until the buffer changes.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base.map { UnsafeRawPointer($0) + start }, count: count)
  }

  /// Drops all bytes and keeps the memory, unless it is larger than `keeping`.
  public mutating func removeAll(keeping limit: Int = .max) {
    start = 0
    end = 0
    if capacity > limit { deallocate() }
  }

  /// Drops the first bytes.
  public mutating func removeFirst(_ byteCount: Int) {
    precondition(byteCount <= count, "removing \(byteCount) of \(count) bytes")
    start += byteCount
    if start == end { removeAll() }
  }

  /// Drops the last bytes.
  mutating func removeLast(_ byteCount: Int) {
    precondition(byteCount <= count, "removing \(byteCount) of \(count) bytes")
    end -= byteCount
  }

  /// Room for `byteCount` more bytes at the end.
  @inline(__always)
  public mutating func reserve(_ byteCount: Int) {
    if capacity - end < byteCount { grow(byteCount) }
  }

  @inline(never)
  private mutating func grow(_ byteCount: Int) {
    if start > 0, let base {
      memmove(base, base + start, count)
      end -= start
      start = 0
      if capacity - end >= byteCount { return }
    }
    capacity = max(end + byteCount, capacity * 2, 512)
    guard let grown = realloc(base, capacity) else { fatalError("out of memory") }
    base = grown
  }

  /// Adds a copy of some bytes.
  @inline(__always)
  public mutating func append(_ pointer: UnsafeRawPointer, _ byteCount: Int) {
    reserve(byteCount)
    memcpy(base! + end, pointer, byteCount)
    end += byteCount
  }

  /// Adds a copy of some bytes.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if let pointer = bytes.baseAddress, bytes.count > 0 { append(pointer, bytes.count) }
  }

  /// Adds `byteCount` bytes, to be written where the result points.
  @inline(__always)
  mutating func extend(_ byteCount: Int) -> UnsafeMutableRawPointer {
    reserve(byteCount)
    let pointer = base! + end
    end += byteCount
    return pointer
  }

  /// Frees the memory.
  public mutating func deallocate() {
    free(base)
    base = nil
    capacity = 0
    start = 0
    end = 0
  }
}
