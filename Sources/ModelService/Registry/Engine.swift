public import Compute

/// Something that computes outputs from inputs: a loaded graph. Safe to run from any number of
/// threads at one time.
public protocol Engine: Sendable {
  /// What `run` wants, in order.
  var inputs: [TensorSpec] { get }
  /// What requests may bring besides, for whoever answers them in the engine's place.
  var optionalInputs: [TensorSpec] { get }
  /// What `run` gives, in order.
  var outputs: [TensorSpec] { get }
  /// Names of the classes in the order of the scores, where the model's file holds them.
  var classLabels: [String] { get }
  /// Bytes held while loaded.
  var memoryByteCount: Int { get }
  /// What its metadata calls this kind of model, if not what the loader does.
  var platform: String? { get }
  /// Computes, then hands each output to `receive`; the views end with the call. Throws
  /// `ExecutionError` for inputs that don't work.
  func run(_ inputs: [TensorView], _ receive: (Int, TensorView) -> Void) throws
}

extension Engine {
  /// None.
  public var optionalInputs: [TensorSpec] { [] }
  /// What the loader calls it.
  public var platform: String? { nil }
}

/// Makes engines of stored files.
public protocol EngineLoader: Sendable {
  /// What a model's metadata calls this kind.
  var platform: String { get }
  /// Loads and checks a model; every fault of the file is found here.
  func load(_ files: VersionFiles) throws -> any Engine
}
