/// Lets whoever waits for a long text's tokens give up: asked about every few kilobytes of work, so that
/// asking costs nothing beside it.
struct Interruption {
  /// Bytes that were read, or steps like them, between two questions.
  static let stepsPerQuestion = 16_384

  private let isWanted: () -> Bool
  private var steps = 0

  init(_ isWanted: @escaping () -> Bool) { self.isWanted = isWanted }

  /// Counts work that is done; throws when nobody wants the rest.
  @inline(__always)
  mutating func count(_ steps: Int) throws(TokenizerError) {
    self.steps += steps
    if self.steps >= Self.stepsPerQuestion { try ask() }
  }

  private mutating func ask() throws(TokenizerError) {
    steps = 0
    guard isWanted() else {
      throw TokenizerError(.interrupted, "expected somebody who waits for the tokens, got none")
    }
  }
}
