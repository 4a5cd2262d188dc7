import JSON
import TestSupport
import Testing

@testable import Tokenizers

/// Templates beside Python's Jinja as transformers sets it up: what generate/chat_templates.py wrote.
struct ChatTemplateTests {
  static let folder =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    + "/Fixtures/chat-templates"
  static let names = [
    "chatml", "deepseek", "gemma", "llama3", "macros", "mistral", "phi3", "qwen",
  ]

  struct Expected {
    let file: JSONValue
    let now: CivilTime

    init() throws {
      file = try JSONValue(parsing: Files.read("\(folder)/expected.json")[...])
      guard case .integer(let seconds)? = file["now"] else { throw Corpus.Unexpected() }
      now = CivilTime(secondsSinceEpoch: Int(seconds))
    }

    func list(_ name: String) throws -> [JSONValue] {
      guard case .array(let values)? = file[name] else { throw Corpus.Unexpected() }
      return values
    }
  }

  private static func members(_ value: JSONValue?) -> [String: JSONValue] {
    guard case .object(let members)? = value else { return [:] }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
  }

  /// A text, or nil where the template is refused or refuses.
  private func text(
    _ source: String, _ messages: [JSONValue], _ values: [String: JSONValue], _ now: CivilTime
  ) -> String? {
    let adds = values["add_generation_prompt"] == .bool(true)
    return try? ChatTemplate(source: source).render(
      messages: messages, addsGenerationPrompt: adds, extra: values, now: now)
  }

  @Test(arguments: names)
  func conversationsAreThoseOfJinja(_ name: String) throws {
    let expected = try Expected()
    let source = String(
      decoding: try Files.read("\(Self.folder)/\(name).jinja"), as: UTF8.self)
    guard case .array(let rows)? = expected.file["templates"]?["\(name).jinja"] else {
      throw Corpus.Unexpected()
    }
    for (conversation, row) in zip(try expected.list("conversations"), rows) {
      guard case .array(let messages) = conversation, case .array(let texts) = row else {
        throw Corpus.Unexpected()
      }
      for (options, wanted) in zip(try expected.list("options"), texts) {
        let values = Self.members(expected.file["common"]).merging(Self.members(options)) { $1 }
        let made = text(source, messages, values, expected.now)
        #expect(made.map { .string($0) } ?? .null == wanted, "\(name)")
      }
    }
  }

  @Test func expressionsAndWhiteSpaceAreThoseOfJinja() throws {
    let expected = try Expected()
    let values = Self.members(expected.file["values"])
    for snippet in try expected.list("snippets") {
      guard case .string(let source)? = snippet["source"] else { throw Corpus.Unexpected() }
      let made = text(source, [], values, expected.now)
      #expect(made.map { .string($0) } ?? .null == snippet["output"], "\(source)")
    }
  }

  private func refusal(_ source: String, _ limits: TemplateLimits = TemplateLimits())
    -> TemplateError?
  {
    do throws(TemplateError) {
      _ = try ChatTemplate(source: source, limits: limits)
        .render(messages: [.object([])], addsGenerationPrompt: true)
      return nil
    } catch { return error }
  }

