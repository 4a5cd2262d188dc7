/// How far one sequence's text has come in a grammar, and what may follow.
public final class GrammarMatcher {
  private let automaton: GrammarAutomaton
  /// The automaton changes it when it gives states new numbers.
  var state = GrammarAutomaton.dead
  private var isEnded = false

  /// At the beginning of a text.
  public init(_ automaton: GrammarAutomaton) throws(GrammarError) {
    self.automaton = automaton
    state = try automaton.withRoom { () throws(GrammarAutomaton.Interruption) in
      try automaton.start()
    }
    automaton.register(self)
  }

  /// The tokens that may come next. Those that end the text are among them if it may end here; it is
  /// never empty, unless the vocabulary lacks the bytes that are needed.
  public func mask() throws(GrammarError) -> TokenMask {
    guard !isEnded else { return TokenMask(vocabularySize: automaton.vocabulary.size) }
    return try automaton.withRoom { () throws(GrammarAutomaton.Interruption) in
      try automaton.mask(state)
    }
  }

  /// Takes a token that the mask has.
  public func accept(_ token: Int32) throws(GrammarError) {
    guard token >= 0, Int(token) < automaton.vocabulary.size, !isEnded else {
      throw GrammarError(.wrongToken, "expected a token that the grammar allows, got another")
    }
    if automaton.vocabulary.ends.contains(token) {
      guard isAccepting else {
        throw GrammarError(.wrongToken, "expected more text, got its end")
      }
      isEnded = true
      return
    }
    let text = automaton.vocabulary.text(token)
    let next = try automaton.withRoom { () throws(GrammarAutomaton.Interruption) in
      var state = state
      for byte in text { state = try automaton.next(state, byte) }
      return state
    }
    guard next != GrammarAutomaton.dead, !text.isEmpty else {
      throw GrammarError(.wrongToken, "expected a token that the grammar allows, got another")
    }
    state = next
  }

  /// Whether the text may end here.
  public var isAccepting: Bool { automaton.isAccepting(state) }

  /// Whether the text can only end here: generating may stop without asking for a token more.
  public var isComplete: Bool { isEnded || (isAccepting && !automaton.isOpen(state)) }
}
