import RPC
import Testing

@testable import Gateway

/// What calls may take of what they share, with time that only moves when told.
struct AdmitTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func aBucketGivesItsRateAndItsBurst() {
    let bucket = TokenBucket()
    var now = 5 * Self.second
    for _ in 0..<3 { #expect(bucket.take(now: now, perSecond: 2, burst: 3) == 0) }
    #expect(bucket.wait(now: now, perSecond: 2, burst: 3) == Self.second / 2)
    #expect(bucket.take(now: now, perSecond: 2, burst: 3) == Self.second / 2)
    now += Self.second / 2
    #expect(bucket.take(now: now, perSecond: 2, burst: 3) == 0)
    #expect(bucket.take(now: now, perSecond: 2, burst: 3) > 0)
    #expect(bucket.take(now: now, perSecond: 0, burst: 0) == 0, "0 is no limit")
  }

  @Test func aChargeMayExceedWhatIsThereAndIsPaidForLater() {
    let bucket = TokenBucket()
    bucket.charge(30, now: 0, perSecond: 10, burst: 10)
    // Ten were there; twenty more are owed at ten a second, and one more is wanted.
    #expect(bucket.wait(now: 0, perSecond: 10, burst: 10) == 2_100_000_000)
    bucket.charge(1_000_000, now: 0, perSecond: 10, burst: 10)
    #expect(bucket.wait(now: 0, perSecond: 10, burst: 10) <= 10 * Self.second)
  }

  @Test func streamsOfTenantAndKeyAreTakenAndGivenBack() {
    var limits = GatewayLimits()
    limits.key.streamsMax = 2
    limits.tenant.streamsMax = 3
    let usage = UsageRegistry()
    func decide(_ key: String) -> Decision {
      Decision(
        grant: grant(key: key), revision: 1, usage: usage, limits: limits, now: seconds(0))
    }
    let (one, two) = (decide("k1"), decide("k2"))
    let total = UseCounter()
    var calls: [CallUse] = []
    func enter(_ decision: Decision) -> Refusal? {
      var call = CallUse()
      if let refusal = call.enter(decision, key: limits.key) { return refusal }
      calls.append(call)
      return nil
    }
    #expect(enter(one) == nil && enter(one) == nil)
    #expect(enter(one) == .keyStreams)
    #expect(enter(two) == nil)
    #expect(enter(two) == .tenantStreams)
    for index in calls.indices { calls[index].leave(total: total) }
    #expect(one.tenantUsage.streams.count == 0 && one.keyUsage.streams.count == 0)
    #expect(enter(two) == nil)
  }

  @Test func bytesAreCountedInStepsAndGivenBack() {
    let limits = GatewayLimits()
    let decision = Decision(
      grant: grant(), revision: 1, usage: UsageRegistry(), limits: limits, now: seconds(0))
    let total = UseCounter()
    let connection = ConnectionUse(source: 1)
    var call = CallUse(connection)
    let refusal = call.enter(decision, key: limits.key)
    #expect(refusal == nil)
    func adjust(_ held: Int, _ inFlight: Int) -> Refusal? {
      call.adjust(
        held: held, inFlight: inFlight, total: total, limits,
        tenantMax: decision.quota.use.bytesInFlightMax)
    }
    #expect(adjust(4_096, 4_096) == nil)
    #expect(total.count == 0, "small calls touch no shared word")
    #expect(adjust(4_097, 100_000) == nil)
    #expect(total.count == 16 << 10 && decision.tenantUsage.bytesInFlight.count == 112 << 10)
    #expect(adjust(0, 90_000) == nil)
    #expect(total.count == 0 && decision.tenantUsage.bytesInFlight.count == 112 << 10)
    #expect(adjust(1 << 20, 1 << 20) == nil)
    call.leave(total: total)
    #expect(total.count == 0 && decision.tenantUsage.bytesInFlight.count == 0)
    #expect(connection.hold(limits.strangerHeldByteCountMax, limits), "the connection's, too")
  }

