internal import Compute

/// How the standard's own runner compares: types and shapes exactly, numbers within 1e-3 of the
/// expected one and 1e-7.
enum Comparison {
  private static let relative = 1e-3
  private static let absolute = 1e-7

  static func difference(_ got: ModelValue, _ expected: ModelValue) -> String? {
    switch (got, expected) {
    case (.tensor(let a), .tensor(let b)): return difference(a, b)
    case (.none, .none): return nil
    case (.sequence(let a), .sequence(let b)):
      guard a.count == b.count else { return "\(a.count) elements, expected \(b.count)" }
      for index in a.indices {
        if let found = difference(a[index], b[index]) { return "element \(index): \(found)" }
      }
      return nil
    default: return "another form of value than expected"
    }
  }

  private static func difference(_ got: Tensor, _ expected: Tensor) -> String? {
    guard got.dataType == expected.dataType, got.shape == expected.shape else {
      return "\(got.dataType) \(got.shape), expected \(expected.dataType) \(expected.shape)"
    }
    if got.dataType == .string {
      let (a, b) = (strings(got), strings(expected))
      return a == b ? nil : "strings \(a), expected \(b)"
    }
    let (a, b) = (numbers(got), numbers(expected))
    for index in a.indices where a[index] != b[index] {
      let (x, y) = (a[index], b[index])
      if x.isNaN && y.isNaN || abs(x - y) <= absolute + relative * abs(y) { continue }
      return "[\(index)] is \(x), expected \(y)"
    }
    return nil
  }

  private static func strings(_ tensor: Tensor) -> [String] {
    tensor.withView { StringFraming.elements($0.bytes) ?? [] }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private static func numbers(_ tensor: Tensor) -> [Double] {
    switch tensor.dataType {
    case .fp32: tensor.elements(as: Float.self).map(Double.init)
    case .fp64: tensor.elements(as: Double.self)
    case .int64: tensor.elements(as: Int64.self).map(Double.init)
    case .int32: tensor.elements(as: Int32.self).map(Double.init)
    case .int16: tensor.elements(as: Int16.self).map(Double.init)
    case .int8: tensor.elements(as: Int8.self).map(Double.init)
    case .uint64: tensor.elements(as: UInt64.self).map(Double.init)
    case .uint32: tensor.elements(as: UInt32.self).map(Double.init)
    case .uint16: tensor.elements(as: UInt16.self).map(Double.init)
    case .uint8, .bool: tensor.elements(as: UInt8.self).map(Double.init)
    case .fp16: tensor.elements(as: UInt16.self).map { Double(Float16(bitPattern: $0)) }
    case .bf16:
      tensor.elements(as: UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
    // By their bits: conversion has to be exact.
    case .fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz, .int4, .uint4:
      tensor.elements(as: UInt8.self).map(Double.init)
    case .string: []
    }
  }
}
