extension TokenWork {
  /// Attention computes in floating point what matrices compute in bytes: an operation of it takes
  /// about as long as so many of theirs (measured with SmolLM2-135M on AVX-512 with VNNI).
  private static let attentionWeight = 4.0

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
