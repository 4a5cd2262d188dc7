/// A text and the pieces of it that the model sees one by one. Pre-tokenizers cut pieces smaller,
/// drop some, or rewrite their text.
struct Pieces {
  var bytes: [UInt8]
  var ranges: [Range<Int>]

  /// A text in one piece.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    ranges = bytes.isEmpty ? [] : [0..<bytes.count]
  }

  /// Rewrites every piece: `body` appends the new text of the one it is given.
  mutating func rewrite(_ body: (ArraySlice<UInt8>, inout [UInt8]) -> Void) {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + ranges.count)
    for index in ranges.indices {
      let start = result.count
      body(bytes[ranges[index]], &result)
      ranges[index] = start..<result.count
    }
    bytes = result
  }
}
