internal import Glibc

/// A grammar over a vocabulary, made deterministic as far as texts get: each state is a set of places
/// in the grammar with the calls that led there.
///
/// One serves all sequences that follow the same grammar, one after the other: it is no more
/// thread-safe than an array. What it remembers is bounded; when that is full it forgets all but the
/// states that matchers are in.
public final class GrammarAutomaton {
  /// Nothing can follow; the number of no state is 0.
  static let dead: Int32 = 1

  /// Why a state can't be made.
  enum Interruption: Error {
    case isFull
    case refused(GrammarError)
  }

  let grammar: Grammar
  let vocabulary: GrammarVocabulary
  private let limits: GrammarLimits

  /// Bytes that no edge tells apart share a class.
  private let classes: [UInt8]
  private let classCount: Int
  private let representatives: [UInt8]

  /// The next state by state and class; 0 is not known yet. Memory is only used where states are.
  private let table: UnsafeMutablePointer<Int32>
  /// The places of each state, of which each has its stack of calls.
  private(set) var places: [[Place]] = []
  private var accepts: [Bool] = []
  private var numbers: [[Place]: Int32] = [:]
  private var stacks = CallStacks()
  var masks: [Int32: TokenMask] = [:]
  var runs: [Int32: Run] = [:]
  private var matchers: [Weak] = []

  /// A state of the grammar, and the calls that it returns from.
  struct Place: Hashable, Comparable {
    var state: Int32
    var stack: Int32
    /// The end of the text.
    static let accepting = Place(state: -1, stack: 0)
    static func < (a: Self, b: Self) -> Bool {
      a.state != b.state ? a.state < b.state : a.stack < b.stack
    }
  }

  private struct Weak {
    weak var matcher: GrammarMatcher?
  }

  /// An automaton that knows no state yet.
  public init(_ grammar: Grammar, vocabulary: GrammarVocabulary) {
    self.grammar = grammar
    self.vocabulary = vocabulary
    limits = grammar.limits
    var isStart = Array(repeating: false, count: 257)
    isStart[0] = true
    for edge in grammar.states.lazy.flatMap(\.edges) {
      isStart[Int(edge.bytes.lowerBound)] = true
      isStart[Int(edge.bytes.upperBound) + 1] = true
    }
    representatives = (0..<256).filter { isStart[$0] }.map { UInt8($0) }
    classCount = representatives.count
    var current = -1
    classes = (0..<256).map {
      if isStart[$0] { current += 1 }
      return UInt8(current)
    }
    let capacity = max(limits.automatonStatesMax, 2) * classCount
    // Pages that are zero take no memory until they are written to.
    table = calloc(capacity, MemoryLayout<Int32>.stride)!.bindMemory(
      to: Int32.self, capacity: capacity)
    forget()
  }

  deinit { free(table) }

  /// States that are remembered, for metrics.
  public var stateCount: Int { places.count - 2 }

  func isAccepting(_ state: Int32) -> Bool { accepts[Int(state)] }

  /// Whether a text may go on.
  func isOpen(_ state: Int32) -> Bool { places[Int(state)].contains { $0 != .accepting } }

  func start() throws(Interruption) -> Int32 {
    try number(close([Place(state: grammar.starts[0], stack: 0)]))
  }

  /// The state after one byte.
  @inline(__always)
  func next(_ state: Int32, _ byte: UInt8) throws(Interruption) -> Int32 {
    let known = table[Int(state) &* classCount &+ Int(classes[Int(byte)])]
    return known != 0 ? known : try make(state, byte)
  }

  private func make(_ state: Int32, _ byte: UInt8) throws(Interruption) -> Int32 {
    var reached: [Place] = []
    if state != Self.dead {
      for place in places[Int(state)] where place != .accepting {
        for edge in grammar.states[Int(place.state)].edges where edge.bytes.contains(byte) {
          reached.append(Place(state: edge.target, stack: place.stack))
        }
      }
    }
    let next = reached.isEmpty ? Self.dead : try number(close(reached))
    table[Int(state) * classCount + Int(classes[Int(byte)])] = next
    return next
  }

