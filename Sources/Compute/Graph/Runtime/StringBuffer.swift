internal import Glibc

/// A growing buffer of framed strings; keeps its memory between runs.
final class StringBuffer {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 64) {
    self.capacity = capacity
    base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
  }

  convenience init(_ tensor: Tensor) {
    self.init(capacity: max(64, tensor.storage.byteCount))
    tensor.storage.withBytes { append(framed: $0) }
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() { count = 0 }

  /// Appends elements that are framed already.
  func append(framed source: UnsafeRawBufferPointer) {
    reserve(source.count)
    if let start = source.baseAddress { memcpy(base + count, start, source.count) }
    count += source.count
  }

  /// Appends one element.
  func append(element: UnsafeRawBufferPointer) {
    reserve(element.count + 4)
    base.storeBytes(of: UInt32(element.count).littleEndian, toByteOffset: count, as: UInt32.self)
    if let start = element.baseAddress { memcpy(base + count + 4, start, element.count) }
    count += element.count + 4
  }

  /// Appends a UTF-8 string as one element.
  func append(_ text: String) {
    var text = text
    text.withUTF8 { append(element: UnsafeRawBufferPointer($0)) }
  }

  private func reserve(_ extra: Int) {
    guard count + extra > capacity else { return }
    capacity = max(capacity * 2, count + extra)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    memcpy(larger, base, count)
    base.deallocate()
    base = larger
  }
}
