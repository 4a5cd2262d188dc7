internal import Compute

/// Runs a compiled step on batches of one size: it owns the memory that a batch is read into, and knows
/// where the parameters are. Once warm, a step allocates nothing of its own.
final class StepRunner {
  let batch: Int
  private let program: NetworkProgram
  private let memory: ParameterMemory
  private let inputs: [UnsafeMutableRawPointer]
  private let target: UnsafeMutableRawPointer
  private let step: UnsafeMutablePointer<Int64>
  private let views: [TensorView]
  private var scratch: [UInt8] = []
  /// What a step found, told to its caller.
  private var metrics: [Double]
  private var gradients: [UnsafePointer<Float>]

  init(_ program: NetworkProgram, _ network: Network, _ memory: ParameterMemory, batch: Int) {
    self.batch = batch
    self.program = program
    self.memory = memory
    func allocate(_ shape: [Int], _ type: DataType) -> (UnsafeMutableRawPointer, TensorView) {
      let size = batch * shape.reduce(1, *) * (type.elementByteCount ?? 4)
      let bytes = UnsafeMutableRawPointer.allocate(byteCount: size + 128, alignment: 4096)
      bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size + 128)
      return (
        bytes,
        TensorView(
          dataType: type, shape: [batch] + shape,
          bytes: UnsafeRawBufferPointer(start: bytes, count: size))
      )
    }
    let features = network.inputs.map { allocate($0.shape, $0.dataType) }
    let target = allocate(network.target.shape, network.target.dataType)
    step = .allocate(capacity: 8)
    step.initialize(repeating: 0, count: 8)
    inputs = features.map(\.0)
    self.target = target.0
    metrics = [Double](repeating: 0, count: program.metricCount)
    gradients = [UnsafePointer<Float>](
      repeating: UnsafePointer(memory.base), count: program.trained.count)
    let counter = TensorView(
      dataType: .int64, shape: [2], bytes: UnsafeRawBufferPointer(start: step, count: 16))
    views =
      features.map(\.1) + [target.1, counter] + memory.parameters.indices.map { memory.view($0) }
  }

  deinit {
    for input in inputs { input.deallocate() }
    target.deallocate()
    step.deallocate()
  }

  /// Reads a batch.
  func read(
    _ rows: UnsafeBufferPointer<Int>, _ reader: BatchReader, classCount: Int?
  ) throws(TrainingError) {
    try reader.read(
      rows, inputs: inputs, target: target, scratch: &scratch, classCount: classCount)
  }

  /// Computes the step on what was read. `body` gets the loss and the metrics, and where the gradients of
  /// the trained parameters are; they are gone when it returns.
  /// - Parameters:
  ///   - firstExample: which example of the global batch is the first that was read.
  ///   - whenReady: is told of each gradient, by its place among those of the trained parameters, as soon as it
  ///     is complete.
  func run(
    step number: Int, firstExample: Int = 0,
    whenReady: ((_ place: Int, _ gradient: UnsafePointer<Float>) -> Void)? = nil,
    _ body: (_ loss: Double, _ metrics: [Double], _ gradients: [UnsafePointer<Float>]) -> Void
  ) throws(TrainingError) {
    (step[0], step[1]) = (Int64(number), Int64(firstExample))
    do {
      try program.model.withContext { context in
        func floats(_ index: Int) -> UnsafePointer<Float> {
          context.output(index).bytes.baseAddress!.assumingMemoryBound(to: Float.self)
        }
        let firstGradient = 1 + program.metricCount + program.followed.count
        if let whenReady {
          try context.run(views) { index in
            if index >= firstGradient { whenReady(index - firstGradient, floats(index)) }
          }
        } else {
          try context.run(views)
        }
        func scalar(_ index: Int) -> Double {
          Double(context.output(index).bytes.loadUnaligned(as: Float.self))
        }
        let loss = scalar(0)
        for index in metrics.indices { metrics[index] = scalar(index + 1) }
        for index in program.followed.indices where loss.isFinite {
          let parameter = program.followed[index]
          memory.pointer(parameter).update(
            from: floats(1 + program.metricCount + index), count: memory.parameters[parameter].count
          )
        }
        for index in gradients.indices { gradients[index] = floats(firstGradient + index) }
        body(loss, metrics, gradients)
      }
    } catch {
      throw TrainingError(.diverged, "a step cannot be computed: \(error)")
    }
  }

  /// What each operator of a step takes.
  func profile(count: Int, clock: () -> Int) throws(TrainingError) -> [StepTime] {
    do {
      return try program.model.withContext { context in
        try context.profile(views, count: count, clock: clock)
      }
    } catch {
      throw TrainingError(.diverged, "a step cannot be computed: \(error)")
    }
  }

  /// Bytes that the values of a run take, once there was one.
  var heldByteCount: Int { program.model.withContext { $0.arenaByteCount } }
  /// The parameters whose gradients a run gives.
  var trained: [Int] { program.trained }
  /// The parameters whose new values a run gives.
  var followed: [Int] { program.followed }
}
