import TestSupport
import Testing

@testable import RPC

/// Any bytes may come to the operators' port.
func fuzzOperatorRequest(_ bytes: [UInt8]) {
  var parser = OperatorRequestParser()
  for start in stride(from: 0, to: bytes.count, by: 11) {
    let outcome = parser.receive(bytes[start..<min(start + 11, bytes.count)])
    if outcome != .incomplete { return }
  }
}

struct OperatorTests {
  private func parse(_ text: String, pieceByteCount: Int = .max) -> OperatorRequestParser.Outcome {
    var parser = OperatorRequestParser()
    var rest = Array(text.utf8)[...]
    var outcome = OperatorRequestParser.Outcome.incomplete
    while !rest.isEmpty, outcome == .incomplete {
      outcome = parser.receive(rest.prefix(pieceByteCount))
      rest = rest.dropFirst(min(pieceByteCount, rest.count))
    }
    return outcome
  }

  @Test(arguments: [1, 5, Int.max])
  func requestsAreReadWhateverThePieces(_ pieceByteCount: Int) {
    #expect(
      parse("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", pieceByteCount: pieceByteCount)
        == .request(isGet: true, path: "/metrics"))
    #expect(
      parse("POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n", pieceByteCount: pieceByteCount)
        == .request(isGet: false, path: "/metrics"))
  }

  @Test func unfinishedMalformedAndOversizedRequestsAreToldApart() {
    #expect(parse("GET /metrics HTTP/1.1\r\nHost:") == .incomplete)
    #expect(parse("\u{16}\u{03}\u{01}garbage\r\n\r\n") == .malformed)
    let padding = String(repeating: "a", count: 9000)
    #expect(parse("GET / HTTP/1.1\r\nX: \(padding)\r\n\r\n") == .malformed)
  }

  @Test func mutatedRequestsNeverTrap() {
    let sample = Array("GET /readyz HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n".utf8)
    var fuzz = Fuzz("operator-request", corpus: [sample])
    fuzz.run(rounds: 2_000, fuzzOperatorRequest)
  }
}
