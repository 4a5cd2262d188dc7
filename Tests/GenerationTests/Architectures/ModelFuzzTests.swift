import Compute
import Generation
import ModelFormats
import TestSupport
import Testing
import Tokenizers

/// Spoilt models are refused, or run: they never trap.
@Suite struct ModelFuzzTests {
  /// Every model with every kind of change.
  private static let corpus: [[UInt8]] = {
    var corpus: [[UInt8]] = []
    for model in 0..<UInt8(TinyModel.names.count) {
      for change in 0..<UInt8(ModelMutation.changeCount) {
        corpus.append([model, change, model * 3 + change, change + 2, 1, 0])
      }
    }
    return corpus
  }()

  @Test func mutatedModelsNeverTrap() {
    var fuzz = Fuzz("language-models", corpus: Self.corpus)
    fuzz.run(rounds: 400, fuzzLanguageModel)
  }

  @Test(arguments: corpus) func everyKindOfChangeNeverTraps(bytes: [UInt8]) {
    fuzzLanguageModel(bytes)
  }
}

/// Loads what the bytes make of a tiny model, and if it loads, embeds and generates with it.
func fuzzLanguageModel(_ bytes: [UInt8]) {
  guard let file = try? GGUFFile(bytes: ModelMutation(bytes).file),
    let model = try? LanguageModel(file)
  else { return }
  let context = min(model.decoder.configuration.contextLength, 40)
  let text = "The <special1> duck, é 🦆"
  guard let tokens = try? model.tokenizer.encode(text, parsesSpecial: true) else { return }
  let prompt = Array(tokens.prefix(context))
  var embedder = Embedder(model, threadCount: 1)
  _ = try? embedder.embed(prompt)
  guard
    let loop = try? GenerationLoop(
      model, SchedulerConfiguration(pageCount: 4, contextMax: context), threadCount: 1, wake: {})
  else { return }
  var parameters = GenerationParameters()
  parameters.maxTokens = 3
  var streams: [GenerationStream] = []
  for kind in 0..<3 {
    switch kind {
    case 0: parameters.sampling.temperature = 0
    case 1: (parameters.sampling.temperature, parameters.sampling.logprobs) = (1, 2)
    default: (parameters.sampling.topK, parameters.sampling.typicalP) = (5, 0.9)
    }
    parameters.sampling.seed = 1
    if let stream = try? loop.submit(prompt, parameters, tenant: "t") { streams.append(stream) }
  }
  for _ in 0..<32 where loop.step(clock: { 0 }) {}
  for stream in streams { stream.cancel() }
}
