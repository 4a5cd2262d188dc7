internal import Glibc

/// Cutting tensors apart and joining them, for values that are handled whole: sequences, scans.
extension Tensor {
  /// The elements from `range` of one dimension; without the dimension if `drops`.
  func slice(axis: Int, _ range: Range<Int>, drops: Bool = false) -> Tensor {
    let outer = Shape.product(shape[..<axis])
    let inner = Shape.product(shape[(axis + 1)...])
    var result = shape
    if drops { result.remove(at: axis) } else { result[axis] = range.count }
    let size = shape[axis]
    guard let width = dataType.elementByteCount else {
      let elements = stringElements
      let picked = (0..<outer).flatMap {
        elements[($0 * size + range.lowerBound) * inner..<($0 * size + range.upperBound) * inner]
      }
      return Tensor(strings: Array(picked), shape: result)
    }
    let (row, chunk) = (size * inner * width, range.count * inner * width)
    let source = storage.base + range.lowerBound * inner * width
    return Tensor(
      dataType: dataType, shape: result,
      storage: TensorStorage(byteCount: outer * chunk) { target in
        for block in 0..<outer where chunk > 0 {
          memcpy(target.baseAddress! + block * chunk, source + block * row, chunk)
        }
      })
  }

  /// Joins tensors that agree in all dimensions but one.
  static func concatenate(_ parts: [Tensor], axis: Int) throws(GraphError) -> Tensor {
    guard let first = parts.first else {
      throw GraphError(code: .shapeMismatch, message: "needs at least one tensor to join, got 0")
    }
    var shape = first.shape
    var size = 0
    for part in parts {
      var other = part.shape
      guard other.count == shape.count, part.dataType == first.dataType else {
        throw mismatch(first, part)
      }
      let (sum, overflow) = size.addingReportingOverflow(other[axis])
      other[axis] = first.shape[axis]
      guard other == first.shape, !overflow else { throw mismatch(first, part) }
      size = sum
    }
    shape[axis] = size
    let outer = Shape.product(shape[..<axis])
    let inner = Shape.product(shape[(axis + 1)...])
    guard let width = first.dataType.elementByteCount else {
      let elements = parts.map(\.stringElements)
      var joined: [[UInt8]] = []
      for block in 0..<outer {
        for (part, list) in zip(parts, elements) {
          let chunk = part.shape[axis] * inner
          joined += list[block * chunk..<(block + 1) * chunk]
        }
      }
      return Tensor(strings: joined, shape: shape)
    }
    guard let byteCount = Shape.byteCount(shape, first.dataType) else {
      throw GraphError(
        code: .shapeOverflow, message: "the shape \(Shape.describe(shape)) overflows")
    }
    return Tensor(
      dataType: first.dataType, shape: shape,
      storage: TensorStorage(byteCount: byteCount) { target in
        var offset = 0
        for block in 0..<outer {
          for part in parts {
            let chunk = part.shape[axis] * inner * width
            if chunk > 0 {
              memcpy(target.baseAddress! + offset, part.storage.base + block * chunk, chunk)
            }
            offset += chunk
          }
        }
      })
  }

  /// Joins tensors of one shape along a new dimension.
  static func stack(_ parts: [Tensor], axis: Int) throws(GraphError) -> Tensor {
    try concatenate(
      parts.map { part in
        var shape = part.shape
        shape.insert(1, at: min(axis, shape.count))
        return part.reshaped(shape)
      }, axis: axis)
  }

  private static func mismatch(_ first: Tensor, _ other: Tensor) -> GraphError {
    GraphError(
      code: .shapeMismatch,
      message: "tensors to join must agree: \(first.dataType) \(Shape.describe(first.shape)) and "
        + "\(other.dataType) \(Shape.describe(other.shape))")
  }

  /// The strings of a tensor of strings.
  var stringElements: [[UInt8]] { storage.withBytes { StringFraming.elements($0) ?? [] } }

  /// A tensor of integers as such; nil for other types.
  var integerElements: [Int]? {
    switch dataType {
    case .int64: elements(as: Int64.self).map { Int($0) }
    case .int32: elements(as: Int32.self).map { Int($0) }
    default: nil
    }
  }
}
