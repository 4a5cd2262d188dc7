import Testing

@testable import RPCWire

struct FrameScannerTests {
  private let frames =
    RawFrames.settings((4, 65_535)) + RawFrames.headers(1, end: false)
    + RawFrames.data(1, end: true, []) + RawFrames.frame(0xf7, 77, flags: 0xa5, [9, 9])
    + RawFrames.frame(.ping, 0, [UInt8](repeating: 7, count: 8))

  private func scan(_ bytes: [UInt8], _ pieceByteCount: Int, preface: Int = 0) -> [FrameHeader] {
    var scanner = FrameScanner(prefaceByteCount: preface)
    var result: [FrameHeader] = []
    for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
      Array(bytes[start..<min(bytes.count, start + pieceByteCount)]).withUnsafeBytes { piece in
        var offset = 0
        while let header = scanner.next(piece, &offset) { result.append(header) }
        #expect(offset == piece.count)
      }
    }
    return result
  }

  @Test(arguments: [1, 2, 3, 8, 9, 10, 17, 1000])
  func headersAreFoundWhateverThePieces(_ pieceByteCount: Int) {
    let headers = scan(RawFrames.preface + frames, pieceByteCount, preface: 24)
    #expect(headers.map(\.type) == [4, 1, 0, 0xf7, 6])
    #expect(headers.map(\.streamID) == [0, 1, 1, 77, 0])
    #expect(headers.map(\.payloadByteCount) == [6, 1, 0, 2, 8])
    #expect(headers.map(\.flags) == [0, 4, 1, 0xa5, 0])
  }

  @Test func reservedBitIsIgnored() {
    #expect(scan(RawFrames.frame(.data, .min | 5), 100).map(\.streamID) == [5])
  }

  @Test func largestFrameIsPassedOver() {
    let header: [UInt8] = [255, 255, 255, 0, 0, 0x7f, 255, 255, 255]
    let headers = scan(header + [1, 2, 3], 4)
    #expect(headers.map(\.payloadByteCount) == [(1 << 24) - 1])
    #expect(headers.map(\.streamID) == [.max])
  }
}
