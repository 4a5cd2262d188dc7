import Protocols
import RPC
import Testing

@testable import Gateway

@Suite struct CredentialTests {
  private func read(_ fields: [(String, String)]) -> String {
    headers(fields).withBlock { block in
      switch RequestHead(block).credential {
      case .none: "none"
      case .several: "several"
      case .malformed: "malformed"
      case .key(let bytes): String(decoding: bytes, as: UTF8.self)
      }
    }
  }

  @Test func bothHeadersAreAccepted() {
    #expect(read([("authorization", "Bearer mk_abc123")]) == "mk_abc123")
    #expect(read([("authorization", "bEARER   mk_abc_12-3")]) == "mk_abc_12-3")
    #expect(read([("x-api-key", "mk_abc123")]) == "mk_abc123")
    #expect(read([("user-agent", "x")]) == "none")
  }

  @Test(arguments: [
    [("authorization", "Bearer mk_abc123"), ("authorization", "Bearer mk_abc123")],
    [("authorization", "Bearer mk_abc123"), ("x-api-key", "mk_abc123")],
    [("x-api-key", "mk_abc123"), ("x-api-key", "mk_def456")],
    [("authorization", "Basic abc"), ("x-api-key", "mk_abc123")],
  ])
  func twoKeysAreRefused(fields: [(String, String)]) {
    #expect(read(fields) == "several")
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "Bearermk_abc123", "Basic mk_abc123", "Bearer sk_abc123",
    "Bearer mk_abc 123", "Bearer mk_abc\u{0}123", "Bearer mk_äöü123", "Bearer mk_a",
    "Bearer mk_" + String(repeating: "a", count: 254), "Token mk_abc123",
  ])
  func whatIsNotAKeyIsRefusedWithoutAsking(value: String) {
    #expect(read([("authorization", value)]) == "malformed")
  }
}

@Suite struct ModelPatternsTests {
  private func matches(_ patterns: [String], _ name: String) -> Bool {
    Array(name.utf8).withUnsafeBytes { ModelPatterns(patterns).matches($0) }
  }

  @Test func globsCoverTheWholeName() {
    #expect(matches(["*"], "") && matches(["*"], "anything/at all"))
    #expect(matches(["digits"], "digits") && !matches(["digits"], "digits2"))
    #expect(!matches(["digits"], "Digits") && !matches([], "digits"))
    #expect(matches(["team-*"], "team-a") && matches(["team-*"], "team-"))
    #expect(!matches(["team-*"], "ateam-a"))
    #expect(matches(["*-v?"], "x-v1") && !matches(["*-v?"], "x-v12"))
    #expect(matches(["a*b*c"], "aXbbYcZc") && !matches(["a*b*c"], "aXbbYcZ"))
    #expect(matches(["?"], "ä") && !matches(["?"], ""))
    #expect(matches(["no", "yes"], "yes"))
  }

  @Test func patternsThatWouldBreakTheHeaderMatchNothing() {
    #expect(!matches(["a,*"], "a,b") && !matches(["a b"], "a b") && !matches([""], ""))
    #expect(ModelPatterns(["a,*", "b*"]).headerValue == "b*")
    #expect(ModelPatterns(["x", "*"]).headerValue == "*")
  }

  @Test func manyStarsStayCheap() {
    let pattern = String(repeating: "*a", count: 100) + "b"
    #expect(!matches([pattern], String(repeating: "a", count: 4_000)))
  }
}

@Suite struct ActionSetTests {
  @Test func anActionCoversOnlyItselfAndAdminCoversAll() {
    let infer = ActionSet([.infer])
    #expect(infer.permits(anyOf: .infer) && !infer.permits(anyOf: .deploy))
    #expect(infer.permits(anyOf: [.infer, .deploy]))
    #expect(!ActionSet([.deploy]).permits(anyOf: .infer))
    #expect(!ActionSet([.unspecified]).permits(anyOf: [.infer, .deploy, .keys, .admin]))
    #expect(ActionSet([.admin]).permits(anyOf: .keys))
    #expect(ActionSet([.deploy, .infer]).headerValue == "infer,deploy")
  }
}
