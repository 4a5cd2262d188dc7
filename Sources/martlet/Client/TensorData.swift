internal import ModelFormats

/// A tensor's elements as Swift numbers or text, for printing and for JSON.
enum TensorData: Encodable {
  case integers([Int64])
  case unsigned([UInt64])
  case numbers([Double])
  case booleans([Bool])
  case texts([String])

  init(_ array: NumpyArray) {
    switch array.datatype {
    case "BOOL": self = .booleans(array.bytes.map { $0 != 0 })
    case "INT8": self = .integers(Self.load(array, Int8.self).map(Int64.init))
    case "INT16": self = .integers(Self.load(array, Int16.self).map(Int64.init))
    case "INT32": self = .integers(Self.load(array, Int32.self).map(Int64.init))
    case "INT64": self = .integers(Self.load(array, Int64.self))
    case "UINT8": self = .unsigned(Self.load(array, UInt8.self).map(UInt64.init))
    case "UINT16": self = .unsigned(Self.load(array, UInt16.self).map(UInt64.init))
    case "UINT32": self = .unsigned(Self.load(array, UInt32.self).map(UInt64.init))
    case "UINT64": self = .unsigned(Self.load(array, UInt64.self))
    case "FP16": self = .numbers(Self.load(array, UInt16.self).map(Self.half))
    case "BF16":
      self = .numbers(
        Self.load(array, UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) })
    case "FP32": self = .numbers(Self.load(array, Float.self).map(Double.init))
    case "FP64": self = .numbers(Self.load(array, Double.self))
    default: self = .texts(Self.texts(array.bytes))
    }
  }

  private static func load<T: BitwiseCopyable>(_ array: NumpyArray, _: T.Type) -> [T] {
    array.bytes.withUnsafeBytes { raw in
      (0..<raw.count / MemoryLayout<T>.size).map {
        raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
      }
    }
  }

  /// IEEE 754 binary16 as a Double.
  static func half(_ bits: UInt16) -> Double {
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF) / 1024
    let magnitude: Double
    switch exponent {
    case 0: magnitude = Double(sign: .plus, exponent: -14, significand: fraction)
    case 31: magnitude = fraction == 0 ? .infinity : .nan
    default: magnitude = Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }

  private static func texts(_ bytes: [UInt8]) -> [String] {
    var texts: [String] = []
    var rest = bytes[...]
    while rest.count >= 4 {
      let length = (0..<4).reduce(0) { $0 | Int(rest[rest.startIndex + $1]) << (8 * $1) }
      rest = rest.dropFirst(4)
      texts.append(String(decoding: rest.prefix(length), as: UTF8.self))
      rest = rest.dropFirst(length)
    }
    return texts
  }

  var descriptions: [String] {
    switch self {
    case .integers(let values): values.map(String.init)
    case .unsigned(let values): values.map(String.init)
    case .numbers(let values): values.map { "\(Float($0))" }
    case .booleans(let values): values.map { String($0) }
    case .texts(let values): values.map { "\"\($0)\"" }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .integers(let values): try container.encode(values)
    case .unsigned(let values): try container.encode(values)
    case .booleans(let values): try container.encode(values)
    case .texts(let values): try container.encode(values)
    // JSON has no NaN and no infinity: they become text, as Triton's REST does.
    case .numbers(let values):
      try container.encode(values.map(JSONNumber.init))
    }
  }
}

private struct JSONNumber: Encodable {
  var value: Double

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if value.isFinite {
      try container.encode(value)
    } else {
      try container.encode("\(value)")
    }
  }
}

/// A tensor for a terminal.
enum TensorText {
  static let elementsMax = 10

  static func summary(_ name: String, _ array: NumpyArray) -> String {
    let elements = TensorData(array).descriptions
    let more = elements.count > elementsMax ? ", … \(elements.count - elementsMax) more" : ""
    let shown = elements.prefix(elementsMax).joined(separator: ", ")
    return "\(name)  \(array.datatype) \(array.shape)  \(shown)\(more)"
  }
}
