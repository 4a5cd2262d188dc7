extension Inference {
  /// A typed value of a request, response or tensor parameter.
  public enum InferParameter: Sendable, Hashable {
    /// `bool_param`.
    case bool(Bool)
    /// `int64_param`.
    case int64(Int64)
    /// `string_param`.
    case string(String)
    /// `double_param`.
    case double(Double)
    /// `uint64_param`.
    case uint64(UInt64)
  }
}

extension Inference.InferParameter {
  /// Reads one value; nil when the message holds none of the alternatives.
  static func read(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> Self? {
    var reader = ProtobufReader(bytes)
    var value: Self?
    while let field = try reader.next() {
      switch field.number {
      case 1: value = .bool(try field.bool())
      case 2: value = .int64(try field.int64())
      case 3: value = .string(try field.string())
      case 4: value = .double(try field.double())
      case 5: value = .uint64(try field.uint64())
      default: break
      }
    }
    return value
  }

  func write(to writer: inout ProtobufWriter) {
    switch self {
    case .bool(let value): writer.field(1, bool: value)
    case .int64(let value): writer.field(2, int64: value)
    case .string(let value): writer.field(3, string: value)
    case .double(let value): writer.field(4, double: value)
    case .uint64(let value): writer.field(5, uint64: value)
    }
  }

  /// Reads one entry of a `map<string, InferParameter>`.
  public static func readEntry(
    _ bytes: ArraySlice<UInt8>, into parameters: inout [String: Self]
  ) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    var key = ""
    var value: Self?
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try field.string()
      case 2: value = try read(try field.slice())
      default: break
      }
    }
    if let value { parameters[key] = value }
  }

  static func write(
    _ parameters: [String: Self], _ number: Int, to writer: inout ProtobufWriter
  ) {
    guard !parameters.isEmpty else { return }
    for (key, value) in parameters.sorted(by: { $0.key < $1.key }) {
      writer.message(number) { entry in
        entry.field(1, string: key)
        entry.message(2) { value.write(to: &$0) }
      }
    }
  }
}
