/// What the calls of one connection, key or tenant may use together; 0 means no limit.
public struct UseLimits: Sendable, Hashable {
  /// Requests per second on average.
  public var requestsPerSecond: UInt32
  /// Requests at once; 0: one second's worth.
  public var requestsBurst: UInt32
  /// Calls open at one time.
  public var streamsMax: Int
  /// Bytes of requests that are not answered yet, and of responses not taken yet.
  public var bytesInFlightMax: Int

  /// No limits but those given.
  public init(
    requestsPerSecond: UInt32 = 0, requestsBurst: UInt32 = 0, streamsMax: Int = 0,
    bytesInFlightMax: Int = 0
  ) {
    self.requestsPerSecond = requestsPerSecond
    self.requestsBurst = requestsBurst
    self.streamsMax = streamsMax
    self.bytesInFlightMax = bytesInFlightMax
  }
}
