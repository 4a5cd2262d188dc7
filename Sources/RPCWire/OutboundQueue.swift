internal import Glibc

/// Body bytes queued on one stream. Small pieces are gathered in one buffer; a large array that
/// is handed over is kept as it is, so a large message is never copied on its way in.
struct OutboundQueue {
  /// Pieces are gathered up to this size; beyond it a new array starts.
  private static let gatherByteCountMax = 64 << 10
  /// Copying less than this costs less than keeping an array.
  private static let keptArrayByteCountMin = 4 << 10

  /// What goes first.
  private var small = RawBuffer()
  private var arrays: [[UInt8]] = []
  private var arrayIndex = 0
  /// Of the array at `arrayIndex`, what has left.
  private var arrayOffset = 0
  private(set) var byteCount = 0

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    byteCount += bytes.count
    if arrays.isEmpty, small.count + bytes.count <= Self.gatherByteCountMax {
      small.append(bytes)
    } else if let last = arrays.last, last.count + bytes.count <= Self.gatherByteCountMax {
      arrays[arrays.count - 1].append(contentsOf: bytes)
    } else {
      // Room at once for what will follow: growing would copy.
      var next: [UInt8] = []
      next.reserveCapacity(max(bytes.count, Self.gatherByteCountMax))
      next.append(contentsOf: bytes)
      arrays.append(next)
    }
  }

  mutating func append(_ bytes: consuming [UInt8]) {
    if bytes.count < Self.keptArrayByteCountMin {
      bytes.withUnsafeBytes { append($0) }
    } else {
      byteCount += bytes.count
      arrays.append(bytes)
    }
  }

  /// Moves the first `count` bytes to the end of `output`.
  mutating func move(_ count: Int, to output: inout RawBuffer) {
    precondition(count <= byteCount, "moving \(count) of \(byteCount) bytes")
    byteCount -= count
    let piece = min(count, small.count)
    if piece > 0 {
      output.append(small.bytes.baseAddress!, piece)
      small.removeFirst(piece)
    }
    if piece < count { moveArrays(count - piece, to: &output) }
  }

  private mutating func moveArrays(_ count: Int, to output: inout RawBuffer) {
    var remaining = count
    while remaining > 0 {
      let piece = min(remaining, arrays[arrayIndex].count - arrayOffset)
      arrays[arrayIndex].withUnsafeBytes {
        output.append($0.baseAddress! + arrayOffset, piece)
      }
      arrayOffset += piece
      remaining -= piece
      if arrayOffset == arrays[arrayIndex].count {
        arrays[arrayIndex] = []
        arrayIndex += 1
        arrayOffset = 0
      }
    }
    if arrayIndex == arrays.count {
      arrays.removeAll(keepingCapacity: true)
      arrayIndex = 0
    }
  }

  /// Drops the first `count` bytes.
  mutating func drop(_ count: Int) {
    var unused = RawBuffer()
    move(count, to: &unused)
    unused.deallocate()
  }

  /// Drops everything; a small buffer keeps its memory for the stream's next life.
  mutating func removeAll() {
    small.removeAll(keeping: 4096)
    if !arrays.isEmpty { arrays = [] }
    arrayIndex = 0
    arrayOffset = 0
    byteCount = 0
  }

  /// Gives the memory of an empty queue back.
  mutating func releaseMemory() {
    small.deallocate()
    arrays = []
  }
}
