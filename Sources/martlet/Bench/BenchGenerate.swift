internal import ArgumentParser
internal import Compute
internal import Generation
internal import Glibc
internal import ModelFormats
internal import RPC

/// `martlet bench generate`: how fast a language model reads prompts and generates, beside what
/// memory gives.
struct BenchGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Time a language model's prompts and tokens.",
    discussion: """
      Medians of the rounds. The share of memory is what all weights are, times the steps of one \
      stream a second, beside plain reading on as many threads in the same run.
      """)
  @Option(help: "A .gguf file, or a folder of Hugging Face.") var model: String
  @Option(help: "Turn weights that are plain numbers into q8_0 or q4_K.") var quantize: String?
  @Option(help: "How many threads may compute.") var threads = 1
  @Option(help: "Tokens of the prompt.") var prompt = 512
  @Option(help: "Tokens to generate, from an empty context.") var tokens = 128
  @Option(help: "Streams at a time; may be given again.") var streams: [Int] = [1, 8]
  @Option(help: "Rounds.") var rounds = 3
  @Flag(help: "Activations in 8 bits, as other engines take them, instead of 16.")
  var coarse = false
  @Flag(help: "Keys and values in 8 bits (kv_cache_type q8_0), instead of half precision.")
  var byteCache = false
  @Flag(help: "Print one JSON document.") var json = false

  private struct Row: Encodable {
    var streams: Int
    var promptTokensPerSecond, tokensPerSecond: Double
    var shareOfMemory: Double?
  }
  private struct Document: Encodable {
    var threads, weightBytes, residentBytes: Int
    var loadMilliseconds, readBytesPerSecond: Double
    var rows: [Row]
  }

  func validate() throws {
    guard threads > 0, prompt > 0, tokens > 0, rounds > 0, streams.allSatisfy({ $0 > 0 }) else {
      throw ValidationError("expected numbers above 0")
    }
  }

  func run() throws {
    let before = ResidentMemory.byteCount()
    let start = MonotonicTime.now()
    let quantization = try Quantize.parsed(quantize)
    let decoder: Decoder
    do { decoder = try Decoder(path: model, quantization: quantization) } catch {
      throw CommandFailure(.badData, "'\(model)': \(error)")
    }
    let load = seconds(since: start)
    guard max(prompt, tokens) <= decoder.configuration.contextLength else {
      throw CommandFailure(
        .usage,
        "expected --prompt and --tokens within the context of "
          + "\(decoder.configuration.contextLength)")
    }
    let session = DecoderSession(
      decoder, pageCount: (streams.max() ?? 1) * pagesPerStream, threadCount: threads,
      precision: coarse ? .quantized : .wide, cachePrecision: byteCache ? .bytes : .half)
    let bandwidth = MemoryBandwidth.read(threadCount: threads)
    let rows = streams.map { row(session, streams: $0, bandwidth) }
    let document = Document(
      threads: threads, weightBytes: decoder.byteCount,
      residentBytes: max(0, ResidentMemory.byteCount() - before), loadMilliseconds: load * 1000,
      readBytesPerSecond: bandwidth, rows: rows)
    if json { return try Output.json(document) }
    print(
      "loaded in \(Output.fixed(document.loadMilliseconds, 0)) ms, weights "
        + "\(decoder.byteCount >> 20) MiB, reading \(Output.fixed(bandwidth / 1e9, 1)) GB/s")
    Output.table(
      ["STREAMS", "PROMPT TOKENS/S", "TOKENS/S", "OF MEMORY"],
      rows.map {
        [
          String($0.streams), Output.fixed($0.promptTokensPerSecond, 0),
          Output.fixed($0.tokensPerSecond, 1),
          $0.shareOfMemory.map { Output.fixed($0 * 100, 0) + " %" } ?? "-",
        ]
      })
  }

  private var pagesPerStream: Int {
    (max(prompt, tokens) + KeyValuePages.positionCount - 1) / KeyValuePages.positionCount
  }

  private func row(_ session: DecoderSession, streams: Int, _ bandwidth: Double) -> Row {
    var (prompts, generated) = ([Double](), [Double]())
    for _ in 0..<rounds {
      prompts.append(Double(streams * prompt) / readPrompts(session, streams))
      generated.append(Double(streams * tokens) / generate(session, streams))
    }
    let speed = median(generated)
    return Row(
      streams: streams, promptTokensPerSecond: median(prompts), tokensPerSecond: speed,
      shareOfMemory: streams == 1
        ? speed * Double(session.decoder.byteCount) / bandwidth : nil)
  }

  private func pages(_ stream: Int) -> [Int32] {
    (0..<pagesPerStream).map { Int32(stream * pagesPerStream + $0) }
  }

  /// Made-up tokens: how long they take does not depend on what they are.
  private func token(_ number: Int, _ session: DecoderSession) -> Int32 {
    Int32((number * 31 + 7) % session.decoder.configuration.vocabularySize)
  }

  private func readPrompts(_ session: DecoderSession, _ streams: Int) -> Double {
    let start = MonotonicTime.now()
    for stream in 0..<streams {
      var first = 0
      while first < prompt {
        let count = min(512, prompt - first)
        _ = session.run([
          DecoderEntry(
            tokens: (first..<first + count).map { token($0, session) }, firstPosition: first,
            pages: pages(stream), rows: first + count == prompt ? .last : .none)
        ])
        first += count
      }
    }
    return seconds(since: start)
  }

  private func generate(_ session: DecoderSession, _ streams: Int) -> Double {
    let start = MonotonicTime.now()
    for step in 0..<tokens {
      _ = session.run(
        (0..<streams).map { stream in
          DecoderEntry(
            tokens: [token(step + stream, session)], firstPosition: step,
            pages: pages(stream))
        })
    }
    return seconds(since: start)
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private func seconds(since start: MonotonicTime) -> Double {
    Double(MonotonicTime.now().nanoseconds - start.nanoseconds) / 1e9
  }
}
