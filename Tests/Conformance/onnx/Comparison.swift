internal import Compute
internal import TestSupport

/// How far an answer may be from the expected one. Types and shapes are compared exactly.
struct Tolerance {
  /// Of the expected number.
  var relative = 1e-3
  var absolute = 1e-7
  /// Of the expected tensor's largest number: sums in another order leave that of what cancels.
  var largest = 0.0
  /// For integers, whatever the others say.
  var quanta = 0.0

  /// The standard's own runner's, or what a file beside a case says: a name and a number a line.
  init(path: String) {
    guard let bytes = try? Files.read(path) else { return }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let value = Double(words[1]) else { continue }
      switch words[0] {
      case "relative": relative = value
      case "absolute": absolute = value
      case "largest": largest = value
      case "quanta": quanta = value
      default: break
      }
    }
  }
}

/// Compares values with what was expected.
struct Comparison {
  let tolerance: Tolerance

  func difference(_ got: ModelValue, _ expected: ModelValue) -> String? {
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

  private func difference(_ got: Tensor, _ expected: Tensor) -> String? {
    guard got.dataType == expected.dataType, got.shape == expected.shape else {
      return "\(got.dataType) \(got.shape), expected \(expected.dataType) \(expected.shape)"
    }
    if got.dataType == .string {
      let (a, b) = (Self.strings(got), Self.strings(expected))
      return a == b ? nil : "strings \(a), expected \(b)"
    }
    let (a, b) = (Self.numbers(got), Self.numbers(expected))
    let finite = b.lazy.filter(\.isFinite).map(abs).max() ?? 0
    let isInteger = got.dataType.isInteger
    let base = isInteger ? tolerance.quanta : tolerance.absolute + tolerance.largest * finite
    let factor = isInteger ? 0 : tolerance.relative
    for index in a.indices where a[index] != b[index] {
      let (x, y) = (a[index], b[index])
      if x.isNaN && y.isNaN || abs(x - y) <= base + factor * abs(y) { continue }
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
