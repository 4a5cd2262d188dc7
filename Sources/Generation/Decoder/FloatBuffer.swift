/// Floats that grow and are never given back: a step's intermediate values.
final class FloatBuffer {
  private var storage = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)

  /// At least `count` floats with any contents; what was there before may be gone.
  func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
    if storage.count < count {
      storage.deallocate()
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
      storage = UnsafeMutableBufferPointer(
        start: memory.bindMemory(to: Float.self, capacity: count), count: count)
    }
    guard let base = storage.baseAddress else { preconditionFailure("an empty buffer") }
    return base
  }

  deinit { storage.deallocate() }
}
