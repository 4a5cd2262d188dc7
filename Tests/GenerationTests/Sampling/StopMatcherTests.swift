import TestSupport
import Testing

@testable import Generation

struct StopMatcherTests {
  static func text(_ matcher: inout StopMatcher, _ pieces: [String]) -> (String, Bool) {
    var text: [UInt8] = []
    for (index, piece) in pieces.enumerated() {
      let progress = matcher.push(token: Int32(index), bytes: Array(piece.utf8))
      text += progress.text
      if progress.isStopped { return (String(decoding: text, as: UTF8.self), true) }
    }
    text += matcher.finish()
    return (String(decoding: text, as: UTF8.self), false)
  }

  static func matcher(_ strings: [String], tokens: Set<Int32> = []) throws -> StopMatcher {
    try StopMatcher(strings: strings.map { Array($0.utf8) }, tokens: tokens)
  }

  @Test func holdsBackWhatCouldBegin() throws {
    var matcher = try Self.matcher(["STOP"])
    #expect(matcher.push(token: 0, bytes: Array("a S".utf8)).text == Array("a ".utf8))
    #expect(matcher.push(token: 0, bytes: Array("TO".utf8)).text == [])
    #expect(matcher.push(token: 0, bytes: Array("NE S".utf8)).text == Array("STONE ".utf8))
    let end = matcher.push(token: 0, bytes: Array("TOP!".utf8))
    #expect(end == StopMatcher.Progress(text: [], isStopped: true))
  }

  @Test func aStopTokenReleasesWhatWasHeld() throws {
    var matcher = try Self.matcher(["\n\n"], tokens: [9])
    #expect(matcher.push(token: 1, bytes: Array("x\n".utf8)).text == Array("x".utf8))
    #expect(
      matcher.push(token: 9, bytes: Array("</s>".utf8))
        == StopMatcher.Progress(text: [10], isStopped: true))
  }

  /// Every cut of a text into tokens gives what the whole text gives: all up to the match that ends
  /// first, and of those the longest.
  @Test func anyCutOfTheTextGivesTheSame() throws {
    var random = SplitMix64(state: 4)
    for round in 0..<2_000 {
      func word(_ range: ClosedRange<Int>) -> String {
        String(
          (0..<Int.random(in: range, using: &random)).map { _ in
            "aabé".randomElement(using: &random)!
          })
      }
      let strings = (0..<Int.random(in: 1...4, using: &random)).map { _ in word(1...4) }
      let bytes = Array(word(0...14).utf8)
      var want = (String(decoding: bytes, as: UTF8.self), false)
      search: for end in 0...bytes.count {
        for string in strings.map({ Array($0.utf8) }).sorted(by: { $0.count > $1.count })
        where bytes[..<end].reversed().starts(with: string.reversed()) {
          want = (String(decoding: bytes[..<(end - string.count)], as: UTF8.self), true)
          break search
        }
      }
      var matcher = try Self.matcher(strings)
      var text: [UInt8] = []
      var isStopped = false
      var start = 0
      while start < bytes.count, !isStopped {
        let end = min(bytes.count, start + Int.random(in: 1...5, using: &random))
        let progress = matcher.push(token: 0, bytes: Array(bytes[start..<end]))
        text += progress.text
        isStopped = progress.isStopped
        start = end
      }
      if !isStopped { text += matcher.finish() }
      #expect(String(decoding: text, as: UTF8.self) == want.0, "round \(round): \(strings)")
      #expect(isStopped == want.1, "round \(round)")
    }
  }

  @Test func limitsAreNamed() {
    func message(_ strings: [[UInt8]]) -> String? {
      do throws(SamplingError) {
        _ = try StopMatcher(strings: strings)
        return nil
      } catch { return error.message }
    }
    #expect(message([[]]) == "stop: expected strings with text, got an empty one")
    #expect(
      message(Array(repeating: [1], count: 17)) == "stop: expected at most 16 strings, got 17")
    #expect(
      message([Array(repeating: 1, count: 5_000)]) == "stop: expected at most 4096 bytes, got 5000")
  }
}
