public import RPC
public import Telemetry

/// What a model service needs to know before it starts.
public struct ModelServerConfiguration: Sendable {
  /// Where gateways connect.
  public var listen: [Endpoint]
  /// The service's certificate and the authority of its peers'; nil only for tests, which then
  /// must also lower ``peerRole``.
  public var tls: TLSConfiguration?
  /// The role a peer's certificate must have; nil accepts any peer, for tests.
  public var peerRole: String? = "gateway"
  /// The folder of `TENANT/MODEL/VERSION/model.onnx`.
  public var repositoryPath: String
  /// Where usage is reported: instances of the auth service; none for nowhere.
  public var usageReceivers: [Endpoint] = []
  /// How often. What a process that is killed had not reported is lost.
  public var usageReportInterval = Duration.seconds(2)
  /// The private port for operators; nil for none.
  public var operatorEndpoint: Endpoint?
  /// Cores that event loops and computation share.
  public var threadCount = 2
  /// Event loops among those; models that answer quickly run on them.
  public var loopCount = 1
  /// The largest request message.
  public var messageByteCountMax = 64 << 20
  /// How much one deployment may bring.
  public var deployLimits = DeployLimits()
  /// How much training there may be.
  public var training = TrainingLimits()
  /// Bytes that all loaded models may hold together.
  public var modelMemoryByteCountMax = 8 << 30
  /// Bytes that the intermediate results of one inference may take.
  public var inferenceMemoryByteCountMax = 1 << 30
  /// Requests waiting for one model, unless its configuration says otherwise.
  public var queueCountMax = 1024
  /// Live sequences of one stateful model: as many as requests may wait for one.
  public var sequenceCountMax = 1024
  /// Bytes that the states of one model's sequences may hold together: a quarter of a megabyte for
  /// each of them.
  public var sequenceStateByteCountMax = 256 << 20
  /// A model whose runs take longer leaves the loop that read the request; see
  /// ``ExecutionSettings``.
  public var inlineRunDurationMax = Duration.microseconds(200)
  /// Load every stored model at start instead of at its first request.
  public var loadsAtStart = true
  /// How long calls may go on after ``ModelServer/drain()`` began.
  public var drainGracePeriod = Duration.seconds(10)
  /// Where to log; nil for nowhere.
  public var log: LogWriter?

  /// A service for gateways whose certificates come from `authority`.
  ///
  /// - Parameters:
  ///   - certificate: path of the service's certificate chain in PEM.
  ///   - privateKey: path of its private key in PEM.
  ///   - authority: path of the PEM file of authorities that peers must chain to.
  public init(
    listen: [Endpoint], certificate: String, privateKey: String, authority: String,
    repositoryPath: String
  ) {
    self.listen = listen
    tls = TLSConfiguration(
      certificateChain: certificate, privateKey: privateKey, trustRoots: authority,
      clientCertificates: .required)
    self.repositoryPath = repositoryPath
  }

  /// A service without TLS for tests, which reach it in process.
  init(insecureWithRepository path: String) {
    listen = []
    tls = nil
    peerRole = nil
    repositoryPath = path
  }
}
