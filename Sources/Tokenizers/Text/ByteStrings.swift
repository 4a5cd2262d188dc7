/// Byte strings one after another: a vocabulary without an allocation for each token. They are
/// bytes, not `String`s, whose equality is canonical equivalence: "é" in one scalar and in two are
/// different tokens.
public struct ByteStrings: Sendable, Hashable {
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// None.
  public init() {}

  /// The UTF-8 of texts.
  public init(_ texts: some Sequence<String>) {
    for text in texts { append(text.utf8) }
  }

  /// How many there are.
  public var count: Int { ends.count }

  /// Makes room for `count` strings of `byteCount` bytes together.
  public mutating func reserve(count: Int, byteCount: Int) {
    ends.reserveCapacity(count)
    bytes.reserveCapacity(byteCount)
  }

  /// Adds one at the end.
  public mutating func append(_ string: some Collection<UInt8>) {
    bytes.append(contentsOf: string)
    ends.append(bytes.count)
  }

  /// Where a string's bytes lie in ``bytes``.
  func range(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  /// One string.
  public subscript(index: Int) -> ArraySlice<UInt8> { bytes[range(of: index)] }

  /// One string as text; bytes that are not UTF-8 are replaced.
  func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }
}
