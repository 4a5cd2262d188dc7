internal import Protocols

/// A tenant's limits with the gateway's defaults filled in; 0 means no limit.
struct TenantQuota: Sendable, Hashable {
  let requestsPerSecond: UInt32
  let requestsBurst: UInt32
  let streamsMax: Int
  let messageByteCountMax: Int

  init(_ quota: MartletV1.Quota?, _ limits: GatewayLimits) {
    func value(_ own: UInt32?, _ fallback: UInt32) -> UInt32 {
      own.flatMap { $0 == 0 ? nil : $0 } ?? fallback
    }
    requestsPerSecond = value(quota?.requestsPerSecond, limits.requestsPerSecondDefault)
    let burst = value(quota?.requestsBurst, limits.requestsBurstDefault)
    // A burst of one second's worth unless told otherwise.
    requestsBurst = burst == 0 ? requestsPerSecond : burst
    streamsMax = Int(value(quota?.streamsMax, limits.streamsPerKeyMaxDefault))
    let own = quota?.messageBytesMax ?? 0
    messageByteCountMax =
      own == 0
      ? limits.messageByteCountMax : min(Int(clamping: own), limits.messageByteCountMax)
  }
}
