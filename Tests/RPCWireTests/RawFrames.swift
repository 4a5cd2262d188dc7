@testable import RPCWire

/// Frames written by hand, for what libnghttp2 refuses to send.
enum RawFrames {
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  static let endStream: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4

  static func frame(
    _ kind: FrameHeader.Kind, _ stream: Int32, flags: UInt8 = 0, _ payload: [UInt8] = []
  ) -> [UInt8] {
    frame(kind.rawValue, stream, flags: flags, payload)
  }

  static func frame(
    _ type: UInt8, _ stream: Int32, flags: UInt8 = 0, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let length = number(UInt32(payload.count))
    return length[1...] + [type, flags] + number(UInt32(bitPattern: stream)) + payload
  }

  static func number(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }

  static func headers(_ stream: Int32, end: Bool, _ block: [UInt8] = status200) -> [UInt8] {
    frame(.headers, stream, flags: endHeaders | (end ? endStream : 0), block)
  }

  static func data(_ stream: Int32, end: Bool, _ bytes: [UInt8] = [1, 2, 3]) -> [UInt8] {
    frame(.data, stream, flags: end ? endStream : 0, bytes)
  }

  static func reset(_ stream: Int32, _ code: UInt32 = 8) -> [UInt8] {
    frame(.rstStream, stream, number(code))
  }

  static func priority(_ stream: Int32, dependsOn dependency: Int32) -> [UInt8] {
    frame(.priority, stream, number(UInt32(dependency)) + [15])
  }

  static func settings(_ pairs: (UInt16, UInt32)...) -> [UInt8] {
    frame(
      .settings, 0,
      pairs.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + number($0.1) })
  }

  // MARK: HPACK

  /// `:status: 200`, from the static table.
  static let status200: [UInt8] = [0x88]

  /// Literal fields without indexing.
  static func block(_ fields: (String, String)...) -> [UInt8] {
    var result: [UInt8] = []
    for (name, value) in fields {
      result.append(0)
      for text in [name, value] {
        result.append(UInt8(text.utf8.count))
        result.append(contentsOf: text.utf8)
      }
    }
    return result
  }

  // MARK: Reading

  /// What a session answered: `GOAWAY 1`, `RST_STREAM 3 5` (stream, code).
  static func errors(in bytes: [UInt8]) -> [String] {
    bytes.withUnsafeBytes { bytes in
      // A client's output begins with the preface.
      var scanner = FrameScanner(
        prefaceByteCount: bytes.starts(with: preface) ? preface.count : 0)
      var result: [String] = []
      var offset = 0
      while let header = scanner.next(bytes, &offset) {
        switch FrameHeader.Kind(rawValue: header.type) {
        case .goAway: result.append("GOAWAY \(code(bytes, offset + 4))")
        case .rstStream: result.append("RST_STREAM \(header.streamID) \(code(bytes, offset))")
        default: break
        }
      }
      return result
    }
  }

  private static func code(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
