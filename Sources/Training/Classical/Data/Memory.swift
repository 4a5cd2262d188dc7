internal import Glibc

/// Memory that many rows are computed in: a pointer is what loops run over, and it is freed with this.
final class Memory<Element: BitwiseCopyable>: @unchecked Sendable {
  // Sendable although it holds a pointer: whoever fills it is alone; afterwards it is only read, or
  // written in parts that do not overlap.
  let base: UnsafeMutablePointer<Element>
  let count: Int

  /// Memory that holds whatever was there.
  init(uninitialized count: Int) {
    self.count = count
    let byteCount = max(1, count) * MemoryLayout<Element>.stride
    // Large tables in huge pages: with small ones, touching them first costs as much as reading them.
    let isLarge = byteCount >= 4 << 20
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: isLarge ? 2 << 20 : 64)
    if isLarge { madvise(bytes, byteCount & ~((2 << 20) - 1), MADV_HUGEPAGE) }
    base = bytes.bindMemory(to: Element.self, capacity: max(1, count))
  }

  /// Memory that holds one value everywhere.
  convenience init(repeating value: Element, count: Int) {
    self.init(uninitialized: count)
    base.update(repeating: value, count: count)
  }

  /// A copy of an array.
  convenience init(_ elements: [Element]) {
    self.init(uninitialized: elements.count)
    elements.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { base.update(from: first, count: source.count) }
    }
  }

  deinit { base.deallocate() }

  subscript(_ index: Int) -> Element {
    get { base[index] }
    set { base[index] = newValue }
  }

  /// A copy as an array.
  var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
