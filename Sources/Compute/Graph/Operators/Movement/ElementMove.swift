internal import Glibc

/// Moves elements of any type to places that a function tells: what gathers, tiles, pads and
/// reorders where no rows stay together.
enum ElementMove {
  /// A step that fills element i of `output` with element `source(i)` of `input`, or with `fill`
  /// (zero, or no text) where `source` is negative.
  static func step(
    _ input: Operand, _ output: Operand, fill: Operand? = nil,
    _ source: @escaping (Int) throws(ExecutionError) -> Int
  ) -> Step {
    if let from = input.strings, let to = output.strings {
      return { () throws(ExecutionError) in
        let elements = StringFraming.elements(from.bytes) ?? []
        let rest = fill?.strings.flatMap { StringFraming.elements($0.bytes)?.first } ?? []
        to.removeAll()
        for index in 0..<output.count {
          let position = try source(index)
          to.append(element: position < 0 ? rest : elements[position])
        }
      }
    }
    switch input.dataType.elementByteCount {
    case 1: return step(UInt8.self, input, output, fill, source)
    case 2: return step(UInt16.self, input, output, fill, source)
    case 4: return step(UInt32.self, input, output, fill, source)
    default: return step(UInt64.self, input, output, fill, source)
    }
  }

  private static func step<T: FixedWidthInteger>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ fill: Operand?,
    _ source: @escaping (Int) throws(ExecutionError) -> Int
  ) -> Step {
    let (from, to) = (input.pointer(T.self), output.pointer(T.self))
    let (rest, count) = (fill?.pointer(T.self), output.count)
    return { () throws(ExecutionError) in
      let rest = rest?.pointee ?? 0
      for index in 0..<count {
        let position = try source(index)
        to[index] = position < 0 ? rest : from[position]
      }
    }
  }
}

/// Indices of either integer type.
struct Indices {
  let wide: UnsafePointer<Int64>?
  let narrow: UnsafePointer<Int32>?
  let count: Int

  init(_ operand: Operand) {
    let isWide = operand.dataType == .int64
    wide = isWide ? UnsafePointer(operand.pointer(Int64.self)) : nil
    narrow = isWide ? nil : UnsafePointer(operand.pointer(Int32.self))
    count = operand.count
  }

  @inline(__always) subscript(_ index: Int) -> Int {
    if let wide { return Int(wide[index]) }
    return narrow.map { Int($0[index]) } ?? 0
  }

  /// An index into a dimension, counted from the end if negative.
  func wrapped(_ index: Int, size: Int) throws(ExecutionError) -> Int {
    let value = self[index]
    let position = value < 0 ? value &+ size : value
    guard position >= 0 && position < size else { throw Self.outside(size) }
    return position
  }

  /// What is said of an index that is none of a dimension of this size.
  static func outside(_ size: Int) -> ExecutionError {
    ExecutionError(
      code: .invalidValue,
      message: "indices must be in \(-size)...\(size - 1) for a dimension of size \(size)")
  }
}

extension DataType {
  static let indices: [DataType] = [.int64, .int32]
}

extension StringBuffer {
  /// Appends one element.
  func append(element: [UInt8]) {
    element.withUnsafeBytes { append(element: $0) }
  }
}
