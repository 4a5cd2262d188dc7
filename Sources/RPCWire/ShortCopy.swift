internal import Glibc

/// Copies what is seldom longer than a word or two, such as a header's name, by words that overlap:
/// half the instructions of a call to memcpy, twice for each field of each request.
@inline(__always)
func copyShort(_ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ byteCount: Int) {
  switch byteCount {
  case 8...16: copyEnds(target, source, byteCount, UInt64.self)
  case 4..<8: copyEnds(target, source, byteCount, UInt32.self)
  case 2..<4: copyEnds(target, source, byteCount, UInt16.self)
  case 1: target.storeBytes(of: source.load(as: UInt8.self), as: UInt8.self)
  default: memcpy(target, source, byteCount)
  }
}

/// The first word and the last one.
@inline(__always)
private func copyEnds<Word: FixedWidthInteger>(
  _ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ byteCount: Int, _: Word.Type
) {
  let last = byteCount - MemoryLayout<Word>.size
  let (first, end) = (
    source.loadUnaligned(as: Word.self), source.loadUnaligned(fromByteOffset: last, as: Word.self)
  )
  target.storeBytes(of: first, as: Word.self)
  (target + last).storeBytes(of: end, as: Word.self)
}
