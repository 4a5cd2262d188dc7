internal import RPC

/// Whether a peer sends or takes bytes as fast as it must: a minimum rate, after a grace. Told
/// now and then how far it is; sans-I/O.
struct TransferPace {
  private var since: MonotonicTime?
  private var countAtStart = 0
  private var item = 0

  /// `isDue`: the peer could go on now, and nothing else holds the transfer up. `item` changes when
  /// another transfer begins.
  mutating func isTooSlow(
    isDue: Bool, item: Int = 0, byteCount: Int, now: MonotonicTime, _ limits: GatewayLimits
  ) -> Bool {
    guard isDue else {
      since = nil
      return false
    }
    guard let since, item == self.item else {
      self.since = now
      self.item = item
      countAtStart = byteCount
      return false
    }
    let allowed =
      limits.transferGrace
      + .milliseconds(
        (byteCount - countAtStart) * 1_000 / max(1, limits.transferBytesPerSecondMin))
    return now > since && now - since > allowed
  }
}
