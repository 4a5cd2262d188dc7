import Glibc
import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Tokenizers

/// Real models beside llama.cpp and `tokenizers`, by hashes that generate/tokenizer_models.py wrote.
/// They run where scripts/language-models.sh has installed the model.
struct ModelTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/.build/language-models"

  static func file(_ name: String) -> String? {
    let names = Files.list("\(folder)/\(name)")
    let found = names.first { $0.hasSuffix(".gguf") } ?? names.first { $0 == "tokenizer.json" }
    return found.map { "\(folder)/\(name)/\($0)" }
  }

  private func tokenizer(_ path: String) throws -> Tokenizer {
    guard path.hasSuffix(".gguf") else {
      return try Tokenizer(TokenizerDescription(tokenizerJSON: Files.read(path)))
    }
    let metadata = try GGUFFile(path: path).metadata
    return try Tokenizer(TokenizerDescription(gguf: { metadata[$0].flatMap(MetadataValue.init) }))
  }

  private func hash(_ bytes: some Sequence<UInt8>) -> String {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  @Test(arguments: ["smollm2", "gemma3", "minilm"].filter { file($0) != nil })
  func tokensAreThoseOfOtherEngines(_ name: String) throws {
    let tokenizer = try tokenizer(try #require(Self.file(name)))
    guard case .array(let rows)? = try Corpus.json("models.json")[name] else {
      throw Corpus.Unexpected()
    }
    for (text, row) in zip(try Corpus.texts(), rows) {
      var hashes: [JSONValue] = []
      var tokens: [Int32] = []
      for parses in [false, true] {
        tokens = try tokenizer.encode(text, addsSpecial: true, parsesSpecial: parses)
        let numbers = tokens.flatMap { token in
          (0..<4).map { UInt8(truncatingIfNeeded: token >> (8 * $0)) }
        }
        hashes.append(.string(hash(numbers)))
      }
      hashes.append(.string(hash(tokenizer.decode(tokens, skipsSpecial: false))))
      #expect(.array(hashes) == row, "\(name)")
    }
  }
}

extension MetadataValue {
  /// A value of a file; nil for what no tokenizer has.
  init?(_ value: GGUFValue) {
    if let flag = value.bool {
      self = .bool(flag)
    } else if let text = value.string {
      self = .string(text)
    } else if let number = value.int {
      self = .integer(number)
    } else if let array = value.array {
      switch array.elementType {
      case .string:
        var texts = ByteStrings()
        array.forEachString { texts.append($0) }
        self = .strings(texts)
      case .float32, .float64: self = .reals(array.floats ?? [])
      default: self = .integers(array.ints ?? [])
      }
    } else {
      return nil
    }
  }
}
