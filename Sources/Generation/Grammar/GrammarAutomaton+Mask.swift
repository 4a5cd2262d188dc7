extension GrammarAutomaton {
  /// What a state does with plain text: bytes of these groups all lead to one state.
  struct Run {
    var groups: UInt64
    var target: Int32
  }

  /// Tries a node's whole branch at once when it has so many nodes: cheaper than walking them.
  private static let branchMin: Int32 = 24

  /// The tokens that may come in a state.
  func mask(_ state: Int32) throws(Interruption) -> TokenMask {
    if let mask = masks[state] { return mask }
    var words = Array(repeating: UInt64(0), count: (vocabulary.size + 63) / 64)
    try walk(state, &words)
    if isAccepting(state) {
      for token in vocabulary.ends { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
    }
    let mask = TokenMask(vocabularySize: vocabulary.size, words: words)
    if masks.count >= grammar.limits.masksMax { masks = [:] }
    masks[state] = mask
    return mask
  }

  /// Goes through the trie, a state for each level, and past each branch that dies.
  private func walk(_ start: Int32, _ words: inout [UInt64]) throws(Interruption) {
    let nodes = vocabulary.nodes
    let tokens = vocabulary.tokens
    let count = nodes.count - 1
    var states = Array(repeating: start, count: vocabulary.depthMax + 1)
    var index = 1
    while index < count {
      let node = nodes[index]
      let state = try next(states[Int(node.depth) - 1], node.byte)
      guard state != Self.dead else {
        index = Int(node.end)
        continue
      }
      states[Int(node.depth)] = state
      var last = index + 1
      if node.end - Int32(index) >= Self.branchMin, try passes(state, node) {
        last = Int(node.end)
      }
      for place in Int(node.firstToken)..<Int(nodes[last].firstToken) {
        let token = tokens[place]
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
      }
      index = last
    }
  }

  /// Whether everything below a node can be taken, as plain text.
  private func passes(_ state: Int32, _ node: GrammarVocabulary.Node) throws(Interruption) -> Bool {
    var state = state
    for _ in 0..<node.height {
      let run = try run(state)
      if node.groups & ~run.groups != 0 { return false }
      if run.target == state { return true }
      state = run.target
    }
    return true
  }

  private func run(_ state: Int32) throws(Interruption) -> Run {
    if let run = runs[state] { return run }
    // The state that most bytes lead to: of text, where it goes on.
    var counts: [Int32: Int] = [:]
    var targets: [Int32] = []
    for byte in 0..<128 as Range<UInt8> {
      targets.append(try next(state, byte))
      counts[targets[Int(byte)], default: 0] += 1
    }
    counts[Self.dead] = nil
    var run = Run(groups: 0, target: Self.dead)
    if let target = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key {
      var others: UInt64 = 0
      for byte in 0..<128 where targets[byte] != target {
        others |= 1 << UInt64(ByteGroups.ofASCII[byte])
      }
      run = Run(groups: ~others & ~ByteGroups.stray, target: target)
      if try !charactersLead(from: state, to: target) { run.groups &= ~ByteGroups.characters }
    }
    runs[state] = run
    return run
  }

  /// Whether every character beyond ASCII leads to `target`.
  private func charactersLead(from state: Int32, to target: Int32) throws(Interruption) -> Bool {
    struct Step: Hashable {
      var state: Int32
      var place: ByteGroups.Place
    }
    var seen: Set<Step> = []
    var queue = [Step(state: state, place: .boundary)]
    while let step = queue.popLast() {
      for byte in 0x80...0xFF as ClosedRange<UInt8> {
        let place = step.place.next(byte)
        guard place != .invalid else { continue }
        let reached = try next(step.state, byte)
        if place == .boundary {
          guard reached == target else { return false }
        } else {
          guard reached != Self.dead else { return false }
          let next = Step(state: reached, place: place)
          if seen.insert(next).inserted { queue.append(next) }
        }
      }
    }
    return true
  }
}
