internal import CKernels

/// Reorders the axes of a tensor, for elements of 1, 2, 4 or 8 bytes.
public struct Transposition: Sendable {
  /// One axis of the output after neighbours that stay together have been merged.
  private struct Axis {
    var count: Int
    var sourceStride: Int
  }
  private let axes: [Axis]
  private let elementCount: Int

  /// Plans a transposition: output axis i is input axis `permutation[i]`. Plan once per shape.
  public init(shape: [Int], permutation: [Int]) {
    precondition(
      permutation.sorted() == Array(shape.indices), "\(permutation) is not an order of the axes")
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    var merged: [Axis] = []
    for axis in permutation where shape[axis] != 1 {
      let next = Axis(count: shape[axis], sourceStride: strides[axis])
      if let last = merged.last, last.sourceStride == next.sourceStride * next.count {
        merged[merged.count - 1] = Axis(
          count: last.count * next.count, sourceStride: next.sourceStride)
      } else {
        merged.append(next)
      }
    }
    axes = merged
    elementCount = shape.reduce(1, *)
  }

  /// Copies the elements in their new order. The destination must not overlap the source.
  public func run(
    _ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, elementByteCount: Int,
    kernels: Kernels = .active
  ) {
    precondition(
      [1, 2, 4, 8].contains(elementByteCount), "elements have 1, 2, 4 or 8 bytes")
    guard elementCount > 0 else { return }
    guard let last = axes.last else {
      destination.copyMemory(from: source, byteCount: elementByteCount)
      return
    }
    if last.sourceStride == 1 {
      // The innermost axis stays innermost: runs of memory.
      let byteCount = last.count * elementByteCount
      walk(axes.dropLast(), 0, 0, last.count) { from, to in
        (destination + to * elementByteCount).copyMemory(
          from: source + from * elementByteCount, byteCount: byteCount)
      }
      return
    }
    // Some other output axis is contiguous in the source: a matrix is turned in blocks.
    guard let inner = axes.lastIndex(where: { $0.sourceStride == 1 }) else {
      walk(axes[...], 0, 0, 1) { from, to in
        (destination + to * elementByteCount).copyMemory(
          from: source + from * elementByteCount, byteCount: elementByteCount)
      }
      return
    }
    let columns = axes[inner]
    let columnStride = axes[(inner + 1)...].reduce(1) { $0 * $1.count }
    var outer = axes
    outer.remove(at: inner)
    outer.removeLast()
    var strides: [Int] = []
    for index in axes.indices where index != inner && index != axes.count - 1 {
      strides.append(axes[(index + 1)...].reduce(1) { $0 * $1.count })
    }
    let table = kernels.table
    walk(outer[...], strides: strides[...], 0, 0) { from, to in
      table.pointee.transpose(
        destination + to * elementByteCount, columnStride, source + from * elementByteCount,
        last.sourceStride, last.count, columns.count, elementByteCount)
    }
  }

  /// Calls `body` with source and destination offsets, destination in order, `unit` apart.
  private func walk(
    _ axes: ArraySlice<Axis>, _ from: Int, _ to: Int, _ unit: Int, _ body: (Int, Int) -> Void
  ) {
    var strides = [Int](repeating: unit, count: axes.count)
    for index in strides.indices.dropLast().reversed() {
      strides[index] = strides[index + 1] * axes[axes.startIndex + index + 1].count
    }
    walk(axes, strides: strides[...], from, to, body)
  }

  private func walk(
    _ axes: ArraySlice<Axis>, strides: ArraySlice<Int>, _ from: Int, _ to: Int,
    _ body: (Int, Int) -> Void
  ) {
    guard let axis = axes.first, let stride = strides.first else {
      body(from, to)
      return
    }
    for index in 0..<axis.count {
      walk(
        axes.dropFirst(), strides: strides.dropFirst(), from + index * axis.sourceStride,
        to + index * stride, body)
    }
  }
}
