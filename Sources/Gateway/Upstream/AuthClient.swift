internal import Protocols
internal import RPC

/// Keeps one loop's authenticator supplied: asks Check when it says so, and follows Watch.
/// Keys pass through on their way to the auth service and are not kept.
final class AuthClient {
  let pool: UpstreamPool
  var authenticator: Authenticator<Exchange>
  private let loop: EventLoop
  private let settings: AuthenticationSettings
  private let log: (_ message: String, _ reason: String) -> Void
  private var watch: WatchStream?
  private var watchLink: UpstreamLink?
  private var retryDelay = AuthClient.retryDelayMin
  private var isRetryScheduled = false
  private let anchor = Anchor<AuthClient>()

  /// Short at first: a revocation must arrive within a second, whatever broke meanwhile.
  private static let retryDelayMin = Duration.milliseconds(50)
  private static let retryDelayMax = Duration.seconds(1)

  /// True once a watch has reported something: the auth service is there.
  private(set) var hasContact = false
  var onChange: () -> Void = {}

  init(
    loop: EventLoop, pool: UpstreamPool, settings: AuthenticationSettings, limits: GatewayLimits,
    usage: UsageRegistry, log: @escaping (_ message: String, _ reason: String) -> Void
  ) {
    self.loop = loop
    self.pool = pool
    self.settings = settings
    self.log = log
    authenticator = Authenticator(
      settings: settings, limits: limits, usage: usage, now: loop.now)
    authenticator.isAuthConnected = false
    anchor.object = self
    pool.onChange = { [unowned self] in poolChanged() }
  }

  deinit {
    anchor.object = nil
  }

  func close() {
    // Answers that still come are nobody's business.
    anchor.object = nil
    authenticator.removeWaiters()
    watch?.cancel()
    watch = nil
    onChange = {}
    pool.close()
  }

  private func poolChanged() {
    authenticator.isAuthConnected = pool.balancer.pickable(loop.now)
    if pool.readyCount > 0 { startWatch() }
    onChange()
  }

  // MARK: Check

  func startCheck(_ digest: KeyDigest, key: UnsafeRawBufferPointer) {
    var request = MartletV1.CheckRequest()
    request.apiKey = String(decoding: key, as: UTF8.self)
    ask(digest, request.serialized())
  }

  private func ask(_ digest: KeyDigest, _ request: [UInt8]) {
    var chosen: UpstreamLink?
    UnaryCall.start(
      "/martlet.v1.Auth/Check", request, timeout: settings.checkTimeout, on: loop,
      start: { headers, delegate in
        let started = pool.startCall(headers, delegate: delegate)
        chosen = started?.link
        return started?.call
      },
      completion: { [anchor] result in
        anchor.object?.answered(digest, request, result, from: chosen)
      })
  }

  private func answered(
    _ digest: KeyDigest, _ request: [UInt8], _ result: Result<[UInt8], RPCError>,
    from link: UpstreamLink?
  ) {
    var outcome = Authenticator<Exchange>.CheckResult.failed
    switch result {
    case .success(let message):
      do throws(ProtobufError) {
        outcome = .answered(try MartletV1.CheckResponse(protobuf: message))
      } catch {
        log("the auth service's answer cannot be read", error.message)
      }
    case .failure(let error):
      log("a key could not be checked", error.description)
    }
    if let link {
      if case .failed = outcome {
        pool.callEnded(link, .failure)
      } else {
        pool.callEnded(link, .success)
      }
    }
    let completion = authenticator.completeCheck(
      digest, outcome, now: loop.now, wallMilliseconds: loop.wallMilliseconds())
    switch completion {
    case .askAgain: ask(digest, request)
    case .answered(let answer, let waiters):
      for exchange in waiters { exchange.authenticated(answer) }
    }
  }

  // MARK: Watch

  private func startWatch() {
    guard watch == nil, !pool.isClosed, !isRetryScheduled else { return }
    let stream = WatchStream(
      loop: loop, silenceMax: settings.watchSilenceMax,
      onEvent: { [anchor] event in anchor.object?.apply(event) },
      onEnd: { [anchor] reason in anchor.object?.watchEnded(reason) })
    guard
      let started = pool.startCall(
        UnaryCall.headers("/martlet.v1.Auth/Watch"), delegate: stream)
    else { return }
    watch = stream
    watchLink = started.link
    stream.started(started.call, afterRevision: authenticator.watchRevision)
  }

  private func apply(_ event: MartletV1.WatchEvent) {
    retryDelay = Self.retryDelayMin
    authenticator.watchStarted(now: loop.now)
    authenticator.apply(event, now: loop.now)
    if !hasContact {
      hasContact = true
      onChange()
    }
  }

  private func watchEnded(_ reason: String) {
    if !pool.isClosed { log("the watch on keys ended", reason) }
    if let watchLink { pool.callEnded(watchLink, .neutral) }
    watch = nil
    watchLink = nil
    authenticator.watchEnded(now: loop.now)
    isRetryScheduled = true
    loop.schedule(after: retryDelay) { [anchor] in
      guard let self = anchor.object else { return }
      self.isRetryScheduled = false
      if self.pool.readyCount > 0 { self.startWatch() }
    }
    retryDelay = min(retryDelay * 2, Self.retryDelayMax)
  }
}
