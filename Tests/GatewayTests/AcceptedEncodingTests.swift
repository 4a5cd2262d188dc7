import RPC
import Testing

@testable import Gateway

struct AcceptedEncodingTests {
  @Test(
    arguments: [
      (nil, nil), ("", nil), ("identity", nil), ("br, zstd", nil), ("gzip", .gzip),
      ("deflate", .deflate), ("deflate, gzip;q=0.5", .gzip), ("GZIP", .gzip), ("x-gzip", .gzip),
      ("br;q=1.0, deflate; q=0.1", .deflate), ("gzip;q=0, deflate", .deflate),
      ("gzip; q=0.000", nil), ("*", .gzip), ("gzip;q=0, *", .deflate), ("*;q=0", nil),
      ("*;q=0, deflate", .deflate), (";,;q=0,,", nil),
      (String(repeating: "br,", count: 80) + "gzip", .gzip),
      (String(repeating: "br,", count: 100) + "gzip", nil), ("gzip;q=x", .gzip),
    ] as [(String?, Compression?)])
  func theFirstThatTheClientTakes(_ header: String?, _ expected: Compression?) {
    #expect(AcceptedEncoding.choose(header) == expected)
  }
}