  @Test func bytesAreRefusedByWhomeversShareIsExhausted() {
    var limits = GatewayLimits()
    limits.key.bytesInFlightMax = 1 << 20
    limits.tenant.bytesInFlightMax = 2 << 20
    limits.heldByteCountMax = 4 << 20
    limits.connectionHeldByteCountMax = 3 << 20
    let usage = UsageRegistry()
    let total = UseCounter()
    func refusal(_ key: String, held: Int, inFlight: Int, connection: ConnectionUse) -> Refusal? {
      let decision = Decision(
        grant: grant(key: key), revision: 1, usage: usage, limits: limits, now: seconds(0))
      var call = CallUse(connection)
      if let refusal = call.enter(decision, key: limits.key) { return refusal }
      return call.adjust(
        held: held, inFlight: inFlight, total: total, limits, tenantMax: 2 << 20)
    }
    let connection = ConnectionUse(source: 1)
    connection.hasGoodKey = true
    #expect(refusal("k1", held: 0, inFlight: 1 << 20, connection: connection) == nil)
    #expect(refusal("k1", held: 0, inFlight: 8_000, connection: connection) == .keyBytes)
    #expect(refusal("k2", held: 0, inFlight: 1 << 20, connection: connection) == nil)
    #expect(refusal("k3", held: 0, inFlight: 8_000, connection: connection) == .tenantBytes)
    #expect(refusal("k3", held: 3 << 20, inFlight: 0, connection: connection) == nil)
    #expect(refusal("k3", held: 8_000, inFlight: 0, connection: connection) == .connectionBytes)
    let second = ConnectionUse(source: 2)
    second.hasGoodKey = true
    #expect(refusal("k3", held: 1 << 20, inFlight: 0, connection: second) == nil)
    #expect(refusal("k3", held: 8_000, inFlight: 0, connection: second) == .gatewayBytes)
    #expect(total.count == 4 << 20, "a refusal takes nothing")
  }

  @Test func aStrangersConnectionMayHoldLess() {
    let limits = GatewayLimits()
    let connection = ConnectionUse(source: 1)
    #expect(!connection.hold(limits.strangerHeldByteCountMax + 1, limits))
    connection.hasGoodKey = true
    #expect(connection.hold(limits.strangerHeldByteCountMax + 1, limits))
  }

