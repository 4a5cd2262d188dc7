import Compute
import JSON
import ModelFormats
import Synchronization
import Testing

@testable import Training

@Suite(.serialized) struct ClusterTrainingTests {
  private static let source: ArraySource = {
    var random = RepeatableRandom(7)
    var (x, y) = ([Float](), [Int64]())
    for _ in 0..<150 {
      let point = (Float(random.uniform()) - 0.5, Float(random.uniform()) - 0.5)
      x += [point.0, point.1, point.0 * point.1]
      y.append(point.0 + point.1 > 0 ? 1 : 0)
    }
    return ArraySource([
      "x": Tensor(fp32: x, shape: [150, 3]), "y": Tensor(int64: y, shape: [150]),
    ])
  }()

  private static func request(
    _ distribute: String?, fit: String = "", epochs: Int = 4,
    optimizer: String = #"{"class_name": "Adam", "config": {"learning_rate": 0.02}}"#,
    layers: String = ""
  ) throws -> TrainingRequest {
    let rest = distribute.map { #", "distribute": \#($0)"# } ?? ""
    let text = """
      {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 40, "activation": "tanh"}}, \(layers)
        {"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}}]},
       "compile": {"optimizer": \(optimizer), "loss": "sparse_categorical_crossentropy",
         "metrics": ["accuracy"]},
       "fit": {"epochs": \(epochs), "batch_size": 16, "seed": 5, "validation_split": 0.2\(fit)}\(rest)}
      """
    return TrainingRequest(
      specification: try JSONValue(parsing: Array(text.utf8)[...]), training: source)
  }

  private struct Outcome {
    var losses: [Double] = []
    var weights: [Float] = []
    var metrics: [String: Double] = [:]
    var startCount = 0
  }

  private static func train(
    _ given: TrainingRequest, atPush: (@Sendable (ThreadCluster, Int) -> Void)? = nil,
    atSquares: (@Sendable (ThreadCluster, Int) -> Void)? = nil
  ) throws -> Outcome {
    let cluster = Locked<ThreadCluster?>(nil)
    var request = given
    request.cluster = { plan throws(TrainingError) in
      do {
        let made = try ThreadCluster(given, exampleCount: plan.exampleCount)
        (made.atPush, made.atSquares) = (atPush, atSquares)
        cluster.withLock { $0 = made }
        return made
      } catch { throw error as? TrainingError ?? TrainingError(.resources, "\(error)") }
    }
    let trainer = try NetworkTrainer(request)
    var outcome = Outcome()
    let result = try trainer.run { progress throws(TrainingError) in
      if progress.endsEpoch {
        outcome.losses.append(progress.metrics.first { $0.name == "loss" }?.value ?? .nan)
      }
    }
    outcome.weights = Array(
      UnsafeBufferPointer(start: trainer.memory.base, count: trainer.memory.count))
    for metric in result.metrics { outcome.metrics[metric.name] = metric.value }
    outcome.startCount = cluster.withLock { $0?.lock.withLock { $0.startCount } } ?? 0
    return outcome
  }

  private func expectSame(_ left: Outcome, _ right: Outcome, _ what: String) {
    #expect(left.losses.count == right.losses.count, "\(what)")
    for (a, b) in zip(left.losses, right.losses) { #expect(abs(a - b) < 1e-5, "\(what)") }
    for (a, b) in zip(left.weights, right.weights) { #expect(abs(a - b) < 1e-3, "\(what)") }
  }

  @Test(arguments: [
    "", #", "partition": "block""#, #", "partition": "stratified""#,
    #", "checkpoint_steps": 3"#, #", "shuffle": false"#,
  ])
  func synchronousWorkersGiveTheLossCurveOfOneProcess(fit: String) throws {
    for (workers, servers) in [(1, 1), (2, 1), (3, 2), (4, 5)] {
      let shards = 4
      let one = try Self.train(try Self.request(#"{"workers": 0, "shards": 4}"#, fit: fit))
      let many = try Self.train(
        try Self.request(
          #"{"workers": \#(workers), "servers": \#(servers), "shards": \#(shards)}"#, fit: fit))
      expectSame(one, many, "\(workers) workers, \(servers) servers\(fit)")
    }
  }

  @Test(arguments: [
    #"{"class_name": "SGD", "config": {"learning_rate": 0.2, "momentum": 0.9}}"#,
    #"{"class_name": "SGD", "config": {"learning_rate": 0.2, "global_clipnorm": 0.1}}"#,
    #"{"class_name": "RMSprop", "config": {"clipnorm": 0.05, "momentum": 0.5, "centered": true}}"#,
    #"{"class_name": "Adagrad", "config": {"clipvalue": 0.02}}"#,
    #"{"class_name": "AdamW", "config": {"weight_decay": 0.05}}"#,
  ])
  func optimizersOfServersAreThoseOfOneProcess(optimizer: String) throws {
    let one = try Self.train(try Self.request(nil, optimizer: optimizer))
    let many = try Self.train(
      try Self.request(#"{"workers": 3, "servers": 3}"#, optimizer: optimizer))
    expectSame(one, many, optimizer)
  }

  @Test(arguments: [
    #"{"workers": 3, "servers": 2, "mode": "asynchronous"}"#,
    #"{"workers": 3, "servers": 2, "staleness": 2}"#,
    #"{"workers": 2, "compression": "bf16"}"#, #"{"workers": 2, "compression": "fp16"}"#,
    #"{"workers": 2, "servers": 2, "fraction": 0.2}"#,
  ])
  func otherModesLearnToo(distribute: String) throws {
    // That every example came once is checked at the end of each epoch, which would fail otherwise.
    let layers = #"{"class_name": "Dropout", "config": {"rate": 0.1}},"#
    let found = try Self.train(try Self.request(distribute, epochs: 30, layers: layers))
    #expect(found.metrics["val_accuracy"] ?? 0 >= 0.85)
  }

  @Test func whoeverDiesTheTrainingEndsAsItWould() throws {
    let distribute = #"{"workers": 3, "servers": 3, "shards": 6}"#
    let fit = #", "checkpoint_steps": 3"#
    let whole = try Self.train(try Self.request(distribute, fit: fit))
    for victim in 0..<12 {
      let place = 5 + victim * 17
      let found = try Self.train(try Self.request(distribute, fit: fit)) { cluster, count in
        guard count == place else { return }
        switch victim % 3 {
        case 0: cluster.killWorker(victim / 3 % 3)
        case 1: cluster.killServer(victim / 3 % 3)
        default:
          cluster.killWorker(0)
          cluster.killServer(1)
          cluster.startWorker()
        }
      }
      expectSame(whole, found, "victim \(victim)")
      #expect(found.startCount == (victim % 3 == 0 ? 1 : 2))
    }
  }

  /// Servers that know a step's norms have ended it; the others need those of the first.
  @Test func normsThatOnlySomeServersWereToldAreAskedForAgain() throws {
    let optimizer =
      #"{"class_name": "SGD", "config": {"learning_rate": 0.2, "global_clipnorm": 0.1}}"#
    let distribute = #"{"workers": 1, "servers": 3, "shards": 2}"#
    let request = try Self.request(distribute, optimizer: optimizer)
    let whole = try Self.train(request)
    for place in [4, 5, 6, 20] {
      let found = try Self.train(
        request,
        atSquares: { cluster, count in
          guard count == place else { return }
          cluster.killWorker(0)
          cluster.startWorker()
        })
      expectSame(whole, found, "place \(place)")
      #expect(found.startCount == 1, "place \(place)")
    }
  }

  /// A server that has a step's whole gradient waits for the norms; another lacks a dead worker's part of it.
  @Test(arguments: [1, 2])
  func whoeverDiesBetweenServersClippingGoesOn(workers: Int) throws {
    let optimizer =
      #"{"class_name": "SGD", "config": {"learning_rate": 0.2, "global_clipnorm": 0.1}}"#
    let distribute = #"{"workers": \#(workers), "servers": 3, "shards": 2}"#
    let request = try Self.request(distribute, optimizer: optimizer)
    let whole = try Self.train(request)
    for place in 7..<13 {
      let found = try Self.train(
        request,
        atPush: { cluster, count in
          guard count == place else { return }
          cluster.killWorker(0)
          cluster.startWorker()
        })
      expectSame(whole, found, "place \(place)")
      #expect(found.startCount == 1, "place \(place)")
    }
  }

  /// More servers than there are lines of parameters: some hold nothing, and must wait for nobody.
  @Test func serversWithoutParametersHoldUpNobody() throws {
    let distribute = #"{"workers": 1, "servers": 12, "shards": 2}"#
    let request = try Self.request(distribute)
    let whole = try Self.train(request)
    for place in 24..<40 {
      let found = try Self.train(
        request,
        atPush: { cluster, count in
          guard count == place else { return }
          cluster.killWorker(0)
          cluster.startWorker()
        })
      expectSame(whole, found, "place \(place)")
      #expect(found.startCount == 1, "place \(place)")
    }
  }

  @Test func runningStatisticsOfOneWorkerAreThoseOfOneProcess() throws {
    let layers = #"{"class_name": "BatchNormalization"},"#
    let one = try Self.train(try Self.request(nil, layers: layers))
    let other = try Self.train(
      try Self.request(#"{"workers": 1, "servers": 2}"#, layers: layers))
    expectSame(one, other, "batch normalisation")
    #expect(abs(one.metrics["val_loss"]! - other.metrics["val_loss"]!) < 1e-4)
  }

  @Test func whatAWorkerFailsWithEndsTheTraining() throws {
    var request = try Self.request(#"{"workers": 2}"#)
    var labels = [Int64](repeating: 0, count: 150)
    labels[77] = 2
    request.training = ArraySource([
      "x": Tensor(fp32: [Float](repeating: 1, count: 450), shape: [150, 3]),
      "y": Tensor(int64: labels, shape: [150]),
    ])
    let error = #expect(throws: TrainingError.self) { try Self.train(request) }
    #expect(error?.code == .data)
    #expect(error?.message.contains("got 2") == true, "\(error?.message ?? "")")
  }
}
