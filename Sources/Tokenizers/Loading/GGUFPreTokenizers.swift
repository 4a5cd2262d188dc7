/// What a GGUF file's `tokenizer.ggml.pre` stands for: the facts behind llama.cpp's names.
struct GGUFPreTokenizer {
  /// Applied one after the other, each to the pieces of the one before.
  var patterns: [String]
  /// Whether a piece that is a token is taken as it is.
  var ignoresMerges = false
  /// Whether a text begins with the token that begins texts, unless the file says otherwise.
  var addsBeginOfText = false

  private init(_ patterns: String..., ignoresMerges: Bool = false, addsBeginOfText: Bool = false) {
    self.patterns = patterns
    self.ignoresMerges = ignoresMerges
    self.addsBeginOfText = addsBeginOfText
  }

  /// The one of a name; an unknown name is an error, because any guess would give other tokens.
  init(named name: String) throws(TokenizerError) {
    switch name {
    case "default":
      self.init(#"[\p{P}\$\+<=>\^~\|]+"#, Patterns.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]")
    case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano":
      self.init(Patterns.llama3, ignoresMerges: true, addsBeginOfText: true)
    case "dbrx", "smaug-bpe", "chatglm-bpe": self.init(Patterns.llama3)
    case "glm4", "glm5": self.init(Patterns.llama3, ignoresMerges: true)
    case "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en",
      "jina-v2-code", "roberta-bpe", "gigachat", "a.x-4.0", "mellum", "modern-bert", "mpt", "olmo",
      "jais", "trillion", "granite-docling", "exaone4":
      self.init(Patterns.gpt2)
    case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
      "mellum2":
      self.init(#"\p{N}"#, Patterns.gpt2)
    case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan",
      "solar-open", "grok-2":
      self.init(Patterns.qwen2)
    case "qwen35": self.init(Patterns.qwen35)
    case "deepseek-llm":
      self.init(
        #"[\r\n]"#, #"\s?"# + Patterns.deepseekLetters + "+",
        "\\s?[!-/:-~！-／：-～‘-‟\u{3000}-。]+", #"\s+$"#, Patterns.hanAndHangul, #"\p{N}+"#)
    case "deepseek-coder":
      self.init(#"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, Patterns.hanAndHangul, #"\p{N}"#)
    case "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4":
      self.init(#"\p{N}{1,3}"#, Patterns.hanAndKana, Patterns.deepseekV3)
    case "falcon":
      self.init(#"[\p{P}\$\+<=>\^~\|`]+"#, Patterns.gpt2, "[0-9][0-9][0-9]")
    case "poro-chat", "bloom", "gpt3-finnish": self.init(Patterns.bloom)
    case "viking": self.init(Patterns.bloom, #"\p{N}"#)
    case "tekken": self.init(Patterns.tekken, ignoresMerges: true, addsBeginOfText: true)
    case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2": self.init(Patterns.gpt4o)
    case "tiny_aya", "cohere2moe":
      self.init(#"\d{1,3}(?=(?:\d{3})*\b)"#, Patterns.gpt4o)
    case "superbpe": self.init(#"\p{N}+"#, #"(?=(\d{3})+(?!\d))"#)
    case "bailingmoe", "bailingmoe2", "llada-moe": self.init(Patterns.bailing)
    case "seed-coder": self.init(Patterns.seedCoder)
    case "minicpm5": self.init(#"\p{N}{1,3}"#, Patterns.minicpm5, ignoresMerges: true)
    default:
      throw TokenizerError(
        .unsupported, "expected a pre-tokenizer that is known here, got '\(name.prefix(64))'")
    }
  }
}
