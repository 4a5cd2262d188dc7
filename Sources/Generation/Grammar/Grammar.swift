/// Which texts may be generated: a compiled JSON schema or regular expression.
///
/// A recursive transition network over bytes: states with edges that take a byte, none, or whatever a
/// rule takes. It knows no tokens; `GrammarAutomaton` runs it over a vocabulary.
public struct Grammar: Sendable {
  struct State: Sendable {
    struct Edge: Sendable {
      var bytes: ClosedRange<UInt8>
      var target: Int32
    }
    struct Call: Sendable {
      var rule: Int32
      var target: Int32
    }
    var edges: [Edge] = []
    var skips: [Int32] = []
    var calls: [Call] = []
    /// The end of a rule.
    var isEnd = false
    /// Calls inside each other that it takes at least to get to the end of the rule.
    var depthNeeded = Int32.max
    /// The end of a rule and nothing else: who returns there can return further at once.
    var isOnlyEnd: Bool { isEnd && edges.isEmpty && skips.isEmpty && calls.isEmpty }
  }

  private(set) var states: [State] = []
  /// The first state of each rule; the text is what rule 0 takes.
  private(set) var starts: [Int32] = []
  let limits: GrammarLimits

  init(rules: [GrammarExpression], limits: GrammarLimits) throws(GrammarError) {
    self.limits = limits
    var compiler = GrammarCompiler(limits: limits)
    try compiler.compile(rules)
    states = compiler.states
    starts = compiler.starts
    measureDepth()
    removeDeadEnds()
    let needed = states[Int(starts[0])].depthNeeded
    guard needed < .max else {
      throw GrammarError(.nothingAllowed, "expected a grammar with at least one text, got none")
    }
    guard needed <= limits.depthMax else {
      throw .limit("grammar depthMax", limits.depthMax, "values inside each other")
    }
  }

  /// Texts that a regular expression matches from beginning to end. The syntax is ECMAScript's
  /// without what can't be decided byte by byte (see `RegexParser`).
  public static func regex(
    _ pattern: String, limits: GrammarLimits = GrammarLimits()
  ) throws(GrammarError) -> Grammar {
    var parser = try RegexParser(pattern, limits: limits)
    return try Grammar(rules: [try parser.parse().whole], limits: limits)
  }
}

extension Grammar {
  /// Sets `depthNeeded` of every state, the least first (Knuth's generalisation of Dijkstra's
  /// algorithm, 1977). What never gets to an end keeps the largest number.
  private mutating func measureDepth() {
    /// States from which one step leads here, with the depth that the step itself needs.
    var sources: [[(state: Int32, depth: Int32)]] = Array(repeating: [], count: states.count)
    var callers: [[(state: Int32, target: Int32)]] = Array(repeating: [], count: starts.count)
    for (index, state) in states.enumerated() {
      for edge in state.edges { sources[Int(edge.target)].append((Int32(index), 0)) }
      for target in state.skips { sources[Int(target)].append((Int32(index), 0)) }
      for call in state.calls { callers[Int(call.rule)].append((Int32(index), call.target)) }
    }
    var rulesOfStart: [Int32: Int] = [:]
    for (rule, start) in starts.enumerated() { rulesOfStart[start] = rule }
    var queue = IndexedHeap<Int32, DepthKey>()
    func reach(_ state: Int32, _ depth: Int32, _ states: inout [State]) {
      guard depth < states[Int(state)].depthNeeded else { return }
      states[Int(state)].depthNeeded = depth
      queue.set(state, key: DepthKey(depth: depth, state: state))
    }
    for index in states.indices where states[index].isEnd { reach(Int32(index), 0, &states) }
    while let (key, state) = queue.popFirst() {
      for source in sources[Int(state)] {
        reach(source.state, max(key.depth, source.depth), &states)
      }
      guard let rule = rulesOfStart[state] else { continue }
      for caller in callers[rule] {
        let target = states[Int(caller.target)]
        let depth = key.depth + (target.isOnlyEnd ? 0 : 1)
        sources[Int(caller.target)].append((caller.state, depth))
        if target.depthNeeded < .max {
          reach(caller.state, max(depth, target.depthNeeded), &states)
        }
      }
    }
  }

  private struct DepthKey: Comparable {
    var depth: Int32
    var state: Int32
    static func < (a: Self, b: Self) -> Bool {
      a.depth != b.depth ? a.depth < b.depth : a.state < b.state
    }
  }

  /// Removes steps after which no end can be reached: a text must never get where it can't be ended.
  private mutating func removeDeadEnds() {
    let isLive = states.map { $0.depthNeeded < .max }
    for index in states.indices {
      states[index].edges.removeAll { !isLive[Int($0.target)] }
      states[index].skips.removeAll { !isLive[Int($0)] }
      states[index].calls.removeAll {
        !isLive[Int($0.target)] || !isLive[Int(starts[Int($0.rule)])]
      }
    }
  }
}
