/// A GGUF file taken apart, so that a test may spoil a part of it. Reads only what is right.
struct EditableModel {
  struct Value {
    var key: String
    var type: UInt32
    var bytes: [UInt8]
  }
  struct Tensor {
    var name: String
    /// Innermost first, as in the file.
    var sizes: [UInt64]
    /// GGUF's number: 0 is f32, 1 is f16.
    var type: UInt32
    var bytes: [UInt8]
    /// Where its bytes are said to be; nil: where they are.
    var offset: UInt64?
  }

  /// All kinds of models, and one that is none.
  static let architectures = [
    "llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "gpt2", "bert", "mamba",
  ]

  var values: [Value] = []
  var tensors: [Tensor] = []

  init() {}

  init(_ file: [UInt8]) {
    var reader = Reader(bytes: file, offset: 8)
    let (tensorCount, keyCount) = (reader.number(8), reader.number(8))
    for _ in 0..<keyCount {
      let key = reader.text()
      let type = UInt32(reader.number(4))
      let start = reader.offset
      reader.skip(type)
      values.append(Value(key: key, type: type, bytes: Array(file[start..<reader.offset])))
    }
    var places: [(tensor: Tensor, offset: Int)] = []
    for _ in 0..<tensorCount {
      let name = reader.text()
      let sizes = (0..<reader.number(4)).map { _ in UInt64(reader.number(8)) }
      let type = UInt32(reader.number(4))
      places.append(
        (Tensor(name: name, sizes: sizes, type: type, bytes: []), reader.number(8)))
    }
    let data = (reader.offset + 31) / 32 * 32
    for (tensor, offset) in places {
      var tensor = tensor
      let count = tensor.sizes.reduce(1, *) * (tensor.type == 0 ? 4 : 2)
      tensor.bytes = Array(file[data + offset..<data + offset + Int(count)])
      tensors.append(tensor)
    }
  }

  /// The file.
  var file: [UInt8] {
    var file = Array("GGUF".utf8) + Self.bytes(UInt32(3))
    file += Self.bytes(UInt64(tensors.count)) + Self.bytes(UInt64(values.count))
    for value in values {
      file += Self.string(value.key) + Self.bytes(value.type) + value.bytes
    }
    var data: [UInt8] = []
    for tensor in tensors {
      file += Self.string(tensor.name) + Self.bytes(UInt32(tensor.sizes.count))
      for size in tensor.sizes { file += Self.bytes(size) }
      file += Self.bytes(tensor.type) + Self.bytes(tensor.offset ?? UInt64(data.count))
      data += tensor.bytes
      data += [UInt8](repeating: 0, count: (32 - data.count % 32) % 32)
    }
    file += [UInt8](repeating: 0, count: (32 - file.count % 32) % 32)
    return file + data
  }

  /// `general.architecture`.
  var architecture: String {
    values.first { $0.key == "general.architecture" }
      .map { String(decoding: $0.bytes.dropFirst(8), as: UTF8.self) } ?? ""
  }

  /// Sets a value.
  mutating func set(_ key: String, type: UInt32, _ bytes: [UInt8]) {
    remove(key)
    values.append(Value(key: key, type: type, bytes: bytes))
  }
  mutating func set(_ key: String, _ value: UInt32) { set(key, type: 4, Self.bytes(value)) }
  mutating func set(_ key: String, _ value: Int32) { set(key, type: 5, Self.bytes(value)) }
  mutating func set(_ key: String, _ value: UInt64) { set(key, type: 10, Self.bytes(value)) }
  mutating func set(_ key: String, _ value: Float) {
    set(key, type: 6, Self.bytes(value.bitPattern))
  }
  mutating func set(_ key: String, _ value: String) { set(key, type: 8, Self.string(value)) }
  mutating func set(_ key: String, _ values: [String]) {
    set(
      key, type: 9,
      Self.bytes(UInt32(8)) + Self.bytes(UInt64(values.count)) + values.flatMap(Self.string))
  }
  mutating func remove(_ key: String) { values.removeAll { $0.key == key } }

  /// Changes a tensor.
  mutating func change(_ name: String, _ body: (inout Tensor) -> Void) {
    for index in tensors.indices where tensors[index].name == name { body(&tensors[index]) }
  }
  mutating func removeTensor(_ name: String) { tensors.removeAll { $0.name == name } }

  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
  static func string(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + text.utf8 }

  private struct Reader {
    let bytes: [UInt8]
    var offset: Int

    mutating func number(_ size: Int) -> Int {
      defer { offset += size }
      return (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    mutating func text() -> String {
      let count = number(8)
      defer { offset += count }
      return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
    }
    mutating func skip(_ type: UInt32) {
      switch type {
      case 0, 1, 7: offset += 1
      case 2, 3: offset += 2
      case 4, 5, 6: offset += 4
      case 8: _ = text()
      case 9:
        let (element, count) = (UInt32(number(4)), number(8))
        for _ in 0..<count { skip(element) }
      default: offset += 8
      }
    }
  }
}
