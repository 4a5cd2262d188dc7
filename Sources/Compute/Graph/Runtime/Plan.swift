internal import Glibc

/// The steps for one combination of input shapes, with every address decided. Points into its
/// context's arena; owns the constants its steps read.
final class Plan {
  /// Keeps packed weights alive as long as steps point at them.
  private let program: Program
  var constants: [Tensor] = []
  var inputs: [Operand] = []
  var outputs: [Operand] = []
  /// Where each input is in this run; read by the steps that follow it.
  let places: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private(set) var steps: [Step] = []
  private(set) var nodeNames: [String] = []
  private(set) var operatorNames: [String] = []
  /// Bytes that are written and what operators count beyond: see `ModelOptions.workMax`.
  let work: Double
  /// Values of the inputs that decided shapes, in the order of `Program.keyedInputs`.
  var keyedValues: [Tensor] = []

  /// Threads that steps may use; nil for the caller's alone.
  let threads: ThreadPool?

  init(program: Program, work: Double, threads: ThreadPool?) {
    self.program = program
    self.work = work
    self.threads = threads
    places = .allocate(capacity: max(program.inputs.count, 1))
  }

  deinit { places.deallocate() }

  /// Takes an input's elements: where they are if its readers follow it, else by a copy.
  func take(input index: Int, _ source: UnsafeRawBufferPointer) {
    guard let start = source.baseAddress else { return }
    let input = inputs[index]
    let alignment = input.dataType.elementByteCount ?? 1
    // Messages hold tensors wherever they happen to begin.
    if input.place != nil, Int(bitPattern: start) % alignment == 0 {
      places[index] = UnsafeMutableRawPointer(mutating: start)
    } else {
      memcpy(input.bytes, start, source.count)
      places[index] = input.bytes
    }
  }

  func append(_ step: @escaping Step, of instruction: Program.Instruction) {
    steps.append(step)
    nodeNames.append(instruction.nodeName)
    operatorNames.append(instruction.operatorName)
  }

  /// Runs all steps. Allocates nothing.
  func run() throws(ExecutionError) {
    threads?.beginRun()
    defer { threads?.endRun() }
    for index in 0..<steps.count {
      do {
        try steps[index]()
      } catch {
        throw ExecutionError(
          code: error.code, message: error.message, node: error.node ?? nodeNames[index])
      }
    }
  }

  /// Runs all steps, and adds what each takes by the given clock of nanoseconds to `times`.
  func run(clock: () -> Int, into times: inout [Int]) throws(ExecutionError) {
    threads?.beginRun()
    defer { threads?.endRun() }
    var last = clock()
    for index in 0..<steps.count {
      try steps[index]()
      let now = clock()
      times[index] += now - last
      last = now
    }
  }
}
