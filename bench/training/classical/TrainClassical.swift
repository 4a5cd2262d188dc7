internal import ClassicalTraining
internal import Glibc
internal import JSON
internal import ModelFormats
internal import TestSupport
internal import Training

/// `train-classical SPEC.json DATA.npz MODEL.onnx [THREADS [REPEATS [ANSWERS.npz]]]`: trains on an archive's
/// arrays, writes the model, and prints how long each run took (from the arrays in memory to the model's
/// bytes) and what it says about itself, as JSON. ANSWERS is what the model then answers for these rows.
@main
struct TrainClassical {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard (4...7).contains(arguments.count) else {
      print(
        "usage: train-classical SPEC.json DATA.npz MODEL.onnx [THREADS [REPEATS [ANSWERS.npz]]]")
      exit(64)
    }
    let specification = try JSONValue(parsing: Files.read(arguments[1])[...])
    let archive = try NumpyArchive(npz: Files.read(arguments[2])[...])
    let examples = ExampleArrays(archive)
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
    guard let model else { exit(1) }
    write(model.onnx, arguments[3])
    if arguments.count > 6 { write(try Answers.of(model.onnx, archive).npz(), arguments[6]) }
    let metrics = model.metrics.map { JSONValue.Member($0.name, .real($0.value)) }
    let result = JSONValue.object([
      .init("seconds", .array(seconds)), .init("metrics", .object(metrics)),
      .init("notes", .array(model.notes.map { .string($0) })),
    ])
    print(String(decoding: result.serialized(), as: UTF8.self))
  }

  private static func write(_ bytes: [UInt8], _ path: String) {
    guard let file = fopen(path, "wb") else { exit(73) }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
