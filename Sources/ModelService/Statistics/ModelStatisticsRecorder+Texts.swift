internal import RPC

extension ModelStatisticsRecorder {
  /// Counts what `body` does for a request of a language model: an inference for each text, and one
  /// execution for as long as it takes. Texts share the model's steps, so that none of those is a
  /// request's own, and nothing waits in front of them. Who goes away before the end has failed.
  func count<Answer>(
    textCount: Int = 1, _ body: () async throws -> Answer
  ) async throws -> Answer {
    let start = MonotonicTime.now().nanoseconds
    do {
      let answer = try await body()
      let end = MonotonicTime.now().nanoseconds
      record(
        Execution(
          rowCount: textCount, submittedNanoseconds: [start], startNanoseconds: start,
          inferNanoseconds: start, outputNanoseconds: end, endNanoseconds: end),
        nowMilliseconds: BatchExecutor.wallMilliseconds())
      return answer
    } catch {
      recordFailure(nanoseconds: MonotonicTime.now().nanoseconds - start)
      throw error
    }
  }
}
