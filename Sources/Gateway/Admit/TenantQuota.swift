internal import Protocols

/// A tenant's limits with the gateway's defaults filled in.
struct TenantQuota: Sendable, Hashable {
  let use: UseLimits
  let messageByteCountMax: Int

  init(_ quota: MartletV1.Quota?, _ limits: GatewayLimits) {
    func value<Number: FixedWidthInteger>(_ own: Number?, _ fallback: Int) -> Int {
      own.flatMap { $0 == 0 ? nil : Int(clamping: $0) } ?? fallback
    }
    let defaults = limits.tenant
    use = UseLimits(
      requestsPerSecond: UInt32(
        value(quota?.requestsPerSecond, Int(defaults.requestsPerSecond))),
      requestsBurst: UInt32(value(quota?.requestsBurst, Int(defaults.requestsBurst))),
      streamsMax: value(quota?.streamsMax, defaults.streamsMax),
      bytesInFlightMax: value(quota?.bytesInFlightMax, defaults.bytesInFlightMax))
    messageByteCountMax = min(
      value(quota?.messageBytesMax, limits.messageByteCountMax), limits.messageByteCountMax)
  }
}
