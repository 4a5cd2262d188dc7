internal import Glibc

/// Copies elements of any type from a strided view of the input into a dense output: the one
/// mechanism behind Transpose, Slice, Split and Expand.
enum StridedCopy {
  /// A step that fills `output`, whose dimension i walks the input with `strides[i]` elements,
  /// starting `offset` elements into it.
  static func step(
    _ input: Operand, _ output: Operand, strides: [Int], offset: Int
  ) -> Step? {
    if output.count == 0 {
      guard let strings = output.strings else { return nil }
      return { strings.removeAll() }
    }
    let (shape, merged) = merge(output.shape, strides)
    if let source = input.strings, let target = output.strings {
      let walk = StridedWalk(shape, strides: [merged])
      return { copyStrings(source, target, walk, offset) }
    }
    let size = input.dataType.elementByteCount!
    let (source, target) = (input.bytes + offset * size, output.bytes)
    if merged.last == 1 {
      let rowBytes = shape.last! * size
      let rows = StridedWalk(Array(shape.dropLast()), strides: [merged.dropLast()])
      return {
        rows.forEach { row, offsets in
          memcpy(target + row * rowBytes, source + offsets.0 * size, rowBytes)
        }
      }
    }
    switch size {
    case 1: return copy(UInt8.self, source, target, shape, merged)
    case 2: return copy(UInt16.self, source, target, shape, merged)
    case 4: return copy(UInt32.self, source, target, shape, merged)
    default: return copy(UInt64.self, source, target, shape, merged)
    }
  }

  private static func copy<T: BitwiseCopyable>(
    _ type: T.Type, _ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer,
    _ shape: [Int], _ strides: [Int]
  ) -> Step {
    let from = source.assumingMemoryBound(to: T.self)
    let to = target.assumingMemoryBound(to: T.self)
    guard let last = shape.last, let step = strides.last else { return { to[0] = from[0] } }
    let rows = StridedWalk(Array(shape.dropLast()), strides: [strides.dropLast()])
    return {
      rows.forEach { row, offsets in
        let (read, write) = (from + offsets.0, to + row * last)
        for index in 0..<last { write[index] = read[index &* step] }
      }
    }
  }

  private static func copyStrings(
    _ source: StringBuffer, _ target: StringBuffer, _ walk: StridedWalk, _ offset: Int
  ) {
    let elements = StringFraming.elements(source.bytes) ?? []
    target.removeAll()
    walk.forEach { _, offsets in
      elements[offset + offsets.0].withUnsafeBytes { target.append(element: $0) }
    }
  }

  /// Joins neighbouring dimensions that are contiguous in the input, and drops those of size 1.
  private static func merge(_ shape: [Int], _ strides: [Int]) -> ([Int], [Int]) {
    var (sizes, steps) = ([Int](), [Int]())
    for index in shape.indices where shape[index] != 1 {
      if let last = steps.last, last == strides[index] * shape[index] {
        sizes[sizes.count - 1] *= shape[index]
        steps[steps.count - 1] = strides[index]
      } else {
        sizes.append(shape[index])
        steps.append(strides[index])
      }
    }
    return sizes.isEmpty ? ([1], [1]) : (sizes, steps)
  }
}
