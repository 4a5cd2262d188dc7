/// Percent-encoding of `grpc-message` (gRPC over HTTP/2): everything but printable ASCII, and
/// the percent sign itself.
public enum PercentEncoding {
  private static let digits = [UInt8]("0123456789ABCDEF".utf8)

  /// The text as a header value.
  public static func encode(_ text: String) -> String {
    if text.utf8.allSatisfy({ isPlain($0) }) { return text }
    var output: [UInt8] = []
    for byte in text.utf8 {
      if isPlain(byte) {
        output.append(byte)
      } else {
        output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// The text of a header value. What is not an escape stays as it is, as gRPC asks.
  public static func decode(_ value: UnsafeRawBufferPointer) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(value.count)
    var index = 0
    while index < value.count {
      if value[index] == UInt8(ascii: "%"), index + 2 < value.count,
        let high = digit(value[index + 1]), let low = digit(value[index + 2])
      {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(value[index])
        index += 1
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte <= 0x7e && byte != UInt8(ascii: "%")
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
