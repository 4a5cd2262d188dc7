internal import ArgumentParser
internal import Compute
internal import Generation
internal import Glibc
internal import RPC

/// `martlet bench perplexity`: how well a language model foretells a text, as llama.cpp's
/// llama-perplexity measures it.
struct BenchPerplexity: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity", abstract: "Measure how well a language model foretells a text.",
    discussion: """
      The text is cut into windows of so many tokens, of which each second half is counted: the same \
      number as llama.cpp's llama-perplexity on the same file and text.
      """)
  @Option(help: "A .gguf file, or a folder of Hugging Face.") var model: String
  @Option(help: "Turn weights that are plain numbers into q8_0 or q4_K.") var quantize: String?
  @Option(help: "A file with text in UTF-8.") var text: String
  @Option(help: "Tokens of a window.") var context = 512
  @Option(help: "Windows at most; all of the text without it.") var windows: Int?
  @Option(help: "How many threads may compute.") var threads = 1
  @Flag(help: "Activations in 8 bits, as other engines take them, instead of 16.")
  var coarse = false
  @Flag(help: "Activations in f32, which takes long.") var exact = false
  @Option(
    help: """
      Write the logits of counted positions in single precision, row behind row, and the windows' tokens       beside them (.tokens).
      """) var logits: String?
  @Flag(help: "Print one JSON document.") var json = false

  private struct Document: Encodable {
    var perplexity, standardError: Double
    var windows, tokens, threads: Int
    var seconds: Double
  }

  func validate() throws {
    guard context >= 4, threads > 0, windows ?? 1 > 0 else {
      throw ValidationError("expected --context of at least 4, and other numbers above 0")
    }
    guard !(exact && coarse) else {
      throw ValidationError("expected --coarse or --exact, got both")
    }
  }

  func run() throws {
    let bytes = try FileBytes.read(text)
    let quantization = try Quantize.parsed(quantize)
    let loaded: LanguageModel
    do { loaded = try LanguageModel(path: model, quantization: quantization) } catch {
      throw CommandFailure(.badData, "'\(model)': \(error)")
    }
    let size = KeyValuePages.positionCount
    let session = DecoderSession(
      loaded.decoder, pageCount: (context + size - 1) / size, threadCount: threads,
      precision: exact ? .float32 : coarse ? .quantized : .wide)
    let start = MonotonicTime.now()
    var perplexity = Perplexity(windowLength: context)
    let written = try logits.map { try LogitsFile($0) }
    do {
      // llama.cpp leaves out a text's last line feed.
      let text = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
      try perplexity.count(
        loaded, Array(text), session, windowsMax: windows ?? .max,
        observer: written.map { file in
          Perplexity.Observer(window: { file.write(tokens: $0) }, rows: { file.write(rows: $0) })
        })
    } catch { throw CommandFailure(.badData, "'\(text)': \(error)") }
    try written?.close()
    let document = Document(
      perplexity: perplexity.value, standardError: perplexity.standardError,
      windows: perplexity.windowCount, tokens: perplexity.tokenCount, threads: threads,
      seconds: Double(MonotonicTime.now().nanoseconds - start.nanoseconds) / 1e9)
    if json { return try Output.json(document) }
    print(
      "perplexity \(Output.fixed(document.perplexity, 4)) ± "
        + "\(Output.fixed(document.standardError, 4)) over \(document.tokens) tokens of "
        + "\(document.windows) windows, in \(Output.fixed(document.seconds, 1)) s")
  }
}

/// Logits and tokens as numbers in the machine's order of bytes, for oracles that compare them.
private final class LogitsFile {
  private let path: String
  private let logits, tokens: UnsafeMutablePointer<FILE>
  private var isWhole = true

  init(_ path: String) throws(CommandFailure) {
    self.path = path
    guard let logits = fopen(path, "we"), let tokens = fopen(path + ".tokens", "we") else {
      throw CommandFailure(
        .cannotCreate, "cannot write '\(path)' and '.tokens': \(String(cString: strerror(errno)))")
    }
    (self.logits, self.tokens) = (logits, tokens)
  }

  func write(tokens values: [Int32]) {
    values.withUnsafeBytes { write($0, to: tokens) }
  }

  func write(rows: UnsafeBufferPointer<Float>) {
    write(UnsafeRawBufferPointer(rows), to: logits)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to file: UnsafeMutablePointer<FILE>) {
    isWhole = fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count && isWhole
  }

  func close() throws(CommandFailure) {
    let ends = [fclose(logits), fclose(tokens)]
    guard isWhole, ends == [0, 0] else {
      throw CommandFailure(.cannotCreate, "cannot write '\(path)': is the disk full?")
    }
  }
}
