public import JSON

/// A model's template that makes a text of a conversation: the part of Jinja that chat templates use,
/// interpreted as `transformers` does it. It computes with values alone: no file, no clock, no code.
/// Whatever it is given, it ends: steps, bytes and depth are limited.
///
/// Immutable: any number of threads may use one.
public struct ChatTemplate: Sendable {
  private let statements: [TemplateStatement]
  private let limits: TemplateLimits

  /// Reads a template.
  public init(
    source: String, limits: TemplateLimits = TemplateLimits()
  ) throws(TemplateError) {
    statements = try TemplateParser.statements(of: source, limits: limits)
    self.limits = limits
  }

  /// The text of a conversation. `addsGenerationPrompt`: with the beginning of the model's answer.
  /// `extra`: further names, `tools` or `bos_token` for example. `now`: what `strftime_now` tells;
  /// without it a template that asks for the time fails.
  public func render(
    messages: [JSONValue], addsGenerationPrompt: Bool, extra: [String: JSONValue] = [:],
    now: CivilTime? = nil
  ) throws(TemplateError) -> String {
    var values: [String: TemplateValue] = [:]
    for (name, value) in extra { values[name] = try TemplateValue(value) }
    values["messages"] = try TemplateValue(.array(messages))
    values["add_generation_prompt"] = .bool(addsGenerationPrompt)
    let interpreter = TemplateInterpreter(limits: limits, now: now)
    return String(decoding: try interpreter.render(statements, values), as: UTF8.self)
  }
}
