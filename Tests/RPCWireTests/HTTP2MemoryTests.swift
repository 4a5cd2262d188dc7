import CNGHTTP2
import Glibc
import Testing

@testable import RPCWire

/// The memory of a peak of sessions is given back, and what is in use stays whole meanwhile.
@Suite struct HTTP2MemoryTests {
  /// A session's worth of blocks, each filled with a byte of its own.
  private struct Blocks {
    var pointers: [UnsafeMutablePointer<UInt8>] = []
    let memory: HTTP2Memory
    let seed: Int

    init(_ memory: HTTP2Memory, seed: Int) {
      (self.memory, self.seed) = (memory, seed)
      let functions = memory.functions
      for index in 0..<40 {
        let pointer = functions.malloc(byteCount(index), functions.mem_user_data)!
          .assumingMemoryBound(to: UInt8.self)
        pointer.initialize(repeating: byte(index), count: byteCount(index))
        pointers.append(pointer)
      }
    }

    /// Every class, and some that are too large for one.
    func byteCount(_ index: Int) -> Int { 1 + (index * 37 + seed * 11) % 1200 }
    func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 31 &+ seed) }

    var areWhole: Bool {
      pointers.indices.allSatisfy { index in
        UnsafeBufferPointer(start: pointers[index], count: byteCount(index))
          .allSatisfy { $0 == byte(index) }
      }
    }

    func free() {
      let functions = memory.functions
      for pointer in pointers { functions.free(pointer, functions.mem_user_data) }
      memory.sessionClosed()
    }
  }

  private func areWhole(_ blocks: [Blocks]) -> Bool {
    blocks.allSatisfy { $0.areWhole }
  }

  @Test func aPeakOfSessionsIsGivenBack() {
    let memory = HTTP2Memory()
    var all = (0..<2_000).map { Blocks(memory, seed: $0) }
    let peak = memory.slabByteCount
    // Oldest first: what is left shares no slab with most of what went.
    for blocks in all[..<1_900] { blocks.free() }
    all.removeFirst(1_900)
    #expect(memory.slabByteCount == peak)
    memory.releaseUnused()
    #expect(memory.slabByteCount < peak / 5)
    #expect(areWhole(all))
    // The lists still work.
    let more = (0..<500).map { Blocks(memory, seed: 7 * $0) }
    #expect(areWhole(all + more))
    #expect(memory.slabByteCount < peak / 2)
    for blocks in all + more { blocks.free() }
    memory.releaseUnused()
    #expect(memory.slabByteCount == 0)
  }

  @Test func aLittleMemoryIsKept() {
    let memory = HTTP2Memory()
    var all: [Blocks] = []
    while memory.slabByteCount < HTTP2Memory.slabCountMin / 2 * 64 << 10 {
      all.append(Blocks(memory, seed: all.count))
    }
    let peak = memory.slabByteCount
    for blocks in all { blocks.free() }
    memory.releaseUnused()
    #expect(memory.slabByteCount == peak)
  }

  /// A session with many streams is a peak as well.
  @Test func whatOneSessionNeededGoesWithIt() {
    let memory = HTTP2Memory()
    let functions = memory.functions
    let pointers = (0..<20_000).map { _ in functions.malloc(400, functions.mem_user_data)! }
    let peak = memory.slabByteCount
    for pointer in pointers { functions.free(pointer, functions.mem_user_data) }
    memory.releaseUnused()
    #expect(memory.slabByteCount == peak, "it may need them again")
    memory.sessionClosed()
    memory.releaseUnused()
    #expect(memory.slabByteCount == 0)
  }

  @Test func aBlockGrowsWithItsContents() {
    let memory = HTTP2Memory()
    let functions = memory.functions
    var pointer = functions.malloc(10, functions.mem_user_data)!
    pointer.storeBytes(of: 0x0102_0304, as: UInt32.self)
    for count in [40, 48, 49, 500, 1_072, 1_073, 5_000] {
      pointer = functions.realloc(pointer, count, functions.mem_user_data)!
      #expect(pointer.load(as: UInt32.self) == 0x0102_0304)
      memset(pointer + 4, 0xff, count - 4)
    }
    functions.free(pointer, functions.mem_user_data)
  }
}
