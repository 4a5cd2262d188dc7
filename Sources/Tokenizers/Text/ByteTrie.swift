/// Byte strings with a number each, for finding those that begin at a place of a text.
struct ByteTrie: Sendable {
  private var edges: PairTable
  private var values: [Int32] = [-1]
  /// Whether a string begins with a byte; most places of a text are passed by this alone.
  private var isFirst = [Bool](repeating: false, count: 256)

  static let root: Int32 = 0
  var isEmpty: Bool { nodeCount == 1 }
  /// The root, and as many as different beginnings.
  var nodeCount: Int { values.count }

  init(capacity: Int = 0) {
    edges = PairTable(capacity: capacity)
  }

  /// Adds a string; one that is there keeps its value.
  mutating func insert(_ string: some Collection<UInt8>, value: Int32) {
    guard let first = string.first else { return }
    isFirst[Int(first)] = true
    var node = Self.root
    for byte in string {
      let key = Self.key(node, byte)
      if let next = edges[key] {
        node = Int32(truncatingIfNeeded: next)
      } else {
        let next = Int32(values.count)
        values.append(-1)
        edges.insert(UInt64(next), at: key)
        node = next
      }
    }
    if values[Int(node)] < 0 { values[Int(node)] = value }
  }

  @inline(__always)
  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 {
    UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)
  }

  @inline(__always)
  func begins(with byte: UInt8) -> Bool { isFirst[Int(byte)] }

  @inline(__always)
  func next(_ node: Int32, _ byte: UInt8) -> Int32? {
    edges[Self.key(node, byte)].map { Int32(truncatingIfNeeded: $0) }
  }

  /// The value of the string that ends at a node.
  @inline(__always)
  func value(_ node: Int32) -> Int32? {
    let value = values[Int(node)]
    return value < 0 ? nil : value
  }

  /// The node that a string leads to.
  func node(of string: some Collection<UInt8>) -> Int32? {
    var node = Self.root
    for byte in string {
      guard let next = next(node, byte) else { return nil }
      node = next
    }
    return node
  }

  /// The longest string at `range.lowerBound` of a text, walking from `start`.
  @inline(__always)
  func longest(
    _ bytes: [UInt8], _ range: Range<Int>, from start: Int32 = root
  ) -> (value: Int32, end: Int)? {
    var node = start
    var found: (value: Int32, end: Int)?
    var index = range.lowerBound
    while index < range.upperBound, let next = next(node, bytes[index]) {
      node = next
      index += 1
      if let value = value(node) { found = (value, index) }
    }
    return found
  }
}
