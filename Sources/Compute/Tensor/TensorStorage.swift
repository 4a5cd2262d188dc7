internal import CKernels
internal import Glibc

/// Memory aligned for every vector width (64 bytes), freed with the object; in huge pages from
/// 2 MiB on.
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

  /// Zeros.
  public convenience init(byteCount: Int) {
    self.init(ck_allocate_zeros(Self.allocatedByteCount(byteCount)), byteCount)
  }

  /// Lets `body` fill the memory before anybody else can see it. It must write all of it: what it
  /// leaves out holds what somebody else left there. So weights are not written twice.
  public convenience init(
    byteCount: Int, initializingWith body: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    self.init(ck_allocate(Self.allocatedByteCount(byteCount)), byteCount)
    body(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
  }

  private init(_ memory: UnsafeMutableRawPointer?, _ byteCount: Int) {
    guard let memory else { preconditionFailure("out of memory for \(byteCount) bytes") }
    base = memory
    self.byteCount = byteCount
    memset(base + byteCount, 0, Self.allocatedByteCount(byteCount) - byteCount)
  }

  deinit { ck_free(base, Self.allocatedByteCount(byteCount)) }

  /// One spare line behind the end: vector kernels may read, never write, past the tail.
  private static func allocatedByteCount(_ byteCount: Int) -> Int {
    precondition(byteCount >= 0)
    return (byteCount + 2 * alignment - 1) & ~(alignment - 1)
  }

  /// The bytes, for as long as `body` runs.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(UnsafeRawBufferPointer(start: base, count: byteCount))
  }
}
