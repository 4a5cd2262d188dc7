internal import Glibc
internal import ModelService
internal import Protocols
internal import RPC
internal import Training

/// What rank 0 shows and writes: the same bar, table, log and curves as of a training by the service.
final class RankReport {
  private let options: ReportOptions
  private let model: String
  private let log, curves: String?
  private var report: TrainingReport
  private var failure: TrainingError?
  private var due: MonotonicTime = .now()

  private static let pause = Duration.milliseconds(500)

  /// - Parameters:
  ///   - name: what the model is served as; its log is there without being asked for.
  ///   - output: where it is written, for want of a name.
  init(_ options: ReportOptions, name: String?, output: String?) throws(TrainingError) {
    self.options = options
    model = name ?? output ?? ""
    (log, curves) = options.paths(defaultLog: name.map { "\($0).training.jsonl" })
    report = TrainingReport(id: model, printsTable: !options.json)
    do throws(CommandFailure) { report.log = try log.map(TrainingLogFile.init) } catch {
      throw TrainingError(.resources, error.message)
    }
  }

  /// Shows and writes a sentence about how it begins.
  func say(_ text: String) { take(.started(text)) }

  /// Shows and writes how far the training is, some times a second.
  func take(_ progress: TrainingProgress) throws(TrainingError) {
    let now = MonotonicTime.now()
    if now >= due || progress.endsEpoch {
      due = now + Self.pause
      take(.progress(.init(progress)))
    }
    // Within an epoch one rank cannot end: the others would wait for its part of the batch.
    if progress.endsEpoch, let failure { throw failure }
  }

  private func take(_ event: MartletV1.TrainingEvent.Event) {
    var message = MartletV1.TrainingEvent()
    (message.timeMs, message.event) = (Self.milliseconds, event)
    do { try report.take(message) } catch {
      failure =
        failure ?? TrainingError(.resources, (error as? CommandFailure)?.message ?? "\(error)")
    }
  }

  /// Draws the curves, and says what came of it.
  func finish(_ result: TrainedModel, version: Int64) throws(TrainingError) {
    report.ended()
    var job = MartletV1.TrainingJob()
    (job.model, job.version, job.state) = (model, version, .finished)
    (job.metrics, job.notes) = (result.metrics.messages, result.notes)
    do { try options.finish(job, report, log, curves) } catch {
      throw TrainingError(.resources, (error as? CommandFailure)?.message ?? "\(error)")
    }
  }

  private static var milliseconds: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
  }
}
