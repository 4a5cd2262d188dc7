/// From expressions to states (Thompson's construction).
struct GrammarCompiler {
  private(set) var states: [Grammar.State] = []
  private(set) var starts: [Int32] = []
  private var ends: [Int32] = []
  private let limits: GrammarLimits
  /// Rules for sets of scalars of several bytes: each is spelt out once.
  private var sets: [CodepointSet: Int32] = [:]
  private var rulesPending: [(Int32, GrammarExpression)] = []

  init(limits: GrammarLimits) { self.limits = limits }

  mutating func compile(_ rules: [GrammarExpression]) throws(GrammarError) {
    for expression in rules { _ = try addRule(expression) }
    // Rules that compiling adds come behind, and may add more.
    while let (rule, expression) = rulesPending.popLast() {
      try compile(expression, from: starts[Int(rule)], to: ends[Int(rule)])
    }
  }

  private mutating func addRule(_ expression: GrammarExpression) throws(GrammarError) -> Int32 {
    let rule = Int32(starts.count)
    starts.append(try addState())
    ends.append(try addState())
    states[Int(ends[Int(rule)])].isEnd = true
    rulesPending.append((rule, expression))
    return rule
  }

  private mutating func addState() throws(GrammarError) -> Int32 {
    guard states.count < limits.statesMax else {
      throw .limit("grammar statesMax", limits.statesMax, "states")
    }
    states.append(Grammar.State())
    return Int32(states.count - 1)
  }

  private mutating func compile(
    _ expression: GrammarExpression, from start: Int32, to end: Int32
  ) throws(GrammarError) {
    switch expression {
    case .bytes(let bytes):
      try compile(sequence: bytes.map { $0...$0 }, from: start, to: end)
    case .scalar(let set): try compile(set, from: start, to: end)
    case .sequence(let parts):
      var place = start
      for (index, part) in parts.enumerated() {
        let next = index == parts.count - 1 ? end : try addState()
        try compile(part, from: place, to: next)
        place = next
      }
      if parts.isEmpty { states[Int(start)].skips.append(end) }
    case .choice(let parts):
      for part in parts {
        // Each alternative begins at a state of its own: one that loops back to its beginning must
        // not reach the others.
        let own = try addState()
        states[Int(start)].skips.append(own)
        try compile(part, from: own, to: end)
      }
    case .repetition(let part, let min, let max):
      try compile(repeating: part, min, max, from: start, to: end)
    case .rule(let rule):
      states[Int(start)].calls.append(Grammar.State.Call(rule: Int32(rule), target: end))
    }
  }

  private mutating func compile(
    sequence: [ClosedRange<UInt8>], from start: Int32, to end: Int32
  ) throws(GrammarError) {
    guard let last = sequence.last else { return states[Int(start)].skips.append(end) }
    var place = start
    for bytes in sequence.dropLast() {
      let next = try addState()
      states[Int(place)].edges.append(Grammar.State.Edge(bytes: bytes, target: next))
      place = next
    }
    states[Int(place)].edges.append(Grammar.State.Edge(bytes: last, target: end))
  }

  private mutating func compile(
    _ set: CodepointSet, from start: Int32, to end: Int32
  ) throws(GrammarError) {
    let sequences = set.byteSequences
    if sequences.allSatisfy({ $0.count == 1 }) {
      for sequence in sequences { try compile(sequence: sequence, from: start, to: end) }
      return
    }
    var rule = sets[set]
    if rule == nil {
      rule = try addRule(.empty)
      rulesPending.removeLast()
      sets[set] = rule
      for sequence in sequences {
        try compile(sequence: sequence, from: starts[Int(rule!)], to: ends[Int(rule!)])
      }
    }
    states[Int(start)].calls.append(Grammar.State.Call(rule: rule!, target: end))
  }

  private mutating func compile(
    repeating part: GrammarExpression, _ min: Int, _ max: Int?, from start: Int32, to end: Int32
  ) throws(GrammarError) {
    var part = part
    if min > 1 || max ?? 1 > 1, !part.isSmall { part = .rule(Int(try addRule(part))) }
    var place = start
    for _ in 0..<min {
      let next = try addState()
      try compile(part, from: place, to: next)
      place = next
    }
    guard let max else {
      let loop = try addState()
      states[Int(place)].skips.append(loop)
      try compile(part, from: loop, to: loop)
      return states[Int(loop)].skips.append(end)
    }
    for _ in min..<Swift.max(min, max) {
      let next = try addState()
      states[Int(place)].skips.append(end)
      try compile(part, from: place, to: next)
      place = next
    }
    states[Int(place)].skips.append(end)
  }
}

extension GrammarExpression {
  /// Whether repeating it by copying takes no more than calling a rule.
  var isSmall: Bool {
    switch self {
    case .bytes(let bytes): bytes.count <= 2
    case .scalar, .rule: true
    case .sequence, .choice, .repetition: false
    }
  }
}
