/// LabelEncoder and CategoryMapper: map each element through a table; what the table lacks becomes
/// the default.
struct LabelEncoder: Operator {
  enum Values: Sendable {
    case integers([Int64])
    case floats([Float])
    case strings([[UInt8]])
    /// Numbers of another type, from a tensor.
    case numbers(Tensor)

    var count: Int {
      switch self {
      case .integers(let values): values.count
      case .floats(let values): values.count
      case .strings(let values): values.count
      case .numbers(let values): values.elementCount
      }
    }

    var dataType: DataType {
      switch self {
      case .integers: .int64
      case .floats: .fp32
      case .strings: .string
      case .numbers(let values): values.dataType
      }
    }
  }

  private let keyType: DataType
  /// Where a key stands in `values`; floats by their bits, so that NaN is a key like others.
  private let table: [[UInt8]: Int]
  /// The default is the last value.
  private let values: Values

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [TensorType(values.dataType, try inputs.type(0, among: [keyType]).shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (encoder, missing) = (self, values.count - 1)
    return {
      output.strings?.removeAll()
      if let source = input.strings {
        for (index, key) in (StringFraming.elements(source.bytes) ?? []).enumerated() {
          encoder.write(encoder.table[key] ?? missing, index, output)
        }
        return
      }
      for index in 0..<input.count {
        let key: [UInt8]
        switch encoder.keyType {
        case .int64: key = Self.key(input.pointer(Int64.self)[index])
        case .fp32: key = Self.key(input.f32[index])
        default: key = Self.key(input.bytes, index, encoder.keyType)
        }
        encoder.write(encoder.table[key] ?? missing, index, output)
      }
    }
  }

  private func write(_ value: Int, _ index: Int, _ output: Operand) {
    switch values {
    case .integers(let values): output.pointer(Int64.self)[index] = values[value]
    case .floats(let values): output.f32[index] = values[value]
    case .strings(let values):
      values[value].withUnsafeBytes { output.strings?.append(element: $0) }
    case .numbers(let values):
      let size = values.dataType.elementByteCount ?? 0
      (output.bytes + index * size).copyMemory(
        from: values.storage.base + value * size, byteCount: size)
    }
  }

  /// An element of another type, by its bytes.
  private static func key(
    _ base: UnsafeMutableRawPointer, _ index: Int, _ type: DataType
  ) -> [UInt8] {
    let size = type.elementByteCount ?? 0
    return Array(UnsafeRawBufferPointer(start: base + index * size, count: size))
  }

  /// Keys and values given as tensors.
  private static func list(
    _ context: OperatorContext, _ name: String
  ) throws(GraphError) -> Tensor? {
    guard let tensor = try context.tensor(name) else { return nil }
    guard tensor.dataType != .bool, tensor.shape.count <= 1 else {
      throw context.unsupported(name, "another form", expected: "as a list of numbers or strings")
    }
    return tensor
  }

  private static func keys(_ tensor: Tensor) -> [[UInt8]] {
    switch tensor.dataType {
    case .string: tensor.stringElements
    case .int64: tensor.elements(as: Int64.self).map(key)
    case .fp32: tensor.elements(as: Float.self).map(key)
    default:
      (0..<tensor.elementCount).map { key(tensor.storage.base, $0, tensor.dataType) }
    }
  }

  private static func values(
    _ tensor: Tensor, _ context: OperatorContext
  ) throws(GraphError) -> Values {
    let fallback: Tensor
    if let given = try context.tensor("default_tensor") {
      fallback = given
    } else if tensor.dataType == .string {
      fallback = Tensor(strings: [Array("_Unused".utf8)], shape: [1])
    } else {
      fallback = try Tensor(
        filling: tensor.dataType, with: tensor.dataType.isInteger ? -1 : -0.0)
    }
    guard fallback.dataType == tensor.dataType, fallback.elementCount == 1 else {
      throw GraphError(
        code: .invalidAttribute, message: "default_tensor must be one \(tensor.dataType)")
    }
    let joined = try Tensor.concatenate(
      [tensor.reshaped([tensor.elementCount]), fallback.reshaped([1])], axis: 0)
    return joined.dataType == .string ? .strings(joined.stringElements) : .numbers(joined)
  }

  private static func key(_ value: Int64) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
  }

  private static func key(_ value: Float) -> [UInt8] {
    withUnsafeBytes(of: value.isNaN ? Float.nan.bitPattern : (value + 0).bitPattern) { Array($0) }
  }

  /// Strings to numbers, or numbers to strings, as the input is one or the other.
  private init(
    _ context: OperatorContext, strings: [[UInt8]], numbers: [Int64]
  ) throws(GraphError) {
    guard strings.count == numbers.count else {
      throw GraphError(
        code: .invalidAttribute,
        message: "as many strings as numbers are needed, got \(strings.count) and "
          + "\(numbers.count)")
    }
    let fromStrings = context.known.optional(0)?.dataType == .string
    let fallback = Int64(try context.int("default_int64", default: -1))
    let text = Array((try context.string("default_string") ?? "_Unused").utf8)
    keyType = fromStrings ? .string : .int64
    values = fromStrings ? .integers(numbers + [fallback]) : .strings(strings + [text])
    table = Self.table(fromStrings ? strings : numbers.map(Self.key))
  }

  init(_ context: OperatorContext) throws(GraphError) {
    let keys: [[UInt8]]
    if let strings = try context.strings("keys_strings") {
      (keyType, keys) = (.string, strings)
    } else if let integers = try context.ints("keys_int64s") {
      (keyType, keys) = (.int64, integers.map { Self.key(Int64($0)) })
    } else if let floats = try context.floats("keys_floats") {
      (keyType, keys) = (.fp32, floats.map(Self.key))
    } else if let tensor = try Self.list(context, "keys_tensor") {
      (keyType, keys) = (tensor.dataType, Self.keys(tensor))
    } else {
      throw context.unsupported("keys", "none", expected: "as strings, int64s or floats")
    }
    if let strings = try context.strings("values_strings") {
      values = .strings(
        strings + [Array((try context.string("default_string") ?? "_Unused").utf8)])
    } else if let integers = try context.ints("values_int64s") {
      values = .integers(
        integers.map { Int64($0) } + [Int64(try context.int("default_int64", default: -1))])
    } else if let floats = try context.floats("values_floats") {
      values = .floats(floats + [try context.float("default_float", default: -0.0)])
    } else if let tensor = try Self.list(context, "values_tensor") {
      values = try Self.values(tensor, context)
    } else {
      throw context.unsupported("values", "none", expected: "as strings, int64s or floats")
    }
    guard values.count == keys.count + 1 else {
      throw GraphError(
        code: .invalidAttribute,
        message: "as many values as keys are needed, got \(keys.count) keys and "
          + "\(values.count - 1) values")
    }
    table = Self.table(keys)
  }

  private static func table(_ keys: [[UInt8]]) -> [[UInt8]: Int] {
    Dictionary(zip(keys, keys.indices), uniquingKeysWith: { first, _ in first })
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("LabelEncoder", domain: "ai.onnx.ml") { context throws(GraphError) in
      guard let classes = try context.strings("classes_strings") else {
        return try LabelEncoder(context)
      }
      // Version 1: the numbers are the strings' positions.
      return try LabelEncoder(
        context, strings: classes, numbers: classes.indices.map { Int64($0) })
    }
    registry.register("CategoryMapper", domain: "ai.onnx.ml") { context throws(GraphError) in
      try LabelEncoder(
        context, strings: try context.strings("cats_strings") ?? [],
        numbers: (try context.ints("cats_int64s") ?? []).map { Int64($0) })
    }
  }
}
