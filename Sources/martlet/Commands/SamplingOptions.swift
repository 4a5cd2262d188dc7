internal import ArgumentParser
internal import Protocols

/// How texts are generated: options of `martlet generate` and `martlet chat`.
struct SamplingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Tokens to generate at most; default: 256, or what the context leaves.",
    transform: Number.whole) var maxTokens: UInt32?
  @Option(
    parsing: .unconditional, help: "0 takes the most likely token, always; default: 1.",
    transform: Number.real) var temperature: Float?
  @Option(
    parsing: .unconditional, help: "Only the most likely tokens with this probability together.",
    transform: Number.real) var topP: Float?
  @Option(
    parsing: .unconditional, help: "Only so many most likely tokens.", transform: Number.whole)
  var topK: UInt32 = 0
  @Option(
    parsing: .unconditional,
    help: "Only tokens of at least this share of the most likely one's probability.",
    transform: Number.real) var minP: Float = 0
  @Option(
    parsing: .unconditional, help: "What logits of tokens that occurred are divided by.",
    transform: Number.real) var repetitionPenalty: Float?
  @Option(
    parsing: .unconditional, help: "The same seed and prompt give the same text.",
    transform: Number.whole) var seed: UInt64?
  @Option(help: "The text ends before this; may be given again.") var stop: [String] = []
  @Option(help: "A file with a JSON schema that the text fulfils.") var jsonSchema: String?
  @Option(help: "A regular expression that the whole text matches.") var regex: String?

  func message() throws -> MartletV1.GenerationOptions {
    guard jsonSchema == nil || regex == nil else {
      throw CommandFailure(.usage, "expected --json-schema or --regex, got both")
    }
    var sampling = MartletV1.SamplingParameters()
    sampling.givenTemperature = temperature.map { .temperature($0) }
    sampling.givenTopP = topP.map { .topP($0) }
    sampling.topK = topK
    sampling.minP = minP
    sampling.givenRepetitionPenalty = repetitionPenalty.map { .repetitionPenalty($0) }
    sampling.givenSeed = seed.map { .seed($0) }
    var options = MartletV1.GenerationOptions()
    options.maxTokens = maxTokens ?? 0
    options.sampling = sampling
    options.stop = stop
    if jsonSchema != nil || regex != nil {
      var constraint = MartletV1.Constraint()
      if let regex { constraint.kind = .regex(regex) }
      if let jsonSchema {
        constraint.kind = .jsonSchema(
          try ValidText.of(try FileBytes.read(jsonSchema), "'\(jsonSchema)'"))
      }
      options.constraint = constraint
    }
    return options
  }
}
