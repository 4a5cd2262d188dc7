/// Finds the strings of a trie that end at each place of a text, by Aho and Corasick's links (1975):
/// it is read once, however long the strings are, where a walk of the trie from every place reads what
/// the strings have in common again and again.
struct ByteAutomaton: Sendable {
  /// A string that ends where a state is reached.
  struct Match: Sendable {
    /// The trie's value.
    var value: Int32
    var byteCount: Int32
    /// The next shorter one that ends there too; -1 for none.
    var next: Int32
  }

  private let trie: ByteTrie
  /// By node: that of the longest shorter ending which begins a string.
  private var links: [Int32]
  /// By node: the longest string that ends there, as a place in `matches`; -1 for none.
  private var longest: [Int32]
  private(set) var matches: [Match] = []

  static let start = ByteTrie.root

  /// - Parameter strings: those that were put into the trie, and perhaps others; how long it takes is
  ///   decided by their bytes together.
  init(_ trie: ByteTrie, _ strings: ByteStrings) {
    self.trie = trie
    links = [Int32](repeating: ByteTrie.root, count: trie.nodeCount)
    longest = [Int32](repeating: -1, count: trie.nodeCount)
    let nodes = Nodes(trie, strings)
    // A link leads to a node that is nearer to the root, so that one is done before.
    for node in nodes.byDepth {
      let (parent, byte) = (nodes.parents[Int(node)], nodes.bytes[Int(node)])
      if parent != ByteTrie.root { links[Int(node)] = next(links[Int(parent)], byte) }
      let inherited = longest[Int(links[Int(node)])]
      guard let value = trie.value(node) else {
        longest[Int(node)] = inherited
        continue
      }
      longest[Int(node)] = Int32(matches.count)
      matches.append(Match(value: value, byteCount: nodes.depths[Int(node)], next: inherited))
    }
  }

  /// The state after another byte: how much of what was read begins a string.
  @inline(__always)
  func next(_ state: Int32, _ byte: UInt8) -> Int32 {
    var state = state
    while true {
      if let node = trie.next(state, byte) { return node }
      if state == ByteTrie.root { return state }
      state = links[Int(state)]
    }
  }

  /// The place in `matches` of the longest string that ends at a state; -1 for none.
  @inline(__always)
  func longestMatch(_ state: Int32) -> Int32 { longest[Int(state)] }

  /// What leads to each node of a trie.
  private struct Nodes {
    var parents: [Int32]
    var bytes: [UInt8]
    var depths: [Int32]
    /// All but the root, the nearest to it first.
    var byDepth: [Int32] = []

    init(_ trie: ByteTrie, _ strings: ByteStrings) {
      let count = trie.nodeCount
      parents = [Int32](repeating: ByteTrie.root, count: count)
      bytes = [UInt8](repeating: 0, count: count)
      depths = [Int32](repeating: 0, count: count)
      var deepest = 0
      for string in 0..<strings.count {
        var node = ByteTrie.root
        for byte in strings[string] {
          guard let next = trie.next(node, byte) else { break }
          parents[Int(next)] = node
          bytes[Int(next)] = byte
          depths[Int(next)] = depths[Int(node)] + 1
          node = next
        }
        deepest = max(deepest, Int(depths[Int(node)]))
      }
      // Counted and dealt out: depths are small numbers.
      var places = [Int](repeating: 0, count: deepest + 2)
      for depth in depths.dropFirst() { places[Int(depth) + 1] += 1 }
      for depth in 1..<places.count { places[depth] += places[depth - 1] }
      byDepth = [Int32](repeating: 0, count: count - 1)
      for node in 1..<max(1, count) {
        let depth = Int(depths[node])
        byDepth[places[depth]] = Int32(node)
        places[depth] += 1
      }
    }
  }
}
