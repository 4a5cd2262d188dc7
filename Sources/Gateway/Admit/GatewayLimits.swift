public import RPC

/// What the gateway refuses. Tenants' quotas take precedence where they are stricter.
public struct GatewayLimits: Sendable {
  /// Requests per second of a tenant whose quota names none; 0: no limit.
  public var requestsPerSecondDefault: UInt32 = 0
  /// Requests a tenant may send at once; 0: one second's worth.
  public var requestsBurstDefault: UInt32 = 0
  /// Calls that one key may have open; 0: no limit.
  public var streamsPerKeyMaxDefault: UInt32 = 0
  /// The largest request message, before and after decompression.
  public var messageByteCountMax = 256 << 20
  /// A message must name its model within this many bytes.
  public var peekByteCountMax = 64 << 10
  /// Larger requests are not kept for a retry.
  public var retryByteCountMax = 256 << 10
  /// What a server refuses: connections, streams, header lists, floods.
  public var server = ServerLimits()

  /// The defaults.
  public init() {}
}
