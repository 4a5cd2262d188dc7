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

/// Floats of one object: packed weights, in memory of their own (from 2 MiB on in huge pages) or in
/// a plan's.
final class AlignedFloats: Sendable {
  // Written only by whoever has just made it, before it is shared; read-only from then on. What lies
  // in a plan's memory is written by that plan's steps, one after the other.
  nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
  let count: Int
  private let isOwner: Bool

  /// Zeros.
  convenience init(count: Int) { self.init(ck_allocate_zeros(Self.byteCount(count)), count) }

  /// Anything, for whoever writes all that is read.
  convenience init(uninitializedCount count: Int) {
    self.init(ck_allocate(Self.byteCount(count)), count)
  }

  private init(_ memory: UnsafeMutableRawPointer?, _ count: Int) {
    guard let memory else {
      preconditionFailure("out of memory: \(count) floats of packed weights")
    }
    base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    self.count = count
    isOwner = true
  }

  private static func byteCount(_ count: Int) -> Int { count * MemoryLayout<Float>.stride }

  /// Memory that outlives this object, with what it holds.
  init(borrowing base: UnsafeMutablePointer<Float>, count: Int) {
    self.base = base
    self.count = count
    isOwner = false
  }

  deinit { if isOwner { ck_free(base, Self.byteCount(count)) } }
}

/// Where packed weights go: into memory of their own, or one behind the other into a plan's.
struct PackingSpace {
  private var next: UnsafeMutablePointer<Float>?

  init() { next = nil }
  /// A plan's memory: as much as the pieces' `floatCount`s.
  init(_ base: UnsafeMutablePointer<Float>) { next = base }

  /// Memory that holds anything.
  mutating func floats(_ count: Int) -> AlignedFloats {
    guard let base = next else { return AlignedFloats(uninitializedCount: count) }
    next = base + Self.floatCount(count)
    return AlignedFloats(borrowing: base, count: count)
  }

  /// What a piece takes in a plan's memory: pieces begin at cache lines.
  static func floatCount(_ count: Int) -> Int { (count + 15) & ~15 }
}
