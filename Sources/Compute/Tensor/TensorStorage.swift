internal import Glibc

/// Memory aligned for every vector width (64 bytes), zeroed, freed with the object.
///
/// Unsafe code lives here: whoever writes must be the only holder, which `Tensor` ensures by
/// writing only while it makes a tensor.
public final class TensorStorage: @unchecked Sendable {
  // Sendable although it holds a pointer: the bytes are written only before the storage is
  // shared (see `init(byteCount:initializingWith:)`) and are read-only afterwards.

  /// The alignment of every allocation: one cache line, one AVX-512 register.
  public static let alignment = 64

  /// Bytes usable by the owner.
  public let byteCount: Int
  let base: UnsafeMutableRawPointer

  /// Allocates zeroed memory and lets `body` fill it before anybody else can see it.
  public init(
    byteCount: Int, initializingWith body: (UnsafeMutableRawBufferPointer) -> Void = { _ in }
  ) {
    precondition(byteCount >= 0)
    self.byteCount = byteCount
    // One spare line behind the end: vector kernels may read, never write, past the tail.
    let allocated = (byteCount + 2 * Self.alignment - 1) & ~(Self.alignment - 1)
    var pointer: UnsafeMutableRawPointer?
    let code = posix_memalign(&pointer, Self.alignment, allocated)
    precondition(code == 0 && pointer != nil, "out of memory for \(byteCount) bytes")
    base = pointer!
    memset(base, 0, allocated)
    body(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
  }

  deinit { free(base) }

  /// The bytes, for as long as `body` runs.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(UnsafeRawBufferPointer(start: base, count: byteCount))
  }
}
