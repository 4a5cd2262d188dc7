internal import ArgumentParser
internal import Compute
internal import Glibc
internal import ModelFormats
internal import RPC

/// `martlet bench serve`: a model run in this process, as a library would run it.
struct BenchServe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Time a model's inference in this process.")
  @Option(help: "An .onnx file.") var model: String
  @Option(help: "The size put for a free first dimension.") var batch = 1
  @Option(help: "How many threads may compute.") var threads = 1
  @Option(help: "For how long to measure, in seconds.") var seconds = 2.0
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    var batch, threads, runs: Int
    var medianMicroseconds, p99Microseconds: Double
  }

  func validate() throws {
    guard batch > 0, threads > 0, seconds > 0 else {
      throw ValidationError("expected --batch, --threads and --seconds above 0")
    }
  }

  func run() throws {
    let model = try Self.load(self.model)
    let inputs = model.inputs.map { spec in
      spec.shape.enumerated().map { $0.element >= 0 ? $0.element : ($0.offset == 0 ? batch : 1) }
    }
    let buffers = try zip(model.inputs, inputs).map { spec, shape in
      guard let byteCount = Shape.byteCount(shape, spec.dataType) else {
        throw CommandFailure(.badData, "input '\(spec.name)' is not a tensor of numbers")
      }
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
      // Small positive numbers, so that no model meets denormals or infinities.
      if spec.dataType == .fp32 {
        for (i, _) in buffer.bindMemory(to: Float.self).enumerated() {
          buffer.storeBytes(of: Float(i % 17) / 17, toByteOffset: i * 4, as: Float.self)
        }
      } else {
        _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
      }
      return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    let views = zip(zip(model.inputs, inputs), buffers).map {
      TensorView(
        dataType: $0.0.dataType, shape: $0.1, bytes: UnsafeRawBufferPointer($1))
    }
    let times = try model.withContext { context in
      for _ in 0..<20 { try context.run(views) }
      var times: [Duration] = []
      let end = MonotonicTime.now() + .seconds(seconds)
      var last = MonotonicTime.now()
      while last < end {
        try context.run(views)
        let now = MonotonicTime.now()
        times.append(now - last)
        last = now
      }
      return times.sorted()
    }
    let at = { (share: Double) in
      times[min(Int(Double(times.count) * share), times.count - 1)].milliseconds * 1e3
    }
    let row = Row(
      batch: batch, threads: threads, runs: times.count, medianMicroseconds: at(0.5),
      p99Microseconds: at(0.99))
    if json { return try Output.json(row) }
    print(
      "batch \(batch), \(threads) thread(s): median \(Output.fixed(row.medianMicroseconds, 1)) µs,"
        + " p99 \(Output.fixed(row.p99Microseconds, 1)) µs over \(row.runs) runs")
  }

  static func load(_ path: String) throws -> Model {
    guard access(path, R_OK) == 0 else {
      throw CommandFailure(.noInput, "cannot read '\(path)'")
    }
    do {
      return try Model(try ONNX.load(contentsOf: path))
    } catch {
      throw CommandFailure(.badData, "'\(path)': \(error)")
    }
  }
}
