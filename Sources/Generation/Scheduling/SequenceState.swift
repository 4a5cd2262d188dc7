/// A sequence as the scheduler sees it.
final class SequenceState {
  enum Place {
    /// In its tenant's queue, without pages.
    case waiting
    /// Holds pages.
    case running
    /// Neither, because its reader does not read.
    case parked
    case finished
  }

  let id: SequenceID
  unowned let request: RequestState
  /// The prompt and what was generated after it; kept when the sequence is preempted.
  var tokens: [Int32]
  /// Positions whose keys and values are in `pages`.
  var computedCount = 0
  /// How many of them were cached when it was admitted.
  var cachedCount = 0
  var pages: [Int32] = []
  /// Full pages that the prefix cache knows, and the serial number of the last of them.
  var publishedCount = 0
  var publishedSerial = PrefixCache.root
  /// Positions that the tenant has been charged for: computing them again is not its fault.
  var chargedCount = 0
  var place = Place.waiting
  /// Where it is in the scheduler's list of running sequences.
  var runningIndex = -1
  /// The last step that it is part of; what is planned is not preempted.
  var plannedStep: UInt64 = 0
  /// Pages it lacked when it was last refused: no need to look closer until so many are there.
  var pagesWanted = 0

  init(_ id: SequenceID, of request: RequestState, tokens: [Int32]) {
    self.id = id
    self.request = request
    self.tokens = tokens
  }

  var tenant: TenantState { request.tenant }
  var pendingCount: Int { tokens.count - computedCount }
  /// What the prompt still lacks, or what is to be computed again.
  var isPrefilling: Bool { pendingCount > 1 }
  var isActive: Bool { place == .running && !request.isPaused }

  /// The order among the sequences of one tenant.
  var key: WaitingKey {
    WaitingKey(priority: request.priority, order: request.id.value, choice: id.choice)
  }
}

/// Higher priorities first, then the older request.
struct WaitingKey: Comparable {
  let priority: Int
  let order: UInt64
  let choice: Int

  static func < (a: Self, b: Self) -> Bool {
    if a.priority != b.priority { return a.priority > b.priority }
    return a.order != b.order ? a.order < b.order : a.choice < b.choice
  }
}

/// A request: its sequences and what they share.
final class RequestState {
  let id: RequestID
  let tenant: TenantState
  let priority: Int
  let promptCount: Int
  let generatedTokensMax: Int
  let choiceCount: Int
  let hasDeadline: Bool
  /// The first alone until the prompt is computed, then all choices.
  var sequences: [SequenceState] = []
  var unfinishedCount = 0
  var isPaused = false
  /// Whether the first admission, which counts cached tokens, is over.
  var wasAdmitted = false
  var usage = GenerationUsage()

  init(_ request: GenerationRequest, id: RequestID, tenant: TenantState) {
    self.id = id
    self.tenant = tenant
    priority = request.priority
    promptCount = request.prompt.count
    generatedTokensMax = request.generatedTokensMax
    choiceCount = request.choices
    hasDeadline = request.deadline != nil
    usage.promptTokens = promptCount
  }
}