  @Test func mistakesAreNamedWithTheirLine() {
    #expect(
      refusal("a\n{{ raise_exception('roles must\\nalternate') }}")?.description
        == "chat template, line 2: roles must\nalternate")
    #expect(refusal("{{ raise_exception('x') }}")?.code == .raised)
    #expect(
      refusal("\n\n{% include 'x' %}")?.description
        == "chat template, line 3: expected statements of chat templates, got 'include'")
    #expect(
      refusal("{{ x | sneeze }}")?.description
        == "chat template, line 1: expected the filters of chat templates, got 'sneeze'")
    #expect(
      refusal("{{ messages.x.y }}")?.description
        == "chat template, line 1: expected a value, got 'x', which is not defined")
    #expect(refusal("{{ strftime_now('%Y') }}")?.code == .unsupported)
    #expect(refusal("{{ ''.__class__ }}")?.code == .unsupported)
  }

  /// Templates come with models that tenants upload: each of these would take all time or memory.
  @Test(arguments: [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10000000000 }}",
    "{% set ns = namespace(x='abcdefgh') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x + [] }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(n) %}{{ n }}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
    "{% for i in range(99999) %}{{ 'abcdefghij' * 1000 }}{% endfor %}",
    "{{ 'a'|indent(9223372036854775807) }}",
    "{{ [1]|tojson(indent=9223372036854775807)|length * 'x' * 9999999 }}",
    "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
    "{{ ('a,' * 1000000).split(',')|join('c' * 1000000) }}",
    "{% for i in range(9999) %}{% set x = 'a' * 1000000 %}{% set y = x in x %}{% endfor %}",
  ])
  func whatHasNoEndIsStopped(_ source: String) {
    var limits = TemplateLimits()
    limits.stepsMax = 100_000
    limits.outputByteCountMax = 1 << 20
    #expect(refusal(source, limits)?.code == .limitReached)
  }

  /// Others wait meanwhile: what no conversation needs is refused after a moment, not after seconds.
  @Test func whatTakesSecondsIsStopped() {
    // A step for every eight bytes: five millions.
    let source =
      "{% set x = 'a' * 400000 %}{% for i in range(100) %}{% if x != x %}{% endif %}{% endfor %}"
    #expect(refusal(source)?.code == .limitReached)
  }

  @Test(arguments: names)
  func aConversationOfAMillionTokensFits(_ name: String) throws {
    let expected = try Expected()
    let source = String(
      decoding: try Files.read("\(Self.folder)/\(name).jinja"), as: UTF8.self)
    let content = String(repeating: "word", count: 1024)
    let messages = try (0..<1024).map { index in
      let role = index.isMultiple(of: 2) ? "user" : "assistant"
      return try JSONValue(
        parsing: Array(#"{"role": "\#(role)", "content": "\#(content)"}"#.utf8)[...])
    }
    let text = try ChatTemplate(source: source).render(
      messages: messages, addsGenerationPrompt: true,
      extra: Self.members(expected.file["common"]), now: expected.now)
    #expect(text.utf8.count > 4 << 20)
  }

  @Test func nestingIsLimited() {
    for (open, close) in [
      ("{{ " + String(repeating: "(", count: 5_000), String(repeating: ")", count: 5_000) + " }}"),
      (String(repeating: "{% if true %}", count: 5_000), ""),
      ("{{ " + String(repeating: "-", count: 5_000) + "1", " }}"),
      ("{{ " + String(repeating: "[", count: 5_000), String(repeating: "]", count: 5_000) + " }}"),
      ("{{ 1 " + String(repeating: "if 1 else 2 ", count: 5_000), " }}"),
      (
        "{{ x is eq " + String(repeating: "x[", count: 5_000),
        "0" + String(repeating: "]", count: 5_000) + " }}"
      ),
    ] {
      #expect(refusal(open + close)?.code == .limitReached)
    }
    // Long, but not deep.
    #expect(refusal("{{ 1" + String(repeating: " + 1", count: 20_000) + " }}") == nil)
    #expect(refusal("{{ not " + String(repeating: "not ", count: 20_000) + "1 }}") == nil)
    #expect(refusal("{{ 'a'" + String(repeating: "|trim", count: 20_000) + " }}") == nil)
  }

  @Test func timeIsThatOfACalendar() throws {
    func text(_ seconds: Int, _ format: String) throws -> String {
      String(
        decoding: try CivilTime(secondsSinceEpoch: seconds).formatted(Array(format.utf8)),
        as: UTF8.self)
    }
    #expect(try text(0, "%Y-%m-%d %H:%M:%S %a %j") == "1970-01-01 00:00:00 Thu 001")
    #expect(try text(951_782_400, "%F %A %j") == "2000-02-29 Tuesday 060")
    #expect(try text(-1, "%F %T") == "1969-12-31 23:59:59")
    #expect(try text(4_107_542_399, "%d %B %y") == "28 February 00")
    #expect(try text(.max, "%Y") == "9999")
    #expect(throws: TemplateError.self) { try text(0, "%Q") }
  }

  /// The event loops' threads have 1 MiB of stack, and debug builds take several times what release
  /// builds take: whatever the limits let through fits.
  @Test func theDeepestTemplatesFitTheStackOfAThread() {
    SmallThread.run(stackByteCount: 1 << 20) {
      let open = "{% macro f(x) %}{% if true %}{% for i in [1] %}{{ ((((((((f([[x]][0][0]|trim)"
      for source in [
        open + ")))))))) }}{% endfor %}{% endif %}{% endmacro %}{{ f('a') }}",
        "{{ " + String(repeating: "[not -1 + 2 * 3 ** 4 ~ ", count: 15)
          + "1" + String(repeating: "]", count: 15) + "}}",
        "{{ " + String(repeating: "(", count: 30) + "1" + String(repeating: ")", count: 30) + "}}",
        String(repeating: "{% for i in [1] %}{% if i %}", count: 15)
          + String(repeating: "{% endif %}{% endfor %}", count: 15),
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x] %}{% endfor %}"
          + "{{ n.x }}{{ n.x | tojson }}{{ n.x == n.x }}",
      ] {
        let template = try? ChatTemplate(source: source)
        _ = try? template?.render(messages: [], addsGenerationPrompt: true)
      }
    }
  }
}
