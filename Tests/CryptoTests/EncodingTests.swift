import Testing

@testable import Crypto

@Suite struct EncodingTests {
  @Test func base62WritesNumbersMostSignificantDigitFirst() {
    #expect(Base62.encode([0, 61], width: 3) == Array("00z".utf8))
    #expect(Base62.encode([62], width: 2) == Array("10".utf8))
    #expect(Base62.encode(UInt32.max, width: 6) == Array("4gfFC3".utf8))
  }

  @Test func base62OfTheLargest256BitNumberFitsIn43Digits() {
    let text = Base62.encode(Array(repeating: 255, count: 32), width: 43)
    #expect(text.count == 43)
    #expect(text.allSatisfy { Base62.isDigit($0) })
    #expect(text.first != UInt8(ascii: "0"))
  }

  @Test func base64URLMatchesRFC4648() {
    let pairs = [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
      ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ]
    for (plain, encoded) in pairs {
      #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
      #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }
    #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
  }

  @Test(arguments: ["Z", "Zh", "Zg==", "Zm+v", "Zm9", "Zm 8", "ü"])
  func base64URLRefusesWhatNoEncoderWrites(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }
}
