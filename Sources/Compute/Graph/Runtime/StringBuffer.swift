internal import Glibc

/// A growing buffer of framed strings; keeps its memory between runs. What would make it longer
/// than it may be is left out, and noted.
final class StringBuffer {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private(set) var isFull = false
  let byteCountMax: Int
  private var capacity: Int

  init(capacity: Int = 64, byteCountMax: Int = .max) {
    self.capacity = capacity
    self.byteCountMax = byteCountMax
    base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
  }

  convenience init(_ tensor: Tensor) {
    self.init(capacity: max(64, tensor.storage.byteCount))
    tensor.storage.withBytes { append(framed: $0) }
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() {
    count = 0
    isFull = false
  }

  /// Appends elements that are framed already.
  func append(framed source: UnsafeRawBufferPointer) {
    guard reserve(source.count) else { return }
    if let start = source.baseAddress { memcpy(base + count, start, source.count) }
    count += source.count
  }

  /// Appends one element.
  func append(element: UnsafeRawBufferPointer) {
    guard reserve(element.count + 4) else { return }
    base.storeBytes(of: UInt32(element.count).littleEndian, toByteOffset: count, as: UInt32.self)
    if let start = element.baseAddress { memcpy(base + count + 4, start, element.count) }
    count += element.count + 4
  }

  /// Appends a UTF-8 string as one element.
  func append(_ text: String) {
    var text = text
    text.withUTF8 { append(element: UnsafeRawBufferPointer($0)) }
  }

  private func reserve(_ extra: Int) -> Bool {
    isFull = isFull || count + extra > byteCountMax
    guard count + extra > capacity, !isFull else { return !isFull }
    capacity = max(capacity * 2, count + extra)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    memcpy(larger, base, count)
    base.deallocate()
    base = larger
    return true
  }
}
