import TestSupport
import Testing

@testable import AuthService

@Suite struct APIKeyTests {
  @Test func aNewKeyHas64CharactersAndIsReadBack() throws {
    let key = APIKey.generate()
    #expect(key.secretText.utf8.count == 64)
    #expect(key.secretText.hasPrefix("mk_\(key.id)"))
    let parsed = try #require(APIKey(parsing: key.secretText))
    #expect(parsed.id == key.id)
    #expect(parsed.hash == key.hash)
  }

  @Test func theFormatIsFixed() {
    let key = APIKey(
      idEntropy: [0, 0, 0, 0, 0, 0, 0, 0, 61], secret: Array(repeating: 0, count: 31) + [10])
    // The checksum was computed with Python's zlib.
    #expect(
      key.secretText == "mk_00000000000z" + String(repeating: "0", count: 42) + "A" + "34K8Wv")
  }

  @Test func twoKeysShareNeitherIDNorHash() {
    let keys = (0..<100).map { _ in APIKey.generate() }
    #expect(Set(keys.map(\.id)).count == 100)
    #expect(Set(keys.map(\.hash)).count == 100)
  }

  @Test func everySingleWrongCharacterIsNoticed() {
    let text = Array(APIKey.generate().secretText.utf8)
    for index in text.indices {
      for replacement in [UInt8(ascii: "0"), UInt8(ascii: "z"), UInt8(ascii: "-"), 0, 0xFF]
      where replacement != text[index] {
        var changed = text
        changed[index] = replacement
        #expect(APIKey(parsing: changed) == nil)
      }
    }
  }

  @Test(arguments: ["", "mk_", "mk_short", "sk_", String(repeating: "m", count: 64)])
  func malformedTextsAreNoKeys(text: String) {
    #expect(APIKey(parsing: text) == nil)
  }

  @Test func printingAKeyDoesNotRevealItsSecret() {
    let key = APIKey.generate()
    let secret = String(key.secretText.dropFirst(15).prefix(10))
    var dumped = ""
    dump(key, to: &dumped)
    dump([key], to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped] { #expect(!text.contains(secret)) }
  }

  @Test func mutatedKeysNeitherCrashNorPass() {
    let seed: UInt64 = 0xA11CE
    print("seed \(seed)")
    var generator = SplitMix64(state: seed)
    let original = Array(APIKey.generate().secretText.utf8)
    for _ in 0..<20_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        guard !bytes.isEmpty else { break }
        let index = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(bytes[index], at: index)
        default: bytes.swapAt(index, Int.random(in: bytes.indices, using: &generator))
        }
      }
      fuzzAPIKey(bytes)
    }
  }
}

/// Whatever the parser accepts is exactly what it was given, in the one allowed form.
func fuzzAPIKey(_ bytes: [UInt8]) {
  guard let key = APIKey(parsing: bytes) else { return }
  #expect(Array(key.secretText.utf8) == bytes)
  #expect(bytes.count == 64)
  #expect(key.id.utf8.count == 12)
}
