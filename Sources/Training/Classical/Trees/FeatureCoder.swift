/// Sorts the values of a feature and numbers them.
struct FeatureCoder {
  private let rowCount: Int
  /// (key, row) pairs, and room to sort them.
  private let pairs: Memory<UInt64>
  private let other: Memory<UInt64>
  private let codes: Memory<UInt32>

  init(rowCount: Int) {
    self.rowCount = rowCount
    pairs = Memory(uninitialized: rowCount)
    other = Memory(uninitialized: rowCount)
    codes = Memory(uninitialized: rowCount)
  }

  /// Codes `values`, of which NaN are missing.
  func code(
    _ values: UnsafePointer<Float>, isCategory: Bool, binCountMax: Int?
  ) -> TreeTable.Feature {
    var count = 0
    for row in 0..<rowCount where !values[row].isNaN {
      // Flipped so that the order of the bits is that of the numbers.
      let bits = values[row].bitPattern
      let key = bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
      pairs.base[count] = UInt64(key) << 32 | UInt64(row)
      count += 1
    }
    let sorted = RadixSort.sort(pairs.base, other.base, count, lowestBit: 32, bitCount: 32)
    var low: [Float] = []
    var high: [Float] = []
    // Without bins, each value is one.
    let different = binCountMax == nil || isCategory ? 0 : Self.different(sorted, count)
    let bins = binCountMax ?? Int.max
    let perBin = different > bins ? Double(count) / Double(bins) : 0
    var last: UInt32?
    for index in 0..<count {
      let key = UInt32(truncatingIfNeeded: sorted[index] >> 32)
      let row = Int(UInt32(truncatingIfNeeded: sorted[index]))
      if key != last {
        last = key
        let value = values[row]
        if low.isEmpty || Double(index) >= perBin * Double(low.count) {
          low.append(value)
          high.append(value)
        } else {
          high[high.count - 1] = value
        }
      }
      codes.base[row] = UInt32(low.count - 1)
    }
    if count < rowCount {
      for row in 0..<rowCount where values[row].isNaN { codes.base[row] = UInt32(low.count) }
    }
    return TreeTable.Feature(
      codes: narrowed(low.count), low: low, high: high, hasMissing: count < rowCount,
      isCategory: isCategory)
  }

  private static func different(_ sorted: UnsafePointer<UInt64>, _ count: Int) -> Int {
    var different = min(count, 1)
    for index in 1..<max(1, count) where sorted[index] >> 32 != sorted[index - 1] >> 32 {
      different += 1
    }
    return different
  }

  private func narrowed(_ largest: Int) -> TreeTable.Codes {
    func copy<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> Memory<T> {
      let memory = Memory<T>(uninitialized: rowCount)
      for row in 0..<rowCount { memory.base[row] = T(truncatingIfNeeded: codes.base[row]) }
      return memory
    }
    if largest <= Int(UInt8.max) { return .bytes(copy(UInt8.self)) }
    if largest <= Int(UInt16.max) { return .shorts(copy(UInt16.self)) }
    return .words(copy(UInt32.self))
  }
}

/// Sorting by digits, the lowest first: keys of one value keep their order.
enum RadixSort {
  /// Sorts by `bitCount` bits from `lowestBit` on. Returns which of the two memories holds the result;
  /// the other's content is lost.
  static func sort(
    _ keys: UnsafeMutablePointer<UInt64>, _ other: UnsafeMutablePointer<UInt64>, _ count: Int,
    lowestBit: Int, bitCount: Int
  ) -> UnsafeMutablePointer<UInt64> {
    var (from, to) = (keys, other)
    // Few digits for few keys, or clearing the counters would take longest.
    let digitBits = count > 4096 ? 11 : 8
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1 << digitBits) { counts in
      let mask = UInt64(1 << digitBits - 1)
      for shift in stride(from: lowestBit, to: lowestBit + bitCount, by: digitBits) {
        let shift = UInt64(shift)
        counts.update(repeating: 0)
        for index in 0..<count { counts[Int((from[index] &>> shift) & mask)] &+= 1 }
        var sum: UInt32 = 0
        for digit in counts.indices {
          let own = counts[digit]
          counts[digit] = sum
          sum &+= own
        }
        for index in 0..<count {
          let digit = Int((from[index] &>> shift) & mask)
          to[Int(counts[digit])] = from[index]
          counts[digit] &+= 1
        }
        swap(&from, &to)
      }
    }
    return from
  }
}
