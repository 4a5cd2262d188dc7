internal import ArgumentParser
internal import Protocols

/// How texts are generated: options of `martlet generate` and `martlet chat`.
struct SamplingOptions: ParsableArguments {
  @Option(help: "Tokens to generate at most; default: 256.") var maxTokens: UInt32 = 256
  @Option(help: "0 takes the most likely token, always; default: 1.") var temperature: Float?
  @Option(help: "Only the most likely tokens with this probability together.") var topP: Float?
  @Option(help: "Only so many most likely tokens.") var topK: UInt32 = 0
  @Option(help: "Only tokens of at least this share of the most likely one's probability.")
  var minP: Float = 0
  @Option(help: "What logits of tokens that occurred are divided by.") var repetitionPenalty: Float?
  @Option(help: "The same seed and prompt give the same text.") var seed: UInt64?
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
    options.maxTokens = maxTokens
    options.sampling = sampling
    options.stop = stop
    if jsonSchema != nil || regex != nil {
      var constraint = MartletV1.Constraint()
      if let regex { constraint.kind = .regex(regex) }
      if let jsonSchema {
        constraint.kind = .jsonSchema(
          String(decoding: try FileBytes.read(jsonSchema), as: UTF8.self))
      }
      options.constraint = constraint
    }
    return options
  }
}
