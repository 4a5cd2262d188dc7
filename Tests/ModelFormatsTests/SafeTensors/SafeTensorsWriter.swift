/// Writes safetensors files, right ones and wrong ones, for tests.
struct SafeTensorsWriter {
  var members: [String] = []
  var data: [UInt8] = []

  /// A tensor of f32 zeros behind the others.
  mutating func tensor(_ name: String, _ shape: [Int]) {
    let count = 4 * shape.reduce(1, *)
    member(name, "F32", "\(shape)", data.count, data.count + count)
    data += [UInt8](repeating: 0, count: count)
  }

  /// A member of the header, whatever it says.
  mutating func member(
    _ name: String, _ type: String, _ shape: String, _ begin: Any, _ end: Any
  ) {
    members.append(
      #""\#(name)": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": [\#(begin), \#(end)]}"#
    )
  }

  var header: String { "{" + members.joined(separator: ", ") + "}" }
  var file: [UInt8] { Self.file(header: header, data) }

  static func file(header: String, _ data: [UInt8] = []) -> [UInt8] {
    length(UInt64(header.utf8.count)) + Array(header.utf8) + data
  }

  static func length(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
