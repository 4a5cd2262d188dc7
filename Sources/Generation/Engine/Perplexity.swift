internal import Compute
internal import Glibc
internal import Tokenizers

/// How well a model foretells a text: e to the mean of -log p of the text's tokens, measured as
/// llama.cpp's llama-perplexity does. The text is cut into windows; each begins anew, with the token
/// that begins texts in place of its own first one if the model has such a token, and what its second
/// half foretells is counted.
public struct Perplexity: Sendable {
  /// Tokens of a window.
  public let windowLength: Int
  /// Windows and tokens that were counted.
  public private(set) var windowCount = 0, tokenCount = 0
  private var sum = 0.0
  private var squares = 0.0

  /// Nothing counted yet.
  ///
  /// - Precondition: `windowLength` is at least 4.
  public init(windowLength: Int) {
    precondition(windowLength >= 4, "expected windows of at least 4 tokens, got \(windowLength)")
    self.windowLength = windowLength
  }

  /// The perplexity; not a number before anything was counted.
  public var value: Double { exp(sum / Double(tokenCount)) }
  /// What it is uncertain by, as a standard error, because the text is finite.
  public var standardError: Double {
    let mean = sum / Double(tokenCount)
    let variance = max(0, squares / Double(tokenCount) - mean * mean)
    return value * (variance / Double(max(1, tokenCount - 1))).squareRoot()
  }

  /// Rows of logits that are computed together: 64 of 262,144 tokens take 64 MiB.
  private static let rowsPerStep = 64

  /// What is counted, for who wants to look closer: a window's tokens, and rows of logits behind some of them
  /// in their order, [positions, vocabulary].
  public struct Observer {
    /// Before a window's rows.
    public var window: ([Int32]) -> Void
    /// Some positions' logits.
    public var rows: (UnsafeBufferPointer<Float>) -> Void

    /// An observer.
    public init(
      window: @escaping ([Int32]) -> Void, rows: @escaping (UnsafeBufferPointer<Float>) -> Void
    ) {
      (self.window, self.rows) = (window, rows)
    }
  }

  /// Counts all whole windows of a text, at most `windowsMax` of them, with pages for one window.
  public mutating func count(
    _ model: LanguageModel, _ text: [UInt8], _ session: DecoderSession, windowsMax: Int = .max,
    observer: Observer? = nil
  ) throws(GenerationError) {
    guard model.decoder.generates else {
      throw GenerationError(
        .unsupported, "\(model.name) embeds texts: expected a model that generates")
    }
    guard windowLength <= model.decoder.configuration.contextLength else {
      throw GenerationError(
        .invalidArgument,
        "expected windows of at most \(model.decoder.configuration.contextLength) tokens, the "
          + "model's context, got \(windowLength)")
    }
    let (tokens, beginning): ([Int32], [Int32])
    do {
      tokens = try model.tokenizer.encode(text)
      beginning = try model.tokenizer.encode("")
    } catch { throw GenerationError(.invalidArgument, "\(error)") }
    guard tokens.count >= windowLength else {
      throw GenerationError(
        .invalidArgument,
        "expected a text of at least \(windowLength) tokens, one window, got \(tokens.count)")
    }
    for window in 0..<min(windowsMax, tokens.count / windowLength) {
      var part = Array(tokens[window * windowLength..<(window + 1) * windowLength])
      if let begin = model.tokenizer.beginOfText, beginning.first == begin { part[0] = begin }
      count(window: part, session, observer: observer)
    }
  }

  /// Counts one window.
  ///
  /// - Precondition: `session` has pages for the window.
  mutating func count(
    window tokens: [Int32], _ session: DecoderSession, observer: Observer? = nil
  ) {
    observer?.window(tokens)
    let size = session.decoder.configuration.vocabularySize
    let pages = (0..<Int32(session.pages.pageCount)).map { $0 }
    let scored = windowLength / 2
    var first = 0
    while first < windowLength - 1 {
      let isScored = first >= scored
      let end =
        isScored ? min(windowLength - 1, first + Self.rowsPerStep) : min(scored, first + 512)
      let rows = session.run([
        DecoderEntry(
          tokens: Array(tokens[first..<end]), firstPosition: first, pages: pages,
          rows: isScored ? .all : .none)
      ])
      if isScored {
        observer?.rows(UnsafeBufferPointer(rebasing: rows[0..<(end - first) * size]))
        for place in first..<end {
          count(
            UnsafeBufferPointer(
              rebasing: rows[(place - first) * size..<(place - first + 1) * size]),
            next: tokens[place + 1])
        }
      }
      first = end
    }
    windowCount += 1
  }

  /// Counts one token by the logits before it.
  private mutating func count(_ logits: UnsafeBufferPointer<Float>, next token: Int32) {
    guard let base = logits.baseAddress else { return }
    var top: Float = 0
    Reduction.maximum.run(.fp32, base, into: &top, outer: 1, axis: logits.count)
    // Sums in single precision are short, so that the whole one is exact enough.
    var mass = 0.0
    for start in stride(from: 0, to: logits.count, by: 1024) {
      mass += Double(
        Selection.sumOfExponentials(
          base + start, count: min(1024, logits.count - start), shift: top))
    }
    let loss = log(mass) + Double(top) - Double(logits[Int(token)])
    sum += loss
    squares += loss * loss
    tokenCount += 1
  }
}
