internal import Tokenizers

/// What one sequence's tokens become: chosen, checked against a grammar, made text, searched for its
/// end. It lives as long as the sequence, whatever happens to its pages.
final class SequenceOutput {
  private var sampler: Sampler
  private let matcher: GrammarMatcher?
  private var detokenizer: IncrementalDetokenizer
  private var stop: StopMatcher
  private let tokenizer: Tokenizer

  init(
    _ tokenizer: Tokenizer, _ sampler: Sampler, _ stop: StopMatcher, _ matcher: GrammarMatcher?
  ) {
    self.tokenizer = tokenizer
    self.sampler = sampler
    self.stop = stop
    self.matcher = matcher
    detokenizer = IncrementalDetokenizer(tokenizer)
  }

  /// Whether it looks at something that the other choices of its request look at, too.
  var isConstrained: Bool { matcher != nil }

  /// What a row of logits, which is written over, gives.
  struct Choice {
    var token: SampledToken
    var text: String
    var finish: FinishReason?
  }

  /// Why none can be chosen is the request's fault only if its grammar takes too much.
  func choose(
    _ logits: UnsafeMutableBufferPointer<Float>, _ scratch: SamplingScratch
  ) throws(GenerationError) -> Choice {
    do {
      return try choice(logits, scratch)
    } catch let error as GrammarError where error.code == .tooComplex {
      throw GenerationError(.invalidArgument, error.message)
    } catch { throw GenerationError(.failed, "\(error)") }
  }

  private func choice(
    _ logits: UnsafeMutableBufferPointer<Float>, _ scratch: SamplingScratch
  ) throws -> Choice {
    let token = try sampler.sample(logits, mask: try matcher?.mask(), scratch: scratch)
    try matcher?.accept(token.token)
    if tokenizer.isEndOfGeneration(token.token) {
      return Choice(token: token, text: rest(), finish: .stop)
    }
    let text = detokenizer.push(token.token) ?? ""
    let progress = stop.push(token: token.token, bytes: Array(text.utf8))
    var out = String(decoding: progress.text, as: UTF8.self)
    if progress.isStopped { return Choice(token: token, text: out, finish: .stop) }
    guard matcher?.isComplete == true else { return Choice(token: token, text: out) }
    out += rest()
    return Choice(token: token, text: out, finish: .stop)
  }

  /// The text that was held back, when no token follows.
  func rest() -> String {
    let tail = stop.push(token: -1, bytes: Array(detokenizer.flush().utf8))
    let text = String(decoding: tail.text, as: UTF8.self)
    return tail.isStopped ? text : text + String(decoding: stop.finish(), as: UTF8.self)
  }
}
