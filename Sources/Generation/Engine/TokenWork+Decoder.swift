extension TokenWork {
  /// An operation of attention takes about as long as so many of the matrices': prompts of 4,000 tokens
  /// beside those of 512, SmolLM2-135M on AVX-512 with VNNI.
  private static let attentionWeight = 1.0

  /// The work of a model's tokens: the products with its layers' matrices are one unit, and each
  /// position that a token looks at adds its share of attention.
  init(_ c: DecoderConfiguration) {
    self.init()
    let gates = c.gate == .none ? 0 : 1
    let matrices =
      c.hiddenSize * (2 * c.queryWidth + 2 * c.keyValueWidth + (2 + gates) * c.feedForwardSize)
    let position = Self.attentionWeight * Double(2 * c.queryWidth) / Double(matrices)
    let localCount = c.isLocal.count { $0 }
    let layerCount = max(1, c.layerCount)
    perPosition = position * Double(layerCount - localCount) / Double(layerCount)
    perWindowPosition = position * Double(localCount) / Double(layerCount)
    window = c.window ?? 0
  }
}
