/// What becomes of a request whose turn it is.
enum SequenceAdmission: Sendable {
  /// Run it on this state, then report to ``SequenceTable/finished(_:_:now:)``.
  case run(SequenceState)
  case refuse(Refusal)

  enum Refusal: Sendable, Equatable {
    /// There is no such sequence, and the request does not begin one.
    case notStarted
    case tooManySequences
    case tooManyWaiting
    /// The state is more than all sequences together may hold.
    case stateTooLarge
  }
}
