/// Makes tokens less likely that were seen before. It remembers tokens only if a penalty needs them.
struct TokenPenalties: Sendable {
  private let repetition: Float
  private let frequency: Float
  private let presence: Float
  private let prompt: Set<Int32>
  private var generated: [Int32: Int] = [:]

  init(_ parameters: SamplingParameters, prompt: [Int32]) {
    repetition = parameters.repetitionPenalty
    frequency = parameters.frequencyPenalty
    presence = parameters.presencePenalty
    self.prompt = repetition == 1 ? [] : Set(prompt)
  }

  private var isOff: Bool { repetition == 1 && frequency == 0 && presence == 0 }

  mutating func append(_ token: Int32) {
    if !isOff { generated[token, default: 0] += 1 }
  }

  func apply(to logits: UnsafeMutableBufferPointer<Float>) {
    guard !isOff else { return }
    for token in prompt where generated[token] == nil { repeats(&logits[Int(token)]) }
    for (token, count) in generated {
      repeats(&logits[Int(token)])
      logits[Int(token)] -= frequency * Float(count) + presence
    }
  }

  private func repeats(_ logit: inout Float) {
    logit = logit > 0 ? logit / repetition : logit * repetition
  }
}
