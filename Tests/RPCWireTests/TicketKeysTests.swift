import Glibc
import Testing

@testable import RPCWire

@Suite struct TicketKeysTests {
  private static let hour: UInt64 = 3_600 * 1_000_000_000

  @Test func aKeyEncryptsForTwelveHoursAndDecryptsAsLongAsItsTicketsLast() {
    let keys = TicketKeys()
    let start = 7 * Self.hour
    keys.advance(now: start)
    let first = keys.current
    keys.advance(now: start + 12 * Self.hour - 1)
    #expect(keys.current === first)
    keys.advance(now: start + 12 * Self.hour)
    let second = keys.current
    #expect(second !== first)
    #expect(keys.find(second.name)?.isCurrent == true)
    // Decrypts only.
    #expect(keys.find(first.name)?.key === first)
    #expect(keys.find(first.name)?.isCurrent == false)
    keys.advance(now: start + 14 * Self.hour - 1)
    #expect(keys.find(first.name) != nil)
    keys.advance(now: start + 14 * Self.hour)
    #expect(keys.find(first.name) == nil)
    #expect(keys.current === second)
    keys.advance(now: start + 24 * Self.hour)
    #expect(keys.find(second.name)?.isCurrent == false)
  }

  @Test func keysDifferAndUnknownNamesHaveNone() {
    let (one, other) = (TicketKeys(), TicketKeys())
    #expect(one.find(other.current.name) == nil)
    #expect(!one.current.cipherKey.elementsEqual(other.current.cipherKey))
  }

  @Test func aSharedFileIsUsedAsItIs() throws {
    let path = "/tmp/martlet-tickets-\(UInt64.random(in: 0 ... .max))"
    defer { unlink(path) }
    let bytes = (0..<160).map { UInt8($0) }
    try write(bytes, path)
    let read = try TicketKeys.read(path)
    #expect(read.count == 2)
    #expect(Array(read[0].name) == Array(bytes[0..<16]))
    #expect(Array(read[0].macKey) == Array(bytes[16..<48]))
    #expect(Array(read[1].cipherKey) == Array(bytes[128..<160]))
    let keys = TicketKeys()
    keys.share(read)
    keys.advance(now: 0)
    keys.advance(now: 100 * Self.hour)
    #expect(keys.current === read[0], "who shares keys rotates them in the file")
  }

  @Test(arguments: [0, 79, 81, 720])
  func aFileOfAnotherSizeIsRefused(_ count: Int) throws {
    let path = "/tmp/martlet-tickets-\(UInt64.random(in: 0 ... .max))"
    defer { unlink(path) }
    try write([UInt8](repeating: 1, count: count), path)
    #expect(throws: TLSError.self) { try TicketKeys.read(path) }
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    let file = try #require(fopen(path, "wb"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