  @Test func refusedCallsEndTheConnectionInTheEnd() {
    var limits = GatewayLimits()
    limits.refusedCallsPerSecondMax = 10
    limits.refusedCallsBurstMax = 20
    let connection = ConnectionUse(source: 1)
    for _ in 0..<20 { #expect(connection.mayGoOnAfterRefusal(now: Self.second, limits)) }
    #expect(!connection.mayGoOnAfterRefusal(now: Self.second, limits))
    #expect(connection.mayGoOnAfterRefusal(now: 2 * Self.second, limits))
  }

  @Test func badKeysAreLimitedBySource() {
    let table = SourceTable()
    let evil = SourceTable.source(of: "192.0.2.1:1111")
    let now = 100 * Self.second
    var shown = 0
    while shown < 100, table.wait(evil, now: now, perSecond: 1, burst: 20) == 0 {
      table.charge(evil, now: now, perSecond: 1, burst: 20)
      shown += 1
    }
    // Half in each of two buckets, which rarely are one.
    #expect(shown == 20 || shown == 10)
    #expect(table.wait(evil, now: now, perSecond: 0, burst: 20) == 0, "0 is no limit")
    // Hardly any other source is hit.
    let hit = (0..<200).count {
      let source = SourceTable.source(of: "198.51.100.\($0):2222")
      return table.wait(source, now: now, perSecond: 1, burst: 20) > 0
    }
    #expect(hit <= 1)
    #expect(table.wait(evil, now: now + 20 * Self.second, perSecond: 1, burst: 20) == 0)
  }

  @Test func aSourceIsAnAddressOrANetwork() {
    #expect(SourceTable.source(of: "192.0.2.1:1") == SourceTable.source(of: "192.0.2.1:65535"))
    #expect(SourceTable.source(of: "192.0.2.1:1") != SourceTable.source(of: "192.0.2.2:1"))
    #expect(SourceTable.network("2001:db8:1:2:3:4:5:6") == ["2001", "db8", "1", "2"])
    #expect(SourceTable.network("2001:db8::1") == ["2001", "db8", "0", "0"])
    #expect(SourceTable.network("::1") == ["0", "0", "0", "0"])
    #expect(SourceTable.network("fe80::1%eth0") == ["fe80", "0", "0", "0"])
    #expect(
      SourceTable.source(of: "[2001:db8:0:7::1]:80")
        == SourceTable.source(of: "[2001:db8::7:aaaa:bbbb:cccc:dddd]:81"))
    #expect(
      SourceTable.source(of: "[2001:db8::1]:80") == SourceTable.source(of: "[2001:db8::2]:80"))
    #expect(SourceTable.source(of: "unix") == SourceTable.source(of: "unix"))
    // IPv4 clients of a socket for both families.
    #expect(SourceTable.source(of: "[::ffff:192.0.2.1]:1") == SourceTable.source(of: "192.0.2.1:2"))
    #expect(
      SourceTable.source(of: "[::ffff:192.0.2.1]:1")
        != SourceTable.source(of: "[::ffff:192.0.2.2]:1"))
  }

  @Test func usageOfKeysThatAreGoneIsForgotten() {
    let registry = UsageRegistry()
    let kept = registry.key("kept")
    for index in 0..<5_000 { _ = registry.key("k\(index)") }
    #expect(registry.keyCount <= 1_025)
    #expect(registry.key("kept") === kept)
  }

  @Test func aTransferMustKeepItsPace() {
    var limits = GatewayLimits()
    limits.transferGrace = .seconds(10)
    limits.transferBytesPerSecondMin = 100
    func slow(_ bytesPerSecond: Int, isDue: Bool = true, seconds count: Int = 100) -> Int? {
      var pace = TransferPace()
      for second in 0..<count
      where pace.isTooSlow(
        isDue: isDue, byteCount: second * bytesPerSecond, now: seconds(Double(second)), limits)
      {
        return second
      }
      return nil
    }
    #expect(slow(0) == 11)
    #expect(slow(50) == 21, "half the rate uses up the grace in twice the time")
    #expect(slow(100) == nil)
    #expect(slow(0, isDue: false) == nil)
    // Each message has a time of its own.
    var pace = TransferPace()
    for message in 0..<20 {
      for second in 0..<9 {
        let now = seconds(Double(message * 9 + second))
        let isSlow = pace.isTooSlow(isDue: true, item: message, byteCount: 0, now: now, limits)
        #expect(!isSlow)
      }
    }
  }

  @Test func everyLimitCanBeSetByItsName() {
    let names = LimitSetting.all.map(\.name)
    #expect(Set(names).count == names.count)
    for setting in LimitSetting.all {
      var limits = GatewayLimits()
      setting.apply(setting.initial, to: &limits)
      #expect("\(limits)" == "\(GatewayLimits())", "\(setting.name)")
      setting.apply(setting.initial + 7, to: &limits)
      #expect("\(limits)" != "\(GatewayLimits())", "\(setting.name)")
    }
    var limits = GatewayLimits()
    LimitSetting.named("idleSeconds")?.apply(0, to: &limits)
    #expect(limits.server.idleTimeout == nil)
    LimitSetting.named("handshakeSeconds")?.apply(1.5, to: &limits)
    #expect(limits.server.handshakeTimeout == .milliseconds(1_500))
    #expect(LimitSetting.named("nonsense") == nil)
  }

  /// A limit that nobody can keep is a mistake of whoever wrote it.
  @Test(
    arguments: [
      ("streams", 0, "a whole number of at least 1"),
      ("streams", 1.5, "a whole number of at least 1"),
      ("messageBytes", 0.5, "a whole number of at least 1"), ("connections", -1, "at least 1"),
      ("handshakeSeconds", 0, "a number of at least 0.001"), ("keyStreams", -1, "at least 0"),
      ("idleSeconds", -1, "at least 0"), ("calls", .infinity, "at least 1"),
      ("calls", .nan, "at least 1"),
    ] as [(String, Double, String)])
  func aLimitThatLetsNobodyInIsRefused(name: String, value: Double, words: String) throws {
    let setting = try #require(LimitSetting.named(name))
    #expect(setting.expected(insteadOf: value)?.contains(words) == true)
    #expect(setting.expected(insteadOf: setting.initial) == nil)
  }

  @Test(arguments: ["idleSeconds", "keyStreams", "tenantStreams", "badKeysPerSecond", "retryBytes"])
  func zeroMayMeanNone(name: String) throws {
    #expect(try #require(LimitSetting.named(name)).expected(insteadOf: 0) == nil)
  }
}
