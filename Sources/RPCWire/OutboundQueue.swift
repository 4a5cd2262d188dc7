internal import Glibc

/// Body bytes queued on one stream. Small pieces are gathered in one array; a whole array that
/// is handed over is kept as it is, so a large message is never copied on its way in.
struct OutboundQueue {
  /// Pieces are gathered up to this size; beyond it a new array starts.
  private static let gatherByteCountMax = 64 << 10

  private var head: [UInt8] = []
  private var headOffset = 0
  private var tail: [[UInt8]] = []
  private var tailIndex = 0
  private(set) var byteCount = 0

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    byteCount += bytes.count
    if tailIndex < tail.count {
      if tail[tail.count - 1].count + bytes.count <= Self.gatherByteCountMax {
        tail[tail.count - 1].append(contentsOf: bytes)
      } else {
        tail.append([UInt8](copying: bytes))
      }
      return
    }
    if headOffset == head.count {
      head.removeAll(keepingCapacity: true)
      headOffset = 0
    }
    if head.isEmpty || head.count + bytes.count <= Self.gatherByteCountMax {
      head.append(contentsOf: bytes)
    } else {
      tail.append([UInt8](copying: bytes))
    }
  }

  mutating func append(_ bytes: consuming [UInt8]) {
    guard !bytes.isEmpty else { return }
    byteCount += bytes.count
    if headOffset == head.count, tailIndex == tail.count {
      head = bytes
      headOffset = 0
    } else {
      tail.append(bytes)
    }
  }

  /// Moves the first `count` bytes to the end of `output`.
  mutating func move(_ count: Int, to output: inout RawBuffer) {
    var remaining = count
    while remaining > 0 {
      let piece = min(remaining, head.count - headOffset)
      if piece > 0 {
        head.withUnsafeBytes { output.append($0.baseAddress! + headOffset, piece) }
        headOffset += piece
        remaining -= piece
        byteCount -= piece
      }
      if headOffset == head.count, tailIndex < tail.count {
        head = tail[tailIndex]
        tail[tailIndex] = []
        tailIndex += 1
        headOffset = 0
        if tailIndex == tail.count {
          tail.removeAll(keepingCapacity: true)
          tailIndex = 0
        }
      }
    }
  }

  /// Drops everything; a small array keeps its memory for the stream's next life.
  mutating func removeAll() {
    if head.capacity > 4096 { head = [] } else { head.removeAll(keepingCapacity: true) }
    headOffset = 0
    tail = []
    tailIndex = 0
    byteCount = 0
  }
}
