import Glibc

@testable import RPC

/// The client's end of a connection in clear, for bytes that no client library sends.
final class RawConnection {
  private let descriptor: Int32
  static let preface =
    Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

  init(to server: Server) throws {
    descriptor = try server.connectInProcess()
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
  }

  deinit { close(descriptor) }

  /// A frame of HTTP/2.
  static func frame(_ type: UInt8, _ flags: UInt8, stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let count = payload.count
    return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0]
      + [stream] + payload
  }

  /// HEADERS of a gRPC call, without an end.
  static func request(_ path: String, stream: UInt8) -> [UInt8] {
    // Static entries for POST and http; literals without indexing for the others.
    let fields: [UInt8] =
      [0x83, 0x86, 0x01, 1, UInt8(ascii: "a"), 0x04, UInt8(path.utf8.count)] + Array(path.utf8)
      + [0x0f, 0x10, 16] + Array("application/grpc".utf8)
    return frame(1, 4, stream: stream, fields)
  }

  func send(_ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Everything until the server closes.
  func readToEnd() -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return result }
      result += buffer[..<count]
    }
  }
}
