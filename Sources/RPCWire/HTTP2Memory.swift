internal import CNGHTTP2
internal import Glibc

/// Free lists by size for what nghttp2 allocates: eight small blocks a request, which overflow
/// glibc's per-thread cache when many streams are answered in one go (measured: a quarter of a
/// call's time). Belongs to one thread, like the sessions that use it, and outlives them. What a
/// peak of sessions or of their streams needed goes back once they are gone.
final class HTTP2Memory {
  /// The free lists; number 0 holds the slabs.
  private let lists: FreeLists
  /// Since slabs were last looked at.
  private var sessionsHaveClosed = false

  /// Fewer (2 MiB) are soon needed again.
  static let slabCountMin = 32

  init() {
    lists = FreeLists()
  }

  /// A session and its memory are gone.
  func sessionClosed() {
    sessionsHaveClosed = true
  }

  /// Gives slabs back that nobody uses, if there may be many. Looks at all free blocks, a millisecond
  /// for some ten MiB of them: to be called once in a while.
  func releaseUnused() {
    guard sessionsHaveClosed else { return }
    sessionsHaveClosed = false
    if lists.slabCount >= Self.slabCountMin { lists.freeUnusedSlabs() }
  }

  /// Memory taken from the allocator for blocks, used or not.
  var slabByteCount: Int { lists.slabCount * FreeLists.slabByteCount }

  deinit {
    lists.deallocate()
  }

  /// The functions for nghttp2, which copies the struct.
  var functions: nghttp2_mem {
    nghttp2_mem(
      mem_user_data: UnsafeMutableRawPointer(lists.heads), malloc: takeMemory,
      free: giveMemoryBack, calloc: takeClearMemory, realloc: changeMemory)
  }
}

/// Blocks by size class, each class a list through the blocks' first words. A pointer, which is
/// what C's functions are handed: they run some sixty times for each request.
private struct FreeLists {
  /// Blocks are multiples of this; larger ones than ``classCount`` of them go to malloc.
  static let unit = 64
  static let classCount = 17  // up to 1 KiB and the prefix
  /// In front of each block: its class, then its slab; or 0, then its capacity. A free block's
  /// class makes room for the next one's address. Keeps malloc's alignment.
  static let prefixByteCount = 16
  static let slabByteCount = 64 << 10

  let heads: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  init() {
    heads = .allocate(capacity: Self.classCount + 1)
    heads.initialize(repeating: nil, count: Self.classCount + 1)
  }

  init(_ user: UnsafeMutableRawPointer?) {
    heads = user!.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
  }

  func deallocate() {
    while let slab = heads[0] {
      heads[0] = slab.load(as: UnsafeMutableRawPointer?.self)
      free(slab)
    }
    heads.deallocate()
  }

  @inline(__always)
  func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let index = (byteCount &+ Self.prefixByteCount &+ Self.unit &- 1) / Self.unit
    guard index <= Self.classCount else { return takeLarge(byteCount) }
    guard let block = heads[index] ?? refill(index) else { return nil }
    heads[index] = block.load(as: UnsafeMutableRawPointer?.self)
    block.storeBytes(of: index, as: Int.self)
    return block + Self.prefixByteCount
  }

  @inline(never)
  private func takeLarge(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let block = malloc(byteCount + Self.prefixByteCount) else { return nil }
    block.storeBytes(of: 0, as: Int.self)
    block.storeBytes(of: byteCount, toByteOffset: 8, as: Int.self)
    return block + Self.prefixByteCount
  }

  @inline(__always)
  func giveBack(_ pointer: UnsafeMutableRawPointer) {
    let block = pointer - Self.prefixByteCount
    let index = block.load(as: Int.self)
    guard index > 0 else { return free(block) }
    block.storeBytes(of: heads[index], as: UnsafeMutableRawPointer?.self)
    heads[index] = block
  }

  static func capacity(_ pointer: UnsafeMutableRawPointer) -> Int {
    let block = pointer - prefixByteCount
    let index = block.load(as: Int.self)
    return index > 0
      ? index * unit - prefixByteCount : block.load(fromByteOffset: 8, as: Int.self)
  }

  /// Cuts a slab into blocks of a class and returns the first.
  @inline(never)
  private func refill(_ index: Int) -> UnsafeMutableRawPointer? {
    guard let slab = malloc(Self.slabByteCount) else { return nil }
    let size = index * Self.unit
    slab.bindMemory(to: Slab.self, capacity: 1).initialize(
      to: Slab(next: heads[0], blockCount: (Self.slabByteCount - Self.unit) / size))
    heads[0] = slab
    for offset in stride(from: Self.unit, through: Self.slabByteCount - size, by: size) {
      (slab + offset).storeBytes(of: heads[index], as: UnsafeMutableRawPointer?.self)
      (slab + offset).storeBytes(of: slab, toByteOffset: 8, as: UnsafeMutableRawPointer.self)
      heads[index] = slab + offset
    }
    return heads[index]
  }
}

