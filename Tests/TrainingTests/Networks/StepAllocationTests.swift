import AllocationProbe
import Compute
import JSON
import Testing

@testable import Training

/// The memory of a step is planned when it is compiled: forward, backward and what its caller is told.
@Suite(.serialized, .enabled(if: allocation_probe_is_active() != 0)) struct StepAllocationTests {
  @Test(arguments: [
    #"{"class_name": "Reshape", "config": {"target_shape": [8, 8, 1]}}, "#
      + #"{"class_name": "Conv2D", "config": {"filters": 4, "kernel_size": 3, "activation": "relu"}}, "#
      + #"{"class_name": "MaxPooling2D"}, {"class_name": "Flatten"}"#,
    #"{"class_name": "Reshape", "config": {"target_shape": [8, 8]}}, "#
      + #"{"class_name": "LSTM", "config": {"units": 6}}, {"class_name": "BatchNormalization"}"#,
    #"{"class_name": "Dense", "config": {"units": 16, "activation": "gelu"}}, "#
      + #"{"class_name": "Dropout", "config": {"rate": 0.1}}"#,
  ])
  func aWarmStepAllocatesNothing(layers: String) throws {
    let text = """
      {"class_name": "Sequential", "config": {"layers": [\(layers),
        {"class_name": "Dense", "config": {"units": 3, "activation": "softmax"}}]},
       "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
       "fit": {"batch_size": 8}}
      """
    let data = ArraySource([
      "x": Tensor(fp32: (0..<(32 * 64)).map { Float($0 % 17) / 17 }, shape: [32, 64]),
      "y": Tensor(int64: (0..<32).map { Int64($0 % 3) }, shape: [32]),
    ])
    let steps = try NetworkSteps(
      TrainingSpecification(try JSONValue(parsing: Array(text.utf8)[...])), data, threadCount: 1)
    steps.memory.initialize(seed: 1)
    let runner = try steps.read(Array(0..<8))
    var loss = 0.0
    for step in 0..<3 { try runner.run(step: step) { found, _, _ in loss = found } }
    let before = allocation_probe_count()
    for step in 0..<10 { try runner.run(step: step) { found, _, _ in loss = found } }
    #expect(allocation_probe_count() - before == 0)
    #expect(loss.isFinite && loss > 0)
  }
}
