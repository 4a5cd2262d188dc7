/// A set of Unicode scalars, as sorted ranges that neither touch nor overlap.
struct CodepointSet: Hashable {
  static let last: UInt32 = 0x10FFFF
  static let all = CodepointSet(ranges: [0...last])

  private(set) var ranges: [ClosedRange<UInt32>]

  init(ranges: [ClosedRange<UInt32>] = []) {
    self.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let end = self.ranges.last, range.lowerBound <= end.upperBound + 1 {
        self.ranges[self.ranges.count - 1] =
          end.lowerBound...max(end.upperBound, range.upperBound)
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ scalars: String) {
    self.init(ranges: scalars.unicodeScalars.map { $0.value...$0.value })
  }

  var isEmpty: Bool { ranges.isEmpty }

  func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

  func union(_ other: CodepointSet) -> CodepointSet { CodepointSet(ranges: ranges + other.ranges) }

  var inverted: CodepointSet {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.last { result.append(next...Self.last) }
    return CodepointSet(ranges: result)
  }

  func subtracting(_ other: CodepointSet) -> CodepointSet {
    inverted.union(other).inverted
  }

  /// The UTF-8 texts of its members (surrogates have none), as sequences of ranges of bytes.
  var byteSequences: [[ClosedRange<UInt8>]] {
    var result: [[ClosedRange<UInt8>]] = []
    // Scalars of one, two, three and four bytes, without surrogates.
    let lengths: [(ClosedRange<UInt32>, Int)] = [
      (0...0x7F, 1), (0x80...0x7FF, 2), (0x800...0xD7FF, 3), (0xE000...0xFFFF, 3),
      (0x10000...0x10FFFF, 4),
    ]
    for range in ranges {
      for (all, length) in lengths where range.overlaps(all) {
        let part = range.clamped(to: all)
        Self.split(part.lowerBound, part.upperBound, length, into: &result)
      }
    }
    return result
  }

  /// Cuts a range where the last bytes do not run through all their values.
  private static func split(
    _ low: UInt32, _ high: UInt32, _ length: Int, into result: inout [[ClosedRange<UInt8>]]
  ) {
    for trailing in 1..<max(length, 1) {
      let mask = UInt32(1) << UInt32(6 * trailing) - 1
      guard low & ~mask != high & ~mask else { continue }
      if low & mask != 0 {
        split(low, low | mask, length, into: &result)
        return split((low | mask) + 1, high, length, into: &result)
      }
      if high & mask != mask {
        split(low, (high & ~mask) - 1, length, into: &result)
        return split(high & ~mask, high, length, into: &result)
      }
    }
    result.append(zip(bytes(low, length), bytes(high, length)).map { $0...$1 })
  }

  private static func bytes(_ scalar: UInt32, _ length: Int) -> [UInt8] {
    guard length > 1 else { return [UInt8(scalar)] }
    let lead: UInt32 = [0xC0, 0xE0, 0xF0][length - 2]
    return (0..<length).map { index in
      let bits = scalar >> UInt32(6 * (length - 1 - index))
      return UInt8(index == 0 ? lead | bits : 0x80 | (bits & 0x3F))
    }
  }
}
