internal import Compute
internal import Synchronization

@testable import ModelService

/// An engine made of a closure, with counters: what the service does around an engine can be
/// tested without a graph.
final class TestEngine: Engine {
  let inputs: [TensorSpec]
  let outputs: [TensorSpec]
  let classLabels: [String] = []
  let memoryByteCount: Int
  /// Rows of each run, in order.
  let runs = Mutex<[Int]>([])
  private let body: @Sendable ([TensorView]) throws -> [(shape: [Int], bytes: [UInt8])]

  init(
    inputs: [TensorSpec], outputs: [TensorSpec], memoryByteCount: Int = 1000,
    _ body: @escaping @Sendable ([TensorView]) throws -> [(shape: [Int], bytes: [UInt8])]
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.memoryByteCount = memoryByteCount
    self.body = body
  }

  func run(_ inputs: [TensorView], _ receive: (Int, TensorView) -> Void) throws {
    runs.withLock { $0.append(inputs.first?.shape.first ?? 0) }
    for (index, output) in try body(inputs).enumerated() {
      output.bytes.withUnsafeBytes {
        receive(
          index,
          TensorView(dataType: outputs[index].dataType, shape: output.shape, bytes: $0))
      }
    }
  }

  var runCount: Int { runs.withLock { $0.count } }

  /// Triton's `simple`: INT32 [N,16] twice, their sum and their difference.
  static func simple(memoryByteCount: Int = 1000) -> TestEngine {
    let spec = { TensorSpec(name: $0, dataType: .int32, shape: [-1, 16]) }
    return TestEngine(
      inputs: [spec("INPUT0"), spec("INPUT1")], outputs: [spec("OUTPUT0"), spec("OUTPUT1")],
      memoryByteCount: memoryByteCount
    ) { inputs in
      let (left, right) = (integers(inputs[0].bytes), integers(inputs[1].bytes))
      // A value nobody may send: one bad request of a batch.
      if left.contains(-666) {
        throw ExecutionError(code: .invalidValue, message: "expected a value, got the bad one")
      }
      return [
        (inputs[0].shape, bytes(zip(left, right).map { $0 &+ $1 })),
        (inputs[0].shape, bytes(zip(left, right).map { $0 &- $1 })),
      ]
    }
  }

  /// Gives back what it gets, of any type: [N,-1], or [-1] without a batch.
  static func identity(_ type: DataType, shape: [Int] = [-1, -1]) -> TestEngine {
    TestEngine(
      inputs: [TensorSpec(name: "INPUT0", dataType: type, shape: shape)],
      outputs: [TensorSpec(name: "OUTPUT0", dataType: type, shape: shape)]
    ) { [($0[0].shape, Array($0[0].bytes))] }
  }

  static func integers(_ bytes: UnsafeRawBufferPointer) -> [Int32] {
    (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
  }
}

/// Elements as little-endian bytes.
func bytes<T: BitwiseCopyable>(_ elements: [T]) -> [UInt8] {
  elements.withUnsafeBytes { Array($0) }
}

/// Bytes as elements.
func elements<T: BitwiseCopyable>(_ bytes: some Sequence<UInt8>, _: T.Type) -> [T] {
  Array(bytes).withUnsafeBytes { raw in
    (0..<raw.count / MemoryLayout<T>.size).map {
      raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
    }
  }
}

/// Chooses the engine by the content of `model.onnx`; content nobody registered does not load.
final class TestLoader: EngineLoader {
  struct Refusal: Error, CustomStringConvertible {
    var description: String { "the file is not a model" }
  }

  let platform = "test"
  private let engines = Mutex<[String: @Sendable () throws -> TestEngine]>([:])
  let loads = Mutex<[String]>([])

  init() {
    register("simple") { .simple() }
  }

  func register(_ content: String, _ make: @escaping @Sendable () throws -> TestEngine) {
    engines.withLock { $0[content] = make }
  }

  var loadCount: Int { loads.withLock { $0.count } }

  func load(_ files: VersionFiles) throws -> any Engine {
    let bytes = try readAll(files.modelPath)
    let content = String(decoding: bytes, as: UTF8.self)
    loads.withLock { $0.append(content) }
    guard let make = engines.withLock({ $0[content] }) else { throw Refusal() }
    return try make()
  }
}
