internal import ArgumentParser
internal import Glibc
internal import Protocols
internal import RPC

/// `martlet generate`: a text that goes on where the prompt ends, as it is produced.
struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Let a language model continue a text.",
    discussion: """
      The text appears as it is produced; how fast it came is told on standard error. A PROMPT of - \
      is read from standard input.
      """)
  @OptionGroup var options: ClientOptions
  @OptionGroup var sampling: SamplingOptions
  @Argument(help: "The model.") var model: String
  @Argument(help: "The text to continue; - reads standard input.") var prompt: String
  @Option(help: "The model's version; default: the newest.") var version = ""
  @Flag(help: "Print one JSON document.") var json = false

  func run() async throws {
    var request = MartletV1.GenerateRequest()
    (request.model, request.version) = (model, version)
    request.prompt =
      prompt == "-"
      ? try ValidText.of(try FileBytes.readStandardInput(), "standard input", .usage) : prompt
    request.options = try sampling.message()
    let generation = try await GeneratedText.receive(
      try options.connect(), "Generate", request, prints: !json)
    if json { return try Output.json(generation.document) }
    print("")
    generation.printSpeed()
  }
}

/// A text as it came, and how fast.
struct GeneratedText {
  private(set) var text = ""
  private(set) var finishReason = ""
  private(set) var usage = MartletV1.GenerationUsage()
  private var start = MonotonicTime.now()
  private var firstToken: MonotonicTime?
  private var end = MonotonicTime.now()

  /// What `--json` prints.
  struct Document: Encodable {
    var text, finishReason: String
    var promptTokens, cachedTokens, generatedTokens: UInt64
    var secondsToFirstToken, tokensPerSecond: Double

    enum CodingKeys: String, CodingKey {
      case text
      case finishReason = "finish_reason"
      case promptTokens = "prompt_tokens"
      case cachedTokens = "cached_tokens"
      case generatedTokens = "generated_tokens"
      case secondsToFirstToken = "seconds_to_first_token"
      case tokensPerSecond = "tokens_per_second"
    }
  }

  /// Reads the pieces of a call, and shows them as they come.
  static func receive<Request: ProtobufMessage>(
    _ connection: Connection, _ method: String, _ request: Request, prints: Bool
  ) async throws -> GeneratedText {
    var result = GeneratedText()
    let responses: ResponseStream<MartletV1.GenerateResponse> =
      try await connection.client.serverStreaming(
        "/martlet.v1.Generation/" + method, request, metadata: connection.metadata,
        deadline: connection.deadline)
    while let response = try await responses.next() {
      if result.firstToken == nil, !response.tokens.isEmpty { result.firstToken = .now() }
      result.text += response.text
      if !response.finishReason.isEmpty { result.finishReason = response.finishReason }
      if let usage = response.usage { result.usage = usage }
      if prints, !response.text.isEmpty {
        print(Output.printed(response.text), terminator: "")
        fflush(nil)
      }
    }
    result.end = .now()
    return result
  }

  private var secondsToFirst: Double { Self.seconds(from: start, to: firstToken ?? end) }
  private var tokensPerSecond: Double {
    let seconds = Self.seconds(from: firstToken ?? start, to: end)
    let count = Double(usage.generatedTokens) - 1
    return seconds > 0 && count > 0 ? count / seconds : 0
  }

  private static func seconds(from start: MonotonicTime, to end: MonotonicTime) -> Double {
    Double(end.nanoseconds - start.nanoseconds) / 1e9
  }

  var document: Document {
    Document(
      text: text, finishReason: finishReason, promptTokens: usage.promptTokens,
      cachedTokens: usage.cachedTokens, generatedTokens: usage.generatedTokens,
      secondsToFirstToken: secondsToFirst, tokensPerSecond: tokensPerSecond)
  }

  /// On standard error, so that the text alone can be piped.
  func printSpeed() {
    let cached = usage.cachedTokens > 0 ? " (\(usage.cachedTokens) cached)" : ""
    let line =
      "\(usage.promptTokens) prompt tokens\(cached), \(usage.generatedTokens) generated "
      + "(\(finishReason)), first after \(Int(secondsToFirst * 1000)) ms, then "
      + "\(Int(tokensPerSecond.rounded())) tokens/s\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
