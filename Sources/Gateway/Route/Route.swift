/// What the gateway does with one method.
package struct Route: Sendable {
  enum Destination: Sendable, Hashable {
    case model, auth
    /// A conformance suite's service.
    case test
    /// Answered by the gateway itself.
    case local(LocalAnswer)
    /// Never open to clients, whatever their key.
    case denied
  }

  enum LocalAnswer: Sendable, Hashable {
    case healthCheck, healthList, healthWatch, reflection, reflectionAlpha
  }

  /// Which messages of a call name a model that must be allowed.
  enum Authorisation: Sendable, Hashable {
    case none
    case firstMessage(field: Int)
    case eachMessage(field: Int)
    /// The first message must name it; later ones may leave it out or name another allowed one.
    case firstAndNamed(field: Int)

    var field: Int {
      switch self {
      case .none: 0
      case .firstMessage(let field), .eachMessage(let field), .firstAndNamed(let field): field
      }
    }
  }

  package let path: StaticString
  let destination: Destination
  /// One of these is needed; empty: any valid key.
  let actions: ActionSet
  let authorisation: Authorisation
  /// A second execution does no harm, so a lost call may be sent again.
  package var isRetrySafe: Bool
  /// Several messages on one side: such a call may run for hours.
  let isStreaming: Bool
  /// Requests may belong to sequences, which live on one instance each.
  let hasSequences: Bool

  init(
    _ path: StaticString, _ destination: Destination, _ actions: ActionSet = [],
    model authorisation: Authorisation = .none, isRetrySafe: Bool = false,
    isStreaming: Bool = false, hasSequences: Bool = false
  ) {
    self.path = path
    self.destination = destination
    self.actions = actions
    self.authorisation = authorisation
    self.isRetrySafe = isRetrySafe
    self.isStreaming = isStreaming
    self.hasSequences = hasSequences
  }
}
