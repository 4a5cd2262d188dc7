/// Encoded numbers on their way between processes: in the parts in which they came, or as they lie in memory.
/// Nothing is copied before it is written to a connection, or decoded.
package struct EncodedNumbers: Sendable {
  /// Some of them.
  package enum Part: Sendable {
    case bytes(ArraySlice<UInt8>)
    /// float32, in little-endian order as all numbers of these machines.
    case floats(ArraySlice<Float>)

    package var byteCount: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .floats(let floats): 4 * floats.count
      }
    }

    /// Calls `body` with the bytes.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
      switch self {
      case .bytes(let bytes): bytes.withUnsafeBytes(body)
      case .floats(let floats): floats.withUnsafeBytes(body)
      }
    }

    /// The same in parts of `byteCountMax` at most, which is a multiple of 4.
    func cut(_ byteCountMax: Int) -> [Part] {
      switch self {
      case .bytes(let bytes):
        Self.cut(bytes, byteCountMax).map { .bytes($0) }
      case .floats(let floats):
        Self.cut(floats, byteCountMax / 4).map { .floats($0) }
      }
    }

    private static func cut<Element>(
      _ all: ArraySlice<Element>, _ countMax: Int
    ) -> [ArraySlice<Element>] {
      stride(from: all.startIndex, to: all.endIndex, by: countMax).map {
        all[$0..<min(all.endIndex, $0 + countMax)]
      }
    }
  }

  package private(set) var parts: [Part] = []
  package private(set) var byteCount = 0

  /// None.
  package init() {}

  /// Bytes as `GradientCodec` wrote them.
  package init(_ bytes: [UInt8]) { append(.bytes(bytes[...])) }

  /// Numbers as they are.
  package init(_ floats: ArraySlice<Float>) { append(.floats(floats)) }

  /// Parts that are smaller are joined to the one before: what keeps a part costs more than to copy them.
  private static let partByteCountMin = 4096

  /// What follows.
  package mutating func append(_ part: Part) {
    guard part.byteCount > 0 else { return }
    byteCount += part.byteCount
    if part.byteCount < Self.partByteCountMin, case .bytes(let bytes) = part,
      case .bytes(var joined)? = parts.last
    {
      // Taken out, so that nobody else has it: it grows where it is.
      parts.removeLast()
      joined += bytes
      parts.append(.bytes(joined))
    } else {
      parts.append(part)
    }
  }

  /// The same in parts of `byteCountMax` at most, which is a multiple of 4.
  package func cut(_ byteCountMax: Int) -> [Part] { parts.flatMap { $0.cut(byteCountMax) } }

  /// Copies all bytes, of which there must be as many, to `memory`. Returns false if there are not.
  func copy(to memory: UnsafeMutableRawBufferPointer) -> Bool {
    guard memory.count == byteCount else { return false }
    copy(from: 0, to: memory)
    return true
  }

  /// Copies the bytes from a place on that `memory` has room for.
  private func copy(from start: Int, to memory: UnsafeMutableRawBufferPointer) {
    var (begin, filled) = (0, 0)
    for part in parts where filled < memory.count {
      let end = begin + part.byteCount
      defer { begin = end }
      guard start + filled < end else { continue }
      part.withUnsafeBytes { bytes in
        let first = start + filled - begin
        let source = bytes[first..<min(bytes.count, first + memory.count - filled)]
        UnsafeMutableRawBufferPointer(rebasing: memory[filled..<(filled + source.count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
        filled += source.count
      }
    }
  }

  /// Calls `body` with all bytes one behind the other.
  func withContiguousBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    if parts.count == 1 { return parts[0].withUnsafeBytes(body) }
    return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
      _ = copy(to: UnsafeMutableRawBufferPointer(buffer))
      filled = byteCount
    }.withUnsafeBytes(body)
  }

  /// Numbers as they are, in arrays of `count`; what is left over is not read.
  package func runs(of count: Int) -> [[Float]] {
    (0..<(byteCount / (4 * count))).map { run in
      [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        copy(
          from: 4 * count * run,
          to: UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(4 * count)]))
        filled = count
      }
    }
  }
}
