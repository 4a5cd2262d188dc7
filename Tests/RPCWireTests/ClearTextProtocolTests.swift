import RPCWire
import Testing

struct ClearTextProtocolTests {
  @Test(arguments: [
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true), ("POST /v2 HTTP/1.1\r\n", false),
    ("PROPFIND / HTTP/1.1\r\n", false), ("PRINT / HTTP/1.1\r\n", false),
    ("GET / HTTP/1.1\r\n", false), ("\u{16}\u{3}\u{1}\u{2}", false),
  ])
  func isToldWhateverThePieces(_ text: String, _ expected: Bool) {
    let bytes = Array(text.utf8)
    for first in 0...8 where first <= bytes.count {
      for step in 1...5 {
        var sniffer = ClearTextProtocol()
        var told: [Bool] = []
        var seen: [UInt8] = []
        var offset = 0
        while offset < bytes.count, told.isEmpty {
          let end = min(bytes.count, offset + (offset == 0 && first > 0 ? first : step))
          bytes[offset..<end].withUnsafeBytes {
            sniffer.receive($0) {
              told.append($0)
              seen += $1
            }
          }
          offset = end
        }
        #expect(told == [expected])
        #expect(seen == Array(bytes[..<offset]))
      }
    }
  }
}
