internal import Glibc

/// The steps for one combination of input shapes, with every address decided. Points into its
/// context's arena; owns the constants its steps read.
final class Plan {
  /// Keeps packed weights alive as long as steps point at them.
  private let program: Program
  var constants: [Tensor] = []
  var inputs: [Operand] = []
  var outputs: [Operand] = []
  /// After how many steps each output is complete; see ``run(whenReady:)``.
  private var completions: [(stepCount: Int, output: Int)] = []
  /// Where each input is in this run; read by the steps that follow it.
  let places: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// Steps that are made for one place of an input, and the places they are made for.
  private var bindings: [StepBinding] = []
  private let bound: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var hasMoved = false
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
    let count = max(program.inputs.count, 1)
    places = .allocate(capacity: count)
    places.initialize(repeating: UnsafeMutableRawPointer(bitPattern: 1)!, count: count)
    bound = .allocate(capacity: count)
    bound.initialize(repeating: nil, count: count)
  }

  deinit {
    places.deallocate()
    bound.deallocate()
  }

  /// Takes an input's elements: where they are if its readers follow it, else by a copy.
  func take(input index: Int, _ source: UnsafeRawBufferPointer) {
    guard let start = source.baseAddress else { return }
    let input = inputs[index]
    if input.place != nil, canRead(input, source) {
      place(index, UnsafeMutableRawPointer(mutating: start))
    } else {
      memcpy(input.bytes, start, source.count)
      place(index, input.bytes)
    }
  }

  /// Messages hold tensors wherever they happen to begin, so they may not be aligned for their type. And
  /// kernels may read a line behind a tensor, which nobody notices unless a page begins there.
  private func canRead(_ input: Operand, _ source: UnsafeRawBufferPointer) -> Bool {
    let start = Int(bitPattern: source.baseAddress)
    let last = start + source.count - 1
    return start % (input.dataType.elementByteCount ?? 1) == 0
      && last / Self.pageByteCountMin == (last + TensorStorage.alignment) / Self.pageByteCountMin
  }

  /// The smallest page of any processor that is supported.
  private static let pageByteCountMin = 4_096

  private func place(_ index: Int, _ address: UnsafeMutableRawPointer) {
    if places[index] == address { return }
    places[index] = address
    hasMoved = true
  }

  /// Notes that the step that was appended last reads inputs where the caller has them.
  func bind(
    _ instruction: Program.Instruction, _ operands: Operands, to sources: [StepBinding.Source]
  ) {
    bindings.append(StepBinding(step: steps.count - 1, instruction, operands, sources))
  }

  /// Makes the steps again that read inputs which are elsewhere now.
  private func rebind() throws(ExecutionError) {
    for index in bindings.indices {
      let moved = bindings[index].sources.contains { bound[$0.input] != places[$0.input] }
      if moved { steps[bindings[index].step] = try bindings[index].make(places) }
    }
    for index in 0..<inputs.count { bound[index] = places[index] }
    hasMoved = false
  }

  func append(_ step: @escaping Step, of instruction: Program.Instruction) {
    steps.append(step)
    nodeNames.append(instruction.nodeName)
    operatorNames.append(instruction.operatorName)
  }

  /// Notes after how many steps each output has its elements.
  func complete(_ stepCounts: [Int]) {
    completions = stepCounts.enumerated().map { ($1, $0) }
      .sorted { ($0.stepCount, $0.output) < ($1.stepCount, $1.output) }
  }

  /// Runs all steps, and tells of each output when it is complete. No later step writes where an output
  /// lies: outputs live to the end of the run, and nothing is put in the place of what lives.
  func run(whenReady: (_ output: Int) -> Void) throws(ExecutionError) {
    if hasMoved { try rebind() }
    threads?.beginRun()
    defer { threads?.endRun() }
    var next = 0
    for done in 0...steps.count {
      if done > 0 { try run(step: done - 1) }
      while next < completions.count, completions[next].stepCount <= done {
        whenReady(completions[next].output)
        next += 1
      }
    }
  }

  private func run(step index: Int) throws(ExecutionError) {
    do {
      try steps[index]()
    } catch {
      throw ExecutionError(
        code: error.code, message: error.message, node: error.node ?? nodeNames[index])
    }
  }

  /// Runs all steps. Allocates nothing but for steps whose inputs are somewhere else than last time.
  func run() throws(ExecutionError) {
    if hasMoved { try rebind() }
    threads?.beginRun()
    defer { threads?.endRun() }
    for index in 0..<steps.count { try run(step: index) }
  }

  /// Runs all steps, and adds what each takes by the given clock of nanoseconds to `times`.
  func run(clock: () -> Int, into times: inout [Int]) throws(ExecutionError) {
    if hasMoved { try rebind() }
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
