internal import CNGHTTP2
internal import Glibc

/// Free lists by size for what nghttp2 allocates: eight small blocks a request, which overflow
/// glibc's per-thread cache when many streams are answered in one go (measured: a quarter of a
/// call's time). Belongs to one thread, like the sessions that use it, and outlives them.
final class HTTP2Memory {
  /// Blocks are multiples of this; larger ones than ``classCount`` of them go to malloc.
  private static let unit = 64
  private static let classCount = 17  // up to 1 KiB and the prefix
  /// In front of each block: its capacity. Sixteen bytes keep malloc's alignment.
  private static let prefixByteCount = 16
  private static let slabByteCount = 64 << 10

  private let heads: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var slabs: [UnsafeMutableRawPointer] = []

  init() {
    heads = .allocate(capacity: Self.classCount + 1)
    heads.initialize(repeating: nil, count: Self.classCount + 1)
  }

  deinit {
    for slab in slabs { free(slab) }
    heads.deallocate()
  }

  /// The functions for nghttp2, which copies the struct.
  var functions: nghttp2_mem {
    nghttp2_mem(
      mem_user_data: Unmanaged.passUnretained(self).toOpaque(), malloc: takeMemory,
      free: giveMemoryBack, calloc: takeClearMemory, realloc: changeMemory)
  }

  @inline(__always)
  fileprivate func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let index = (byteCount + Self.prefixByteCount + Self.unit - 1) / Self.unit
    let block: UnsafeMutableRawPointer
    if index <= Self.classCount {
      if heads[index] == nil { refill(index) }
      guard let head = heads[index] else { return nil }
      block = head
      heads[index] = block.load(as: UnsafeMutableRawPointer?.self)
    } else {
      guard let large = malloc(byteCount + Self.prefixByteCount) else { return nil }
      block = large
    }
    block.storeBytes(
      of: index <= Self.classCount ? index * Self.unit - Self.prefixByteCount : byteCount,
      as: Int.self)
    return block + Self.prefixByteCount
  }

  @inline(__always)
  fileprivate func giveBack(_ pointer: UnsafeMutableRawPointer) {
    let block = pointer - Self.prefixByteCount
    let index =
      (block.load(as: Int.self) + Self.prefixByteCount + Self.unit - 1) / Self.unit
    guard index <= Self.classCount else { return free(block) }
    block.storeBytes(of: heads[index], as: UnsafeMutableRawPointer?.self)
    heads[index] = block
  }

  fileprivate static func capacity(_ pointer: UnsafeMutableRawPointer) -> Int {
    (pointer - prefixByteCount).load(as: Int.self)
  }

  private func refill(_ index: Int) {
    guard let slab = malloc(Self.slabByteCount) else { return }
    slabs.append(slab)
    let size = index * Self.unit
    for offset in stride(from: 0, through: Self.slabByteCount - size, by: size) {
      (slab + offset).storeBytes(of: heads[index], as: UnsafeMutableRawPointer?.self)
      heads[index] = slab + offset
    }
  }
}

// Free functions form the C callbacks: they must not inherit an actor.

@inline(__always)
private func memory(_ user: UnsafeMutableRawPointer?) -> Unmanaged<HTTP2Memory> {
  Unmanaged<HTTP2Memory>.fromOpaque(user!)
}

private func takeMemory(_ count: Int, _ user: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
{
  memory(user)._withUnsafeGuaranteedRef { $0.take(count) }
}

private func giveMemoryBack(_ pointer: UnsafeMutableRawPointer?, _ user: UnsafeMutableRawPointer?) {
  guard let pointer else { return }
  memory(user)._withUnsafeGuaranteedRef { $0.giveBack(pointer) }
}

private func takeClearMemory(
  _ count: Int, _ size: Int, _ user: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  let (total, overflow) = count.multipliedReportingOverflow(by: size)
  guard !overflow, let pointer = takeMemory(total, user) else { return nil }
  memset(pointer, 0, total)
  return pointer
}

private func changeMemory(
  _ pointer: UnsafeMutableRawPointer?, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let pointer else { return takeMemory(count, user) }
  let capacity = HTTP2Memory.capacity(pointer)
  if count <= capacity { return pointer }
  guard let larger = takeMemory(count, user) else { return nil }
  memcpy(larger, pointer, capacity)
  giveMemoryBack(pointer, user)
  return larger
}
