public import RPC

/// What the gateway refuses. Tenants' quotas take precedence over `tenant`. docs/limits.md lists
/// the limits with their configuration keys (``LimitSetting``); refusals are counted by
/// ``Refusal``'s name.
public struct GatewayLimits: Sendable {
  /// What one connection may use. Rates belong to keys: an honest client puts all its calls on one
  /// connection; its streams are limited by HTTP/2's `streamsMax`.
  public var connection = UseLimits()
  /// What one key may use. None by default: a tenant divides its share as it likes.
  public var key = UseLimits()
  /// What a tenant may use whose quota does not say. The rate depends on the machines, so there
  /// is none; streams and bytes leave room for many tenants beside one that is out of control.
  public var tenant = UseLimits(streamsMax: 8_192, bytesInFlightMax: 256 << 20)

  /// Calls open at one time in the whole gateway: each costs about 4 KiB and 4 KiB of body that is
  /// not counted elsewhere, so this many stay below 300 MiB.
  public var callsMax = 32_768
  /// Bytes of bodies that the gateway itself holds, over all calls.
  public var heldByteCountMax = 512 << 20
  /// The same for one connection: a hundred streams whose windows are full.
  public var connectionHeldByteCountMax = 32 << 20
  /// The same for a connection that has not shown a good key yet: a few first requests with large
  /// bodies, which wait for the auth service.
  public var strangerHeldByteCountMax = 8 << 20
  /// Calls without a good key that one connection may make in one second; then it is closed. Each
  /// costs a few microseconds, a new connection a handshake.
  public var refusedCallsPerSecondMax: UInt32 = 100
  /// How many of them may come at once: a client that finds its key revoked with all it has under
  /// way.
  public var refusedCallsBurstMax: UInt32 = 1_000
  /// Bad keys that one source (an IPv4 address, an IPv6 /64) may show in one second before the
  /// auth service is not asked for it any more; 0: no limit, for gateways behind a proxy that hides
  /// where clients are. A configuration mistake on a few machines stays below.
  public var badKeysPerSecondMax: UInt32 = 20
  /// How many of them may come at once.
  public var badKeysBurstMax: UInt32 = 200

  /// The largest request message, before and after decompression: what a model service takes by
  /// default.
  public var messageByteCountMax = 64 << 20
  /// KiB that a tenant's compressed messages may become in one second, with one message of the
  /// largest size at once: the gateway looks into them, and zlib makes about 1 GiB in a second.
  public var inflatedKilobytesPerSecondMax: UInt32 = 64 << 10
  /// A message must name its model within this many bytes.
  public var peekByteCountMax = 64 << 10
  /// Larger requests are not kept for a retry: they would be most of what the gateway holds.
  public var retryByteCountMax = 256 << 10
  /// A request message must become complete, and an answer be taken, at this many bytes a second:
  /// less than any network that people still use.
  public var transferBytesPerSecondMin = 1_024
  /// What a transfer may take on top of that: lost packets, a radio that sleeps.
  public var transferGrace = Duration.seconds(30)
  /// JSON in a request, and tensors to be written as JSON in an answer: one thread reads and
  /// writes the long ones, some 10 ns a byte.
  public var jsonByteCountMax = 8 << 20
  /// What a server refuses: connections, streams, header lists, floods.
  public var server = ServerLimits()

  /// The defaults.
  public init() {}
}
