import Testing

@testable import Crypto

@Suite struct AES256GCMTests {
  let key = bytes(hex: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")

  /// Test case 16 of the original GCM submission (McGrew and Viega).
  @Test func sealingMatchesTheKnownAnswer() throws {
    let plaintext = bytes(
      hex: """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
        """.filter { $0 != "\n" })
    let sealed = try AES256GCM.seal(
      plaintext, key: key, nonce: bytes(hex: "cafebabefacedbaddecaf888"),
      associatedData: bytes(hex: "feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    let expected = bytes(
      hex: """
        cafebabefacedbaddecaf888\
        522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
        8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
        76fc6ece0f4e1768cddf8853bb2d551b
        """.filter { $0 != "\n" })
    #expect(sealed == expected)
  }

  @Test func anyChangedByteOrWrongContextIsRefused() throws {
    let sealed = try AES256GCM.seal([1, 2, 3], key: key, associatedData: [9])
    #expect(try AES256GCM.open(sealed, key: key, associatedData: [9]) == [1, 2, 3])
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      expectRefused(changed, associatedData: [9])
    }
    expectRefused(sealed, associatedData: [8])
    expectRefused(Array(sealed.dropLast()), associatedData: [9])
    expectRefused([], associatedData: [9])
  }

  @Test func anEmptyMessageIsAuthenticatedToo() throws {
    let sealed = try AES256GCM.seal([], key: key)
    #expect(try AES256GCM.open(sealed, key: key).isEmpty)
    expectRefused(sealed, associatedData: [1])
  }

  @Test func aKeyOfAnotherLengthIsRefused() {
    #expect(throws: CryptoError.self) { try AES256GCM.seal([1], key: [1, 2, 3]) }
  }

  private func expectRefused(_ sealed: [UInt8], associatedData: [UInt8]) {
    let error = #expect(throws: CryptoError.self) {
      try AES256GCM.open(sealed, key: key, associatedData: associatedData)
    }
    #expect(error?.code == .authenticationFailed)
  }
}
