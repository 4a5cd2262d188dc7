import Compute
import Generation
import Glibc
import ModelFormats
import Testing
import Tokenizers

@Suite struct PerplexityTests {
  /// By the definition, in double precision, of the rows that the model answers.
  private func reference(_ model: LanguageModel, _ tokens: [Int32]) -> Double {
    let session = DecoderSession(model.decoder, pageCount: (tokens.count + 15) / 16)
    let rows = session.run([
      DecoderEntry(
        tokens: tokens, firstPosition: 0, pages: (0..<Int32(session.pages.pageCount)).map { $0 },
        rows: .all)
    ])
    let size = model.decoder.configuration.vocabularySize
    var loss = 0.0
    for place in tokens.count / 2..<tokens.count - 1 {
      let row = rows[place * size..<(place + 1) * size].map(Double.init)
      loss += log(row.reduce(0) { $0 + exp($1) }) - row[Int(tokens[place + 1])]
    }
    return loss
  }

  @Test(arguments: ["gpt2", "gemma3"]) func itIsTheMeanOfSecondHalves(name: String) throws {
    let model = try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes(name)))
    let text = Array("The same sentence, over and over; the same sentence, again.".utf8)
    let tokens = try model.tokenizer.encode(text)
    let begin = try model.tokenizer.encode("").first
    var (loss, count) = (0.0, 0)
    for start in [0, 24] {
      var window = Array(tokens[start..<start + 24])
      if let begin { window[0] = begin }
      loss += reference(model, window)
      count += 11
    }
    var perplexity = Perplexity(windowLength: 24)
    let session = DecoderSession(model.decoder, pageCount: 2)
    try perplexity.count(model, text, session, windowsMax: 2)
    #expect(perplexity.windowCount == 2)
    #expect(perplexity.tokenCount == count)
    #expect(abs(perplexity.value / exp(loss / Double(count)) - 1) < 1e-5)
    #expect(perplexity.standardError > 0)
  }

  @Test func whatCannotBeMeasuredIsRefused() throws {
    func refused(_ name: String, _ text: String, _ length: Int) throws -> String? {
      let model = try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes(name)))
      let session = DecoderSession(model.decoder, pageCount: 8)
      return #expect(throws: GenerationError.self) {
        var perplexity = Perplexity(windowLength: length)
        try perplexity.count(model, Array(text.utf8), session)
      }?.message
    }
    #expect(
      try refused("gpt2", "short", 64)?.contains("at least 64 tokens, one window, got 5") == true)
    #expect(
      try refused("gpt2", "short", 65)?.contains("at most 64 tokens, the model's context, got 65")
        == true)
    #expect(try refused("bert", "short", 4)?.contains("expected a model that generates") == true)
  }
}
