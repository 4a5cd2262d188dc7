/// Keeps retries a small part of all requests, so that a service in trouble is not buried under
/// second attempts: each request earns a part of a retry, and a retry costs a whole one.
struct RetryBudget {
  private var balance: Double
  private let earnedPerRequest: Double
  private let balanceMax: Double

  /// One retry per ten requests, and a small store for quiet times.
  init(earnedPerRequest: Double = 0.1, balanceMax: Double = 64) {
    self.earnedPerRequest = earnedPerRequest
    self.balanceMax = balanceMax
    balance = balanceMax
  }

  mutating func earn() {
    balance = min(balance + earnedPerRequest, balanceMax)
  }

  mutating func spend() -> Bool {
    guard balance >= 1 else { return false }
    balance -= 1
    return true
  }
}
