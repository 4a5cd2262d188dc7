import Testing

@testable import Crypto

/// Bytes of a hexadecimal text, spaces ignored.
func bytes(hex text: String) -> [UInt8] {
  let digits = text.filter { $0 != " " }.map { UInt8($0.hexDigitValue!) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

@Suite struct DigestTests {
  @Test func sha256MatchesTheStandardsExamples() {
    #expect(
      SHA256.hash(Array("abc".utf8))
        == bytes(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    #expect(
      SHA256.hash([])
        == bytes(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    #expect(
      SHA256.hash(Array("xabcx".utf8)[1..<4]) == SHA256.hash(Array("abc".utf8)))
  }

  @Test func hmacMatchesRFC4231() {
    #expect(
      HMACSHA256.authenticate(Array("Hi There".utf8), key: Array(repeating: 0x0b, count: 20))
        == bytes(hex: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
    #expect(
      HMACSHA256.authenticate(
        Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        == bytes(hex: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    #expect(
      HMACSHA256.authenticate([], key: [])
        == bytes(hex: "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"))
  }

  @Test func equalityComparesWholeStringsAndLengths() {
    #expect(constantTimeEqual([], []))
    #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
  }

  @Test func randomBytesHaveTheLengthAskedForAndDiffer() {
    #expect(secureRandomBytes(0).isEmpty)
    #expect(secureRandomBytes(33).count == 33)
    #expect(secureRandomBytes(32) != secureRandomBytes(32))
  }

  @Test func crc32MatchesTheCheckValueOfItsCatalogue() {
    #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.checksum([UInt8]()) == 0)
  }
}
