public import JSON

/// What a training is asked to do.
public struct TrainingRequest: Sendable {
  /// The model and how to train it: docs/training.md.
  public var specification: JSONValue
  /// The examples to learn from.
  public var training: any ExampleSource
  /// Examples to judge by only, if they are a file of their own.
  public var validation: (any ExampleSource)?
  /// Where to keep what a killed training goes on from; nil for nowhere.
  public var checkpoints: (any CheckpointStore)?
  /// Threads to compute on.
  public var threadCount: Int
  /// Memory that it may take; nil: as much as it needs.
  public var availableMemory: AvailableMemory?
  /// The model that `fit.initial_model` names; nil for none.
  public var initialModel: InitialModel?
  /// Those who train the same network together; nil for who trains alone. All of them make the same request.
  package var collective: (any Collective)?
  /// Starts and reaches the processes of a description with `distribute`; nil where there are none.
  package var cluster: (@Sendable (ClusterPlan) throws(TrainingError) -> any ClusterControl)?

  /// Makes a request.
  public init(
    specification: JSONValue, training: any ExampleSource, validation: (any ExampleSource)? = nil,
    checkpoints: (any CheckpointStore)? = nil, threadCount: Int = 1
  ) {
    self.specification = specification
    self.training = training
    self.validation = validation
    self.checkpoints = checkpoints
    self.threadCount = threadCount
  }
}

/// Keeps the newest checkpoint of one training. A checkpoint replaces the last one whole or not at all.
public protocol CheckpointStore: Sendable {
  /// Writes a checkpoint durably; the last one stays if this fails.
  func save(_ bytes: [UInt8]) throws(TrainingError)
  /// The newest checkpoint, nil if there is none.
  func load() throws(TrainingError) -> [UInt8]?
}

/// A measure's name, as Keras or scikit-learn calls it, and its value.
public struct Metric: Sendable, Equatable {
  /// For example "loss", "accuracy", "val_loss".
  public var name: String
  /// The value.
  public var value: Double

  /// Makes a metric.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// How far a training is.
public struct TrainingProgress: Sendable, Equatable {
  /// The epoch (or round, or tree) under way, from 1, and how many there will be at most.
  public var epoch: Int
  /// See `epoch`.
  public var epochCount: Int
  /// Steps done of the epoch.
  public var step: Int
  /// Steps an epoch has.
  public var stepCount: Int
  /// Means over the epoch so far; at its end the validation's too, prefixed `val_`.
  public var metrics: [Metric]
  /// Examples a second, over the last steps.
  public var examplesPerSecond: Double
  /// An estimate of what is left, in seconds.
  public var secondsLeft: Double
  /// Whether this ends an epoch.
  public var endsEpoch: Bool

  /// Makes a report.
  public init(
    epoch: Int, epochCount: Int, step: Int, stepCount: Int, metrics: [Metric],
    examplesPerSecond: Double, secondsLeft: Double, endsEpoch: Bool
  ) {
    self.epoch = epoch
    self.epochCount = epochCount
    self.step = step
    self.stepCount = stepCount
    self.metrics = metrics
    self.examplesPerSecond = examplesPerSecond
    self.secondsLeft = secondsLeft
    self.endsEpoch = endsEpoch
  }
}

/// What a training gave.
public struct TrainedModel: Sendable {
  /// The model as an ONNX file.
  public var onnx: [UInt8]
  /// The last epoch's metrics, or the fit's.
  public var metrics: [Metric]
  /// What a person should know: that it stopped early, which columns were categories.
  public var notes: [String]

  /// Makes a result.
  public init(onnx: [UInt8], metrics: [Metric], notes: [String] = []) {
    self.onnx = onnx
    self.metrics = metrics
    self.notes = notes
  }
}

/// One way to train. Made from a request, which it checks: what is wrong is said before anything is computed.
public protocol Trainer {
  /// What a person should know before it begins, a sentence each: whose weights it begins with.
  var openingNotes: [String] { get }

  /// Trains to the end, from the last checkpoint if there is one. `report` is told of every step that is
  /// worth telling, and at least twice a second; it throws `TrainingError(.cancelled, …)` to end the training.
  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel
}

extension Trainer {
  /// Nothing.
  public var openingNotes: [String] { [] }
}
