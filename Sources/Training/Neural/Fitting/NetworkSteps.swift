internal import Compute

/// A network, its parameters and its data: computes losses and gradients of batches of any size. What is
/// done with the gradients is a ``StepEngine``'s.
final class NetworkSteps {
  let specification: TrainingSpecification
  let network: Network
  let memory: ParameterMemory
  let reader: BatchReader
  let threadCount: Int
  /// Classes that labels are of, nil where targets are no classes.
  let classCount: Int?
  /// Memory that is left for it.
  private var budget: MemoryBudget
  private var steppers: [Int: StepRunner] = [:]
  private var evaluators: [Int: StepRunner] = [:]

  /// What the description makes of the data; its parameters are zeros.
  ///
  /// - Parameters:
  ///   - available: memory that is left for all who hold something of it.
  ///   - holders: who these are.
  init(
    _ specification: TrainingSpecification, _ source: any ExampleSource, threadCount: Int,
    memory available: AvailableMemory? = nil,
    holders: WeightHolders = WeightHolders()
  ) throws(TrainingError) {
    budget = MemoryBudget(available, processCount: holders.processCount)
    self.specification = specification
    self.threadCount = threadCount
    guard source.count > 0 else {
      throw TrainingError(.data, "the data hold no examples; expected at least one")
    }
    network = try BatchReader.network(specification, source)
    reader = try BatchReader(source, network)
    let batch = min(specification.fit.batchSize, source.count)
    let (builder, output) = try network.build(.training(batch: batch))
    classCount = specification.loss.hasClassTargets ? output.shape.last : nil
    guard !builder.parameters.isEmpty else {
      throw TrainingError(.specification, "the network has nothing to learn: no layer has weights")
    }
    // Each begins at a multiple of 16 numbers.
    let count = builder.parameters.reduce(0) { $0 + ($1.count + 15) / 16 * 16 }
    try budget.claim(
      specification.weightByteCount(count, holders), for: .weights,
      advice:
        "use smaller layers, an optimizer that keeps less (SGD), or a machine with more memory")
    memory = ParameterMemory(builder.parameters)
  }

  /// The compiled step for batches of a size.
  func stepper(_ batch: Int) throws(TrainingError) -> StepRunner {
    if let known = steppers[batch] { return known }
    let made = try runner(.training(batch: batch), batch)
    steppers[batch] = made
    return made
  }

  private func evaluator(_ batch: Int) throws(TrainingError) -> StepRunner {
    if let known = evaluators[batch] { return known }
    let made = try runner(.evaluation(batch: batch), batch)
    evaluators[batch] = made
    return made
  }

  /// Compiles a step, if there is memory for it.
  private func runner(
    _ purpose: NetworkBuilder.Purpose, _ batch: Int
  ) throws(TrainingError) -> StepRunner {
    let advice =
      "use a smaller batch_size (it is \(specification.fit.batchSize)), smaller layers, or a machine with "
      + "more memory"
    try budget.claim(network.batchByteCount(batch), for: .batches, advice: advice)
    let program = try network.program(purpose, threadCount: threadCount)
    do {
      let size = try program.model.plannedByteCount() ?? 0
      try budget.claim(size, for: .steps, advice: advice)
    } catch let error as TrainingError {
      throw error
    } catch {
      throw TrainingError(.specification, "the network cannot be computed: \(error)")
    }
    return StepRunner(program, network, memory, batch: batch)
  }

  /// Compiles whatever steps an epoch takes, so that what does not fit is said before the first.
  func prepare(exampleCount: Int, validationCount: Int) throws(TrainingError) {
    let size = specification.fit.batchSize
    for (count, isTraining) in [(exampleCount, true), (validationCount, false)] {
      for batch in Set([min(count, size), count % size]) where batch > 0 {
        _ = isTraining ? try stepper(batch) : try evaluator(batch)
      }
    }
  }

  /// Reads the examples `rows` for the step that is returned.
  func read(_ rows: [Int]) throws(TrainingError) -> StepRunner {
    let runner = try stepper(rows.count)
    try read(rows[...], reader, runner)
    return runner
  }

  private func read(
    _ rows: ArraySlice<Int>, _ reader: BatchReader, _ runner: StepRunner
  ) throws(TrainingError) {
    try rows.withUnsafeBufferPointer { rows throws(TrainingError) in
      try runner.read(rows, reader, classCount: classCount)
    }
  }

  /// Means of loss and metrics over `examples`, without learning. `pause` is called after each batch.
  func evaluate(
    _ reader: BatchReader, _ examples: Range<Int>, _ ranks: RankSteps? = nil,
    pause: () throws(TrainingError) -> Void
  ) throws(TrainingError) -> [Metric] {
    var sums = [Double](repeating: 0, count: 1 + specification.metrics.count)
    do throws(TrainingError) {
      try addUp(&sums, reader, Array(examples), ranks, pause: pause)
    } catch {
      guard let ranks else { throw error }
      ranks.note(error)
    }
    if let ranks {
      try ranks.meet()
      sums = ranks.collective.sum(sums)
    }
    return zip(specification.measureNames, sums).map { Metric($0, $1 / Double(examples.count)) }
  }

  /// Adds loss and metrics of `rows`, or of this rank's part of each batch of them, times how many they are.
  private func addUp(
    _ sums: inout [Double], _ reader: BatchReader, _ rows: [Int], _ ranks: RankSteps?,
    pause: () throws(TrainingError) -> Void
  ) throws(TrainingError) {
    for first in stride(from: 0, to: rows.count, by: specification.fit.batchSize) {
      var batch = rows[first..<min(rows.count, first + specification.fit.batchSize)]
      if let ranks {
        let part = ranks.collective.part(of: batch.count)
        batch = batch[(first + part.lowerBound)..<(first + part.upperBound)]
      }
      guard !batch.isEmpty else { continue }
      let runner = try evaluator(batch.count)
      try read(batch, reader, runner)
      try runner.run(step: 0) { loss, metrics, _ in
        for (index, value) in ([loss] + metrics).enumerated() {
          sums[index] += value * Double(batch.count)
        }
      }
      try pause()
    }
  }
}

extension TrainingSpecification {
  /// What is measured at each step, in the order of its sums.
  var measureNames: [String] { ["loss"] + metrics.map(\.name) }
}
