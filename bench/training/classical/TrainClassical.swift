internal import ClassicalTraining
internal import Glibc
internal import JSON
internal import ModelFormats
internal import TestSupport
internal import Training

/// `train-classical SPEC.json DATA.npz MODEL.onnx [THREADS [REPEATS]]`: trains on an archive's arrays,
/// writes the model, and prints how long each run took (from the arrays in memory to the model's bytes)
/// and what it says about itself, as JSON.
@main
struct TrainClassical {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard (4...6).contains(arguments.count) else {
      print("usage: train-classical SPEC.json DATA.npz MODEL.onnx [THREADS [REPEATS]]")
      exit(64)
    }
    let specification = try JSONValue(parsing: Files.read(arguments[1])[...])
    let examples = ExampleArrays(try NumpyArchive(npz: Files.read(arguments[2])[...]))
    let threads = arguments.count > 4 ? Int(arguments[4]) ?? 1 : 1
    let repeats = arguments.count > 5 ? Int(arguments[5]) ?? 1 : 1
    var seconds: [JSONValue] = []
    var model: TrainedModel?
    for _ in 0..<repeats {
      let start = now()
      do throws(TrainingError) {
        let request = TrainingRequest(
          specification: specification, training: examples, threadCount: threads)
        guard var trainer = try ClassicalTrainers.trainer(for: request) else {
          print("no trainer of that name")
          exit(64)
        }
        model = try trainer.run { _ throws(TrainingError) in }
      } catch {
        print(error)
        exit(1)
      }
      seconds.append(.real(now() - start))
    }
    guard let model, let file = fopen(arguments[3], "wb") else { exit(1) }
    fwrite(model.onnx, 1, model.onnx.count, file)
    fclose(file)
    let metrics = model.metrics.map { JSONValue.Member($0.name, .real($0.value)) }
    let result = JSONValue.object([
      .init("seconds", .array(seconds)), .init("metrics", .object(metrics)),
      .init("notes", .array(model.notes.map { .string($0) })),
    ])
    print(String(decoding: result.serialized(), as: UTF8.self))
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
