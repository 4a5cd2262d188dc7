internal import RPC

/// The compression of REST answers (RFC 9110 section 12.5.3).
enum AcceptedEncoding {
  /// Less than this is sent sooner than it is compressed.
  static let byteCountMin = 1 << 10
  /// More than this would hold up the loop's other calls: zlib's fastest level takes 10 ms for a
  /// megabyte. A larger answer goes as it is, or as binary data, which hardly compresses.
  static let byteCountMax = 256 << 10
  /// Compressing a byte takes as long as inflating so many, which is what a tenant's budget counts.
  static let inflationsPerByte = 8
  /// Of the header's value. Browsers send 30 bytes; a header of 64 KiB, which costs a client nothing
  /// and needs no key, would be milliseconds of looking through.
  private static let valueByteCountMax = 256

  /// What to use for a request with this `accept-encoding`; nil: the answer goes as it is.
  static func choose(_ acceptEncoding: String?) -> Compression? {
    guard let acceptEncoding, acceptEncoding.utf8.count <= valueByteCountMax else { return nil }
    var accepted: [Compression: Bool] = [:]
    var others = false
    for element in acceptEncoding.lowercased().split(separator: ",") {
      let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
      guard let name = parts.first else { continue }
      let isAccepted = !parts.dropFirst().contains { isZero($0) }
      if name == "*" { others = isAccepted }
      if let compression = Compression(rawValue: name == "x-gzip" ? "gzip" : name) {
        accepted[compression] = isAccepted
      }
    }
    return Compression.allCases.first { accepted[$0] ?? others }
  }

  /// `q=0`, `q=0.0` and their like: not acceptable.
  private static func isZero(_ parameter: String) -> Bool {
    parameter.hasPrefix("q=") && Double(parameter.dropFirst(2)) == 0
  }
}
