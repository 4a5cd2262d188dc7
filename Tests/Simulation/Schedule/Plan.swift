internal import EventLoop
internal import Protocols
internal import TestSupport

/// One schedule: everything that is decided before the run, drawn from the seed.
struct Plan: Sendable {
  struct KeyPlan: Sendable {
    var tenant: String
    var actions: [MartletV1.Action] = [.infer, .deploy, .keys]
    var streamsMax: UInt32 = 0
    var revokedAt: Duration?
    var expiresAt: Duration?
  }

  static let modelCount = 2
  /// Faults and calls start after everybody had time to connect.
  static let warmUp = Duration.seconds(3)
  /// How long faults and calls go on.
  var length: Duration
  var gatewayLoopCount: Int
  var clientCount: Int
  var socketByteCount: Int
  /// Small limits make back-pressure and refused retries common.
  var hasSmallLimits: Bool
  /// How long known keys work without the auth service.
  var outageGrace: Duration
  var keys: [KeyPlan] = []
  var faults: [Fault] = []
  var calls: [PlannedCall] = []

  init(seed: UInt64) {
    var random = SplitMix64(state: seed &* 0x2545_f491_4f6c_dd1d &+ 1)
    length = random.duration(.seconds(5) ... .seconds(25))
    gatewayLoopCount = random.chance(0.7) ? 1 : 2
    clientCount = Int.random(in: 1...3, using: &random)
    socketByteCount = [4 << 10, 16 << 10, 64 << 10, 256 << 10].randomElement(using: &random)!
    hasSmallLimits = random.chance(0.5)
    outageGrace = .seconds(random.chance(0.5) ? 20 : 600)
    drawKeys(&random)
    drawFaults(&random)
    drawCalls(&random)
  }

  private mutating func drawKeys(_ random: inout SplitMix64) {
    for number in 0..<Int.random(in: 3...6, using: &random) {
      var key = KeyPlan(tenant: "tenant\(number % 2)")
      // Two keys stay good, so that there is always something to do.
      if number >= 2 {
        if random.chance(0.6) { key.revokedAt = random.duration(.zero...length) }
        if random.chance(0.2) { key.expiresAt = random.duration(.zero...length) }
        if random.chance(0.3) { key.streamsMax = UInt32.random(in: 2...6, using: &random) }
      }
      keys.append(key)
    }
  }

  private mutating func drawFaults(_ random: inout SplitMix64) {
    // In half of the schedules one model service stays as it is: no call that may be sent twice
    // may then fail.
    let spares = random.chance(0.5)
    for _ in 0..<Int.random(in: 0...7, using: &random) {
      let target: Fault.Target
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3: target = .model(0)
      case 3..<6: target = .model(spares ? 0 : 1)
      case 6..<8: target = .auth
      case 8: target = .gateway
      default: target = .client
      }
      faults.append(
        Fault(
          at: random.duration(.zero...length),
          duration: random.chance(0.6)
            ? random.duration(.milliseconds(1)...Duration.seconds(2))
            : random.duration(.seconds(2)...Duration.seconds(20)),
          target: target, kind: Self.kind(target, &random)))
    }
    faults.sort { $0.at < $1.at }
  }

  private static func kind(_ target: Fault.Target, _ random: inout SplitMix64) -> Fault.Kind {
    let network: [Fault.Kind] = [
      .cut(toGateway: true, fromGateway: true),
      .cut(toGateway: random.chance(0.5), fromGateway: true),
      .cut(toGateway: true, fromGateway: random.chance(0.5)),
      .reset(probability: random.chance(0.5) ? 1 : 0.5),
      .loss(probability: [0.01, 0.1, 0.3].randomElement(using: &random)!),
      .delay(random.duration(.milliseconds(1)...Duration.milliseconds(40))),
    ]
    let process: [Fault.Kind] = [
      .pause, .starvation(random.duration(.microseconds(100)...Duration.milliseconds(3))),
    ]
    let service: [Fault.Kind] = [
      .kill, .kill, .powerLoss,
      .drain(grace: random.duration(.milliseconds(200)...Duration.seconds(5))),
    ]
    switch target {
    case .client: return network.randomElement(using: &random)!
    case .gateway: return process.randomElement(using: &random)!
    case .model, .auth: return (network + process + service).randomElement(using: &random)!
    }
  }

  private mutating func drawCalls(_ random: inout SplitMix64) {
    var time = Duration.zero
    while time < length, calls.count < 200 {
      // Sometimes many at once.
      if random.chance(0.6) { time += random.duration(.zero ... .milliseconds(400)) }
      var call = PlannedCall(number: calls.count, at: min(time, length))
      call.client = Int.random(in: 0..<clientCount, using: &random)
      call.key = Int.random(in: 0..<keys.count, using: &random)
      call.kind = Self.kind(&random)
      if random.chance(0.7) {
        call.timeout = random.duration(.milliseconds(20)...Duration.seconds(20))
      }
      if random.chance(0.05) { call.cancelAfter = random.duration(.zero ... .seconds(1)) }
      call.work =
        random.chance(0.7)
        ? .zero : random.duration(.zero...Duration.milliseconds(random.chance(0.9) ? 100 : 3_000))
      Self.drawSizes(&call, &random)
      calls.append(call)
    }
  }

  private static func kind(_ random: inout SplitMix64) -> CallKind {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<55: .infer
    case 55..<63: .inferLarge
    case 63..<75: .load
    case 75..<83: .stream
    case 83..<88: .deploy
    case 88..<93: .listKeys
    case 93..<97: .createKey
    default: .health
    }
  }

  private static func drawSizes(_ call: inout PlannedCall, _ random: inout SplitMix64) {
    switch call.kind {
    case .infer:
      call.requestByteCount = Int.random(in: 0...512, using: &random)
      call.answerByteCount = Int.random(in: 0...512, using: &random)
      call.isUnready = random.chance(0.03)
    case .inferLarge:
      call.requestByteCount = Int.random(in: 0...300_000, using: &random)
      call.answerByteCount = Int.random(in: 0...300_000, using: &random)
    case .stream:
      call.messageCount = Int.random(in: 1...12, using: &random)
      let size = random.chance(0.7) ? 1_000 : 60_000
      call.requestByteCount = Int.random(in: 0...size, using: &random)
      call.answerByteCount = Int.random(in: 0...size, using: &random)
      if random.chance(0.3) { call.rest = random.duration(.zero ... .milliseconds(500)) }
    case .deploy:
      call.messageCount = Int.random(in: 1...6, using: &random)
      call.requestByteCount = Int.random(in: 1...50_000, using: &random)
    case .load, .listKeys, .createKey, .health: break
    }
  }
}
