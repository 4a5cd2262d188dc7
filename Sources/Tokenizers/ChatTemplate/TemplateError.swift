/// Why a chat template is refused, or why it refuses a conversation.
public struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of mistake it is.
  public enum Code: Sendable, Hashable {
    /// Not the template language.
    case syntax
    /// The template language, but not the part of it that chat templates use.
    case unsupported
    /// The template said so, by `raise_exception`.
    case raised
    /// A value of another kind than an operation takes, or one that is not defined.
    case invalidValue
    /// More steps, bytes or nesting than a template may take.
    case limitReached
  }

  /// The kind.
  public var code: Code
  /// What was expected and what came.
  public var message: String
  /// The line of the template, counted from one.
  public var line: Int

  /// The sentence, and where.
  public var description: String { "chat template, line \(line): \(message)" }

  init(_ code: Code, _ message: String, line: Int = 0) {
    self.code = code
    self.message = message
    self.line = line
  }
}

/// How much a template may take. Templates come with models that tenants upload.
public struct TemplateLimits: Sendable {
  /// Bytes of a template: the longest that a known model has are about 20,000.
  public var sourceByteCountMax = 256 << 10
  /// Operations, and one for every eight bytes that they make. A conversation of a thousand messages
  /// takes about 100,000; one of a million tokens, four megabytes that templates copy four times and
  /// more, some two millions. Twice that may take more than a second.
  public var stepsMax = 4_000_000
  /// Bytes of the text that comes out: four times a context of a million tokens.
  public var outputByteCountMax = 16 << 20
  /// Statements and parentheses inside each other: known templates have up to 15.
  public var nestingMax = 32
  /// Evaluations inside each other, macros' bodies among them: known templates have up to 40. Each
  /// takes some 7 kB of stack in a debug build, and the event loops' threads have 1 MiB.
  public var evaluationsMax = 120

  /// The defaults.
  public init() {}
}
