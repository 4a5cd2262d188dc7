internal import Generation
internal import Protocols
internal import Synchronization

/// Counts what each key uses of each model, until somebody takes the counts away.
final class UsageMeter: Sendable {
  struct Key: Hashable {
    var tenant: String
    var keyID: String
    var model: String
  }
  struct Amount: Equatable {
    var requests: UInt64 = 0
    var usage = GenerationUsage()
  }

  private let amounts = Mutex<[Key: Amount]>([:])

  /// Counts what a request used since it was counted last; `isRequest` for the first time.
  func count(
    _ usage: GenerationUsage, _ caller: Caller, model: String, isRequest: Bool = true
  ) {
    let key = Key(tenant: caller.tenant, keyID: caller.keyID, model: model)
    amounts.withLock {
      var amount = $0[key] ?? Amount()
      if isRequest { amount.requests += 1 }
      amount.usage += usage
      $0[key] = amount
    }
  }

  /// At most `countMax` of the amounts, which are counted anew from here on.
  func take(_ countMax: Int) -> [Key: Amount] {
    amounts.withLock { amounts in
      guard amounts.count > countMax else {
        defer { amounts = [:] }
        return amounts
      }
      let taken = amounts.prefix(countMax)
      for key in taken.map(\.key) { amounts[key] = nil }
      return Dictionary(uniqueKeysWithValues: taken.map { ($0.key, $0.value) })
    }
  }
}

extension GenerationUsage {
  static func += (left: inout GenerationUsage, right: GenerationUsage) {
    left.promptTokens += right.promptTokens
    left.cachedTokens += right.cachedTokens
    left.generatedTokens += right.generatedTokens
  }
}

extension MartletV1.UsageAmount {
  init(_ key: UsageMeter.Key, _ amount: UsageMeter.Amount) {
    self.init()
    (tenant, keyID, model) = (key.tenant, key.keyID, key.model)
    requests = amount.requests
    promptTokens = UInt64(amount.usage.promptTokens)
    cachedTokens = UInt64(amount.usage.cachedTokens)
    generatedTokens = UInt64(amount.usage.generatedTokens)
  }
}
