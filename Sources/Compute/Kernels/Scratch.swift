internal import CKernels

/// Memory a thread may use within one kernel call. Grown on demand, freed with the thread; so a
/// warm thread allocates nothing.
enum Scratch: Int {
  /// Panels of A.
  case left
  /// Panels of B, or of image positions.
  case right
  /// A padded image.
  case image
  /// Results on the way to their layout.
  case staging

  /// At least `count` floats, 64-byte aligned, with undefined contents. They last until this
  /// thread asks for the same slot again.
  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    bytes(count * MemoryLayout<Float>.stride).assumingMemoryBound(to: Float.self)
  }

  /// At least `count` bytes, 64-byte aligned, with undefined contents.
  func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    guard let memory = ck_scratch(rawValue, count) else {
      preconditionFailure("out of memory: \(count) bytes of scratch")
    }
    return memory
  }
}

/// Immutable floats owned by one object: packed weights. From 2 MiB on in huge pages.
final class AlignedFloats: Sendable {
  // Written only by whoever has just made it, before it is shared; read-only from then on.
  nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    guard let memory = ck_allocate(count * MemoryLayout<Float>.stride) else {
      preconditionFailure("out of memory: \(count) floats of packed weights")
    }
    base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    base.initialize(repeating: 0, count: count)
    self.count = count
  }

  deinit { ck_free(base, count * MemoryLayout<Float>.stride) }
}
