package import Protocols
package import Training

extension MartletV1.TrainingJob {
  /// A job as its owner sees it. `isHeld`: some process computes it.
  init(
    _ key: JobKey, _ order: JobOrder, _ state: JobState, isHeld: Bool, isCancelRequested: Bool,
    byteCount: UInt64
  ) {
    self.init()
    (id, model) = (key.id, order.model)
    (createdMs, endedMs) = (order.createdMilliseconds, state.endedMilliseconds)
    (message, code, version) = (state.message, state.code, state.version)
    metrics = state.metrics.messages
    notes = state.notes
    byteSize = byteCount
    switch state.kind {
    case .cancelled: self.state = .cancelled
    case .failed: self.state = .failed
    case .finished: self.state = .finished
    case .waiting, .running:
      self.state = isCancelRequested ? .cancelling : isHeld ? .running : .waiting
    }
  }
}

extension MartletV1.TrainingEvent {
  /// An event of the log.
  init(_ event: JobEvent, milliseconds: Int64, offset: UInt64) {
    self.init()
    (self.offset, timeMs) = (offset, milliseconds)
    switch event {
    case .started(let text): self.event = .started(text)
    case .progress(let progress): self.event = .progress(.init(progress))
    }
  }
}

extension MartletV1.TrainingProgress {
  /// A report as a message.
  package init(_ progress: TrainingProgress) {
    self.init()
    (epoch, epochCount) = (UInt32(clamping: progress.epoch), UInt32(clamping: progress.epochCount))
    (step, stepCount) = (UInt64(clamping: progress.step), UInt64(clamping: progress.stepCount))
    metrics = progress.metrics.messages
    (examplesPerSecond, secondsLeft) = (progress.examplesPerSecond, progress.secondsLeft)
    endsEpoch = progress.endsEpoch
  }
}

extension [Metric] {
  /// As messages.
  package var messages: [MartletV1.TrainingMetric] {
    map { metric in
      var message = MartletV1.TrainingMetric()
      (message.name, message.value) = (metric.name, metric.value)
      return message
    }
  }
}