  /// All places that can be reached without a byte, of those the ones that take bytes.
  private func close(_ reached: [Place]) throws(Interruption) -> [Place] {
    var seen: Set<Place> = []
    var queue: [Place] = []
    var result: [Place] = []
    func add(_ place: Place) {
      let depth = stacks.depth(place.stack) + grammar.states[Int(place.state)].depthNeeded
      // What could not be ended within the depth allowed must not begin.
      guard depth <= limits.depthMax, seen.insert(place).inserted else { return }
      queue.append(place)
    }
    reached.forEach(add)
    while let place = queue.popLast() {
      guard seen.count <= limits.positionsMax else {
        throw .refused(.limit("grammar positionsMax", limits.positionsMax, "places at once"))
      }
      let state = grammar.states[Int(place.state)]
      if !state.edges.isEmpty { result.append(place) }
      for target in state.skips { add(Place(state: target, stack: place.stack)) }
      for call in state.calls {
        let start = grammar.starts[Int(call.rule)]
        let target = grammar.states[Int(call.target)]
        if target.isOnlyEnd {
          add(Place(state: start, stack: place.stack))
        } else if stacks.depth(place.stack) + target.depthNeeded <= limits.depthMax {
          guard let stack = stacks.push(call.target, on: place.stack, max: countMax) else {
            throw .isFull
          }
          add(Place(state: start, stack: stack))
        }
      }
      guard state.isEnd else { continue }
      if place.stack == CallStacks.empty {
        if seen.insert(.accepting).inserted { result.append(.accepting) }
      } else {
        add(Place(state: stacks.target(place.stack), stack: stacks.parent(place.stack)))
      }
    }
    return result.sorted()
  }

  private var countMax: Int { limits.automatonStatesMax }

  private func number(_ places: [Place]) throws(Interruption) -> Int32 {
    if places.isEmpty { return Self.dead }
    if let known = numbers[places] { return known }
    guard self.places.count < max(countMax, 2) else { throw .isFull }
    let number = Int32(self.places.count)
    self.places.append(places)
    accepts.append(places.first == .accepting)
    numbers[places] = number
    return number
  }

  // MARK: - Forgetting

  func register(_ matcher: GrammarMatcher) {
    matchers.removeAll { $0.matcher == nil }
    matchers.append(Weak(matcher: matcher))
  }

  /// Does something that may need new states; when there is no room for them, after forgetting all
  /// that nobody is in.
  func withRoom<Result>(_ body: () throws(Interruption) -> Result) throws(GrammarError) -> Result {
    do throws(Interruption) {
      return try body()
    } catch {
      if case .refused(let error) = error { throw error }
    }
    do throws(Interruption) {
      try forgetUnused()
      return try body()
    } catch {
      if case .refused(let error) = error { throw error }
      throw .limit("grammar automatonStatesMax", countMax, "states for a single token")
    }
  }

  /// Forgets all, and makes the states again that matchers are in.
  private func forgetUnused() throws(Interruption) {
    let used = matchers.compactMap(\.matcher).map { matcher in
      (matcher, places[Int(matcher.state)].map { ($0.state, stacks.targets($0.stack)) })
    }
    forget()
    for (matcher, places) in used {
      var restored: [Place] = []
      for (state, targets) in places {
        var stack = CallStacks.empty
        for target in targets {
          guard let next = stacks.push(target, on: stack, max: countMax) else { throw .isFull }
          stack = next
        }
        restored.append(Place(state: state, stack: stack))
      }
      matcher.state = try number(restored.sorted())
    }
  }

  private func forget() {
    table.update(repeating: 0, count: places.count * classCount)
    places = [[], []]
    accepts = [false, false]
    numbers = [:]
    stacks = CallStacks()
    masks = [:]
    runs = [:]
  }
}

/// Stacks of calls that share what is below: each is a target to return to, and the stack below it.
private struct CallStacks {
  static let empty: Int32 = 0

  private struct Node: Hashable {
    var target: Int32
    var parent: Int32
  }

  private var nodes = [Node(target: -1, parent: 0)]
  private var depths: [Int32] = [0]
  private var numbers: [Node: Int32] = [:]

  func depth(_ stack: Int32) -> Int32 { depths[Int(stack)] }
  func target(_ stack: Int32) -> Int32 { nodes[Int(stack)].target }
  func parent(_ stack: Int32) -> Int32 { nodes[Int(stack)].parent }

  /// The lowest first.
  func targets(_ stack: Int32) -> [Int32] {
    var result: [Int32] = []
    var stack = stack
    while stack != Self.empty {
      result.append(target(stack))
      stack = parent(stack)
    }
    return result.reversed()
  }

  mutating func push(_ target: Int32, on parent: Int32, max: Int) -> Int32? {
    let node = Node(target: target, parent: parent)
    if let known = numbers[node] { return known }
    guard nodes.count < max else { return nil }
    let number = Int32(nodes.count)
    nodes.append(node)
    depths.append(depths[Int(parent)] + 1)
    numbers[node] = number
    return number
  }
}
