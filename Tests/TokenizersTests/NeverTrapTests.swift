import JSON
import TestSupport
import Testing

@testable import Tokenizers

struct TokenizersNeverTrapTests {
  @Test func textsToEncode() throws {
    let tokenizers = [
      try Descriptions.tokenizer(Descriptions.byteLevel(pre: "llama-bpe")),
      try Descriptions.tokenizer(
        Descriptions.sentencePiece([("\u{2581}", -9), ("a", -9), ("\u{2581}a", -2), ("é", -3)])),
    ]
    var fuzz = Fuzz("tokenizer-encode", corpus: try Corpus.texts().map { Array($0.utf8) })
    fuzz.run(rounds: 1_000) { bytes in
      for tokenizer in tokenizers {
        guard let tokens = try? tokenizer.encode(bytes, parsesSpecial: false) else { continue }
        // SentencePiece's sign for a space is a space once it is decoded.
        let text = String(decoding: bytes, as: UTF8.self)
        let spaced = Array(text.utf8).replacing(Array("\u{2581}".utf8), with: [0x20])
        let decoded = tokenizer.decode(tokens)
        #expect(decoded == bytes || decoded == spaced)
      }
    }
  }

  @Test func descriptions() throws {
    var samples = try ["llama3", "llama2", "t5", "bert"].map { name in
      try #require(Corpus.json("\(name).json")["tokenizer"]).serialized()
    }
    // Short ones are mutated where it matters more often.
    samples += [
      #"{"added_tokens":[{"id":3,"content":"<s>","special":true}],"normalizer":{"type":"NFC"},"#
        + #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":"#
        + #"{"Regex":"\\s+|a*b"},"behavior":"Isolated"},{"type":"Metaspace"}]},"decoder":null,"#
        + #""model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#,
      #"{"normalizer":{"type":"Precompiled","precompiled_charsmap":"CAAAAAAAAAAAAAAAYQA="},"model":"#
        + #"{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1.5],["ab",-2]]}}"#,
      ###"{"model":{"type":"WordPiece","unk_token":"u","vocab":{"u":0,"a":1,"##b":2}},"###
        + #""decoder":{"type":"WordPiece"},"post_processor":{"type":"BertProcessing","sep":["u",0],"cls":["a",1]}}"#,
    ].map { Array($0.utf8) }
    var fuzz = Fuzz("tokenizer-json", corpus: samples)
    fuzz.run(rounds: 300) { bytes in
      guard let description = try? TokenizerDescription(tokenizerJSON: bytes),
        let tokenizer = try? Tokenizer(description)
      else { return }
      for text in ["", "a b  abab\u{2581}é</s>", "<s>ab\u{301}"] {
        let tokens = try? tokenizer.encode(text, parsesSpecial: true)
        _ = tokenizer.decodeText(tokens ?? [0, 1, 2])
      }
    }
  }

  @Test func templates() throws {
    let expected = try ChatTemplateTests.Expected()
    var samples = try ChatTemplateTests.names.map {
      try Files.read("\(ChatTemplateTests.folder)/\($0).jinja")
    }
    for snippet in try expected.list("snippets") {
      if case .string(let source)? = snippet["source"] { samples.append(Array(source.utf8)) }
    }
    guard case .array(let messages)? = try expected.list("conversations").dropFirst(4).first else {
      throw Corpus.Unexpected()
    }
    var limits = TemplateLimits()
    limits.stepsMax = 20_000
    limits.outputByteCountMax = 1 << 16
    var fuzz = Fuzz("chat-template", corpus: samples)
    fuzz.run(rounds: 1_000) { bytes in
      let source = String(decoding: bytes, as: UTF8.self)
      guard let template = try? ChatTemplate(source: source, limits: limits) else { return }
      _ = try? template.render(
        messages: messages, addsGenerationPrompt: true,
        extra: ["a": .integer(1), "c": .array([.integer(1), .integer(2)]), "s": .string("é b")],
        now: expected.now)
    }
  }
}
