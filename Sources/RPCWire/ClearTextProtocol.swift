/// Tells by a client's first bytes which HTTP it speaks where nothing else agrees on that: in clear
/// text. HTTP/2 begins with `PRI ` (RFC 9113 section 3.4), which is no method of HTTP/1.1. The network
/// may bring even these four bytes one by one.
public struct ClearTextProtocol {
  private static let preface: StaticString = "PRI "

  private var start: [UInt8] = []

  /// Nothing has come yet.
  public init() {}

  /// Takes the next bytes; once they tell, `decided` gets whether it is HTTP/2, and all bytes so far.
  public mutating func receive(
    _ bytes: UnsafeRawBufferPointer, _ decided: (Bool, UnsafeRawBufferPointer) -> Void
  ) {
    if start.isEmpty, bytes.count >= Self.preface.utf8CodeUnitCount {
      return decided(bytes.hasPrefix(Self.preface), bytes)
    }
    start.append(contentsOf: bytes)
    let isPreface = zip(
      start,
      UnsafeBufferPointer(
        start: Self.preface.utf8Start, count: Self.preface.utf8CodeUnitCount)
    ).allSatisfy { $0 == $1 }
    if isPreface, start.count < Self.preface.utf8CodeUnitCount { return }
    start.withUnsafeBytes { decided(isPreface, $0) }
    start = []
  }
}