/// Slabs that nobody uses go back.
extension FreeLists {
  /// The first unit of each slab.
  private struct Slab {
    var next: UnsafeMutableRawPointer?
    let blockCount: Int
    /// Counted while slabs are looked at, else 0.
    var freeCount = 0

    var isUnused: Bool { freeCount == blockCount }
  }

  var slabCount: Int {
    var count = 0
    var slab = heads[0]
    while let this = slab?.assumingMemoryBound(to: Slab.self) {
      count += 1
      slab = this.pointee.next
    }
    return count
  }

  /// Gives slabs of which no block is used back to the allocator.
  func freeUnusedSlabs() {
    for index in 1...Self.classCount {
      keepFree(index) { slab in
        slab.pointee.freeCount += 1
        return true
      }
    }
    for index in 1...Self.classCount { keepFree(index) { !$0.pointee.isUnused } }
    var slab = heads[0]
    heads[0] = nil
    while let this = slab?.assumingMemoryBound(to: Slab.self) {
      slab = this.pointee.next
      if this.pointee.isUnused {
        free(this)
      } else {
        this.pointee.freeCount = 0
        this.pointee.next = heads[0]
        heads[0] = UnsafeMutableRawPointer(this)
      }
    }
  }

  /// Takes out of a list all blocks but those of which slab `isKept` says so.
  private func keepFree(_ index: Int, _ isKept: (UnsafeMutablePointer<Slab>) -> Bool) {
    var place = UnsafeMutableRawPointer(heads + index)
    while let block = place.load(as: UnsafeMutableRawPointer?.self) {
      let slab = block.load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self)
      if isKept(slab.assumingMemoryBound(to: Slab.self)) {
        place = block
      } else {
        place.storeBytes(
          of: block.load(as: UnsafeMutableRawPointer?.self), as: UnsafeMutableRawPointer?.self)
      }
    }
  }
}

// Free functions form the C callbacks: they must not inherit an actor.

private func takeMemory(_ count: Int, _ user: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
{
  FreeLists(user).take(count)
}

private func giveMemoryBack(_ pointer: UnsafeMutableRawPointer?, _ user: UnsafeMutableRawPointer?) {
  if let pointer { FreeLists(user).giveBack(pointer) }
}

private func takeClearMemory(
  _ count: Int, _ size: Int, _ user: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  let (total, overflow) = count.multipliedReportingOverflow(by: size)
  guard !overflow, let pointer = FreeLists(user).take(total) else { return nil }
  memset(pointer, 0, total)
  return pointer
}

private func changeMemory(
  _ pointer: UnsafeMutableRawPointer?, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let pointer else { return FreeLists(user).take(count) }
  let capacity = FreeLists.capacity(pointer)
  if count <= capacity { return pointer }
  guard let larger = FreeLists(user).take(count) else { return nil }
  memcpy(larger, pointer, capacity)
  FreeLists(user).giveBack(pointer)
  return larger
}
