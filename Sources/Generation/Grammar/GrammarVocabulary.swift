/// The bytes of a vocabulary's tokens as a trie, which all grammars of a model share. A node takes 24
/// bytes; a vocabulary of 262,144 tokens has some 700,000.
public final class GrammarVocabulary: Sendable {
  /// Tokens longer than this are never allowed: no vocabulary has any worth it.
  public static let tokenBytesMax = 1_024

  struct Node {
    /// Groups of the bytes below this node; all of them where a character is not complete.
    var groups: UInt64 = 0
    /// The node after the last one below this one.
    var end: Int32
    /// The first of the tokens that end here or below, in `tokens`.
    var firstToken: Int32
    var depth: UInt16
    /// Levels below.
    var height: UInt16 = 0
    var byte: UInt8
  }

  /// Tokens in the vocabulary.
  public let size: Int
  /// Tokens that end the text.
  let ends: [Int32]
  /// In the order of their bytes.
  let tokens: [Int32]
  /// Each before those below it; the root is the first, and one more closes the list.
  let nodes: [Node]
  let depthMax: Int
  private let bytes: [UInt8]
  private let offsets: [Int]

  /// A vocabulary of `size` tokens. `bytes` gives a token's text, or nil for one that is no text, such
  /// as a control token; those are never allowed, except `ends` where a text is complete.
  public init(size: Int, ends: Set<Int32>, bytes: (Int32) -> [UInt8]?) {
    self.size = size
    self.ends = ends.filter { $0 >= 0 && Int($0) < size }.sorted()
    var all: [UInt8] = []
    var offsets = [0]
    for token in 0..<Int32(size) {
      let text = ends.contains(token) ? nil : bytes(token)
      if let text, text.count <= Self.tokenBytesMax { all += text }
      offsets.append(all.count)
    }
    (self.bytes, self.offsets) = (all, offsets)
    tokens = all.withUnsafeBufferPointer { all in
      func text(_ token: Int32) -> Slice<UnsafeBufferPointer<UInt8>> {
        all[offsets[Int(token)]..<offsets[Int(token) + 1]]
      }
      return (0..<Int32(size)).filter { offsets[Int($0)] < offsets[Int($0) + 1] }
        .sorted { text($0).lexicographicallyPrecedes(text($1)) }
    }
    nodes = Self.trie(tokens.map { all[offsets[Int($0)]..<offsets[Int($0) + 1]] })
    depthMax = Int(nodes[0].height)
  }

  /// A token's bytes; none for what is no text.
  func text(_ token: Int32) -> ArraySlice<UInt8> {
    bytes[offsets[Int(token)]..<offsets[Int(token) + 1]]
  }

  private static func trie(_ texts: [ArraySlice<UInt8>]) -> [Node] {
    var nodes = [Node(end: 0, firstToken: 0, depth: 0, byte: 0)]
    var places = [ByteGroups.Place.boundary]
    /// The nodes from the root to the text before.
    var path = [0]
    for (index, text) in texts.enumerated() {
      var shared = 0
      for byte in text {
        guard shared + 1 < path.count, nodes[path[shared + 1]].byte == byte else { break }
        shared += 1
      }
      path.removeSubrange((shared + 1)...)
      for byte in text.dropFirst(shared) {
        places.append(places[path.last!].next(byte))
        path.append(nodes.count)
        nodes.append(
          Node(end: 0, firstToken: Int32(index), depth: UInt16(path.count - 1), byte: byte))
      }
    }
    nodes.append(Node(end: 0, firstToken: Int32(texts.count), depth: 0, byte: 0))
    close(&nodes, places)
    return nodes
  }

  /// Sets where each node ends, its height and the groups below it, the last node first.
  private static func close(_ nodes: inout [Node], _ places: [ByteGroups.Place]) {
    let count = nodes.count - 1
    /// For each depth the next node of at most this depth, as a stack of nodes that end later.
    var open: [(depth: UInt16, index: Int32)] = [(0, Int32(count))]
    for index in (0..<count).reversed() {
      while open.count > 1, open.last!.depth > nodes[index].depth { open.removeLast() }
      nodes[index].end = open.last!.index
      if index == 0 { nodes[0].end = Int32(count) }
      open.append((nodes[index].depth, Int32(index)))
    }
    var path: [Int] = []
    for index in 0..<count {
      let depth = Int(nodes[index].depth)
      path.removeSubrange(depth...)
      if depth > 0 {
        let byte = nodes[index].byte
        let group: UInt64 =
          switch places[index] {
          case .invalid: ByteGroups.stray
          default: byte < 0x80 ? 1 << ByteGroups.ofASCII[Int(byte)] : ByteGroups.characters
          }
        for (above, ancestor) in path.enumerated() {
          nodes[ancestor].groups |= group
          nodes[ancestor].height = max(nodes[ancestor].height, UInt16(depth - above))
        }
      }
      path.append(index)
    }
    for index in 0..<count where places[index] != .boundary { nodes[index].groups = .max }
  }
}
