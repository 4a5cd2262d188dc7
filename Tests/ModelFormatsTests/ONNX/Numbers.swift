import Compute
import ModelFormats

/// Tensor elements as comparable values.
enum Numbers {
  enum Value: Equatable {
    case number(Double)
    case text([UInt8])
  }

  enum Difference: Equatable {
    case none
    case at(Int, got: Value, expected: Value)
  }

  static func values(_ view: TensorView) -> [Value] {
    let bytes = view.bytes
    func read<T>(_ type: T.Type, _ convert: (T) -> Double) -> [Value] {
      (0..<view.elementCount).map {
        .number(
          convert(
            bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)))
      }
    }
    switch view.dataType {
    case .fp32: return read(Float.self) { Double($0) }
    case .fp64: return read(Double.self) { $0 }
    case .int64: return read(Int64.self) { Double($0) }
    case .int32: return read(Int32.self) { Double($0) }
    case .int8: return read(Int8.self) { Double($0) }
    case .int16: return read(Int16.self) { Double($0) }
    case .uint16: return read(UInt16.self) { Double($0) }
    case .uint32: return read(UInt32.self) { Double($0) }
    case .uint64: return read(UInt64.self) { Double($0) }
    case .fp16: return read(UInt16.self) { Double(Float16(bitPattern: $0)) }
    case .bf16: return read(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz, .int4, .uint4, .bool, .uint8:
      return read(UInt8.self) { Double($0) }
    case .string: return (StringFraming.elements(bytes) ?? []).map { .text($0) }
    }
  }

  static func values(_ array: NumpyArray, from first: Int) -> [Value] {
    guard let type = DataType(oipName: array.datatype) else { return [] }
    return array.bytes.withUnsafeBytes {
      Array(values(TensorView(dataType: type, shape: array.shape, bytes: $0))[first...])
    }
  }

  /// Within 1e-4 and a millionth of the value: two engines that add in another order differ
  /// by about 1e-7 of the largest term. `expected` may be longer. nil if nothing was compared.
  static func firstDifference(_ got: [Value], _ expected: [Value]) -> Difference? {
    guard !got.isEmpty, expected.count >= got.count else { return nil }
    for index in got.indices {
      if case .number(let a) = got[index], case .number(let b) = expected[index] {
        if a == b || abs(a - b) <= 1e-4 + 1e-6 * abs(b) || (a.isNaN && b.isNaN) { continue }
      } else if got[index] == expected[index] {
        continue
      }
      return .at(index, got: got[index], expected: expected[index])
    }
    return Difference.none
  }
}
