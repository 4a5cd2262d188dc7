/// Computes the steps of epochs and changes the parameters by them: in this process, or with others.
///
/// Between two calls the state's counters, the parameters in ``NetworkSteps/memory`` and the optimizer's
/// slots belong together, wherever they were while a call lasted: that is when checkpoints are made.
protocol StepEngine: AnyObject {
  /// The optimizer's numbers for each parameter: as many runs as it has slots, laid out as the parameters.
  var slots: [UnsafeMutablePointer<Float>] { get }

  /// Takes the training from step `state.step` of the epoch `state.epoch` to its step `end`, and adds to
  /// the state's sums. `report` is called now and then with the state as it is; what it throws ends the
  /// call.
  func advance(
    _ state: inout NetworkCheckpoint, to end: Int, report: StepReport
  ) throws(TrainingError)

  /// There are no more steps.
  func finish()
}

/// Is told how far a training is after so many more examples.
typealias StepReport = (_ state: NetworkCheckpoint, _ examples: Int) throws(TrainingError) -> Void
