import Testing

@testable import Tokenizers

struct DescriptionTests {
  private func refusal(_ change: (inout [String: MetadataValue]) -> Void) -> String? {
    var metadata = Descriptions.byteLevel()
    change(&metadata)
    do {
      _ = try Descriptions.tokenizer(metadata)
      return nil
    } catch { return "\(error)" }
  }

  @Test func whatIsNotKnownIsNamed() {
    #expect(
      refusal { $0["tokenizer.ggml.pre"] = .string("of-tomorrow") }
        == "expected a pre-tokenizer that is known here, got 'of-tomorrow'")
    #expect(
      refusal { $0["tokenizer.ggml.model"] = .string("rwkv") }
        == "expected a tokenizer of the models gpt2, llama, t5 or bert, got 'rwkv'")
  }

  @Test func whatContradictsItselfIsRefused() {
    #expect(
      refusal { $0["tokenizer.ggml.token_type"] = .integers([1, 1]) }
        == "expected 265 integers as 'tokenizer.ggml.token_type', got something else")
    #expect(
      refusal { $0["tokenizer.ggml.tokens"] = nil }
        == "expected 'tokenizer.ggml.tokens', got none")
    #expect(
      refusal { $0["tokenizer.ggml.merges"] = nil }
        == "expected 'tokenizer.ggml.merges', got none")
    #expect(
      refusal { $0["tokenizer.ggml.eos_token_id"] = .integer(265) }
        == "expected special tokens below 265, got 265")
    #expect(
      refusal { $0["tokenizer.ggml.bos_token_id"] = .integer(-1) }
        == "expected special tokens below 265, got -1")
    #expect(
      refusal { $0["tokenizer.ggml.tokens"] = .strings(ByteStrings()) } != nil)
  }

  @Test(arguments: [
    "default", "llama-bpe", "gpt-2", "smollm", "qwen2", "qwen35", "deepseek-llm", "deepseek-coder",
    "deepseek-v3", "starcoder", "refact", "command-r", "phi-2", "falcon", "bloom", "viking",
    "tekken",
    "gpt-4o", "tiny_aya", "superbpe", "bailingmoe", "seed-coder", "minicpm5", "glm4", "olmo",
  ])
  func everyPreTokenizerLosesNothing(_ name: String) throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel(pre: name))
    for text in try Corpus.texts() {
      let tokens = try tokenizer.encode(text, addsSpecial: false)
      #expect(tokenizer.decode(tokens).elementsEqual(text.utf8))
    }
  }
}
