import Testing
import Training

@Suite struct TrainingErrorTests {
  @Test func anErrorIsItsSentence() {
    #expect("\(TrainingError(.data, "expected 3 columns, got 2"))" == "expected 3 columns, got 2")
  }
}
