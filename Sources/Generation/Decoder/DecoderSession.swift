public import Compute

/// Runs steps of one decoder over its own pages of keys and values. One caller at a time.
public final class DecoderSession {
  /// The model.
  public let decoder: Decoder
  /// Keys and values.
  public let pages: KeyValuePages
  /// Cores a step may use, the caller's included.
  public var threadCount: Int
  /// How activations meet weights.
  public var precision: BlockMatrix.Precision
  /// Whether rows are answered as they are, not multiplied with the head.
  private let answersHidden: Bool

  private var rotary, localRotary: RotaryTable?
  private let (hidden, normed, projected, mixed, gates, results) = (
    FloatBuffer(), FloatBuffer(), FloatBuffer(), FloatBuffer(), FloatBuffer(), FloatBuffer()
  )

  /// - Parameter pageCount: of 16 positions each, for all sequences together.
  public init(
    _ decoder: Decoder, pageCount: Int, threadCount: Int = 1,
    precision: BlockMatrix.Precision = .wide,
    cachePrecision: KeyValuePages.Precision = .half, answersHidden: Bool = false
  ) {
    self.decoder = decoder
    self.answersHidden = answersHidden
    let c = decoder.configuration
    pages = KeyValuePages(
      pageCount: pageCount, layerCount: c.layerCount, headCount: c.keyValueHeadCount,
      headSize: c.headSize, precision: cachePrecision)
    (self.threadCount, self.precision) = (threadCount, precision)
    if c.positions == .rotary {
      rotary = RotaryTable(c.rotary)
      localRotary = c.localRotary.map(RotaryTable.init)
    }
  }

  /// Computes the entries' tokens, stores their keys and values, and answers the wanted rows in the
  /// entries' order: logits [rows, vocabulary]; hidden states [rows, hidden] of a model without a
  /// head. Valid until the next step.
  public func run(_ entries: [DecoderEntry]) -> UnsafeMutableBufferPointer<Float> {
    let c = decoder.configuration
    let count = entries.reduce(0) { $0 + $1.tokens.count }
    guard count > 0 else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    let last = entries.reduce(0) { max($0, $1.firstPosition + $1.tokens.count) }
    rotary?.extend(to: last)
    localRotary?.extend(to: last)
    let x = hidden.reserve(count * c.hiddenSize)
    embed(entries, into: x)
    // The tables of pages must stay where they are while attention reads them.
    let tables = entries.flatMap(\.pages)
    tables.withUnsafeBufferPointer { tables in
      var sequences: [PagedAttention.Sequence] = []
      var (row, table) = (0, 0)
      for entry in entries {
        guard let base = tables.baseAddress else { continue }
        sequences.append(
          PagedAttention.Sequence(
            firstRow: row, count: entry.tokens.count, firstPosition: entry.firstPosition,
            pages: base + table))
        row += entry.tokens.count
        table += entry.pages.count
      }
      for layer in 0..<c.layerCount { run(layer: layer, sequences, count, x) }
    }
    return answer(entries, x)
  }

  private func embed(_ entries: [DecoderEntry], into x: UnsafeMutablePointer<Float>) {
    let c = decoder.configuration
    let weights = decoder.weights
    var row = 0
    for entry in entries {
      for (offset, token) in entry.tokens.enumerated() {
        let at = x + row * c.hiddenSize
        weights.embedding.copyRow(Int(token), into: at)
        if c.embeddingScale != 1 {
          RowOperations.scale(at, count: c.hiddenSize, by: c.embeddingScale)
        }
        weights.positions?.withUnsafeBufferPointer { positions in
          guard let base = positions.baseAddress else { return }
          RowOperations.add(
            base + (entry.firstPosition + offset) * c.hiddenSize, to: at, count: c.hiddenSize)
        }
        weights.tokenTypes?.withUnsafeBufferPointer { types in
          guard let base = types.baseAddress else { return }
          RowOperations.add(base, to: at, count: c.hiddenSize)
        }
        row += 1
      }
    }
    if let norm = weights.embeddingNorm { normalize(x, into: x, rows: row, c.hiddenSize, norm) }
  }

  private func run(
    layer: Int, _ sequences: [PagedAttention.Sequence], _ count: Int,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let c = decoder.configuration
    let w = decoder.weights.layers[layer]
    let size = c.hiddenSize
    let h = normed.reserve(count * max(size, c.queryWidth))
    attend(layer: layer, w, sequences, count, input: x, into: h)
    if !c.normalizesSums, let norm = w.attentionOutputNorm {
      normalize(h, into: h, rows: count, size, norm)
    }
    RowOperations.add(h, to: x, count: count * size, threadCount: threadCount)
    if c.normalizesSums, let norm = w.attentionOutputNorm {
      normalize(x, into: x, rows: count, size, norm)
    }

    if let norm = w.feedForwardNorm { normalize(x, into: h, rows: count, size, norm) }
    let input = w.feedForwardNorm == nil ? x : h
    let gated = gates.reserve(count * w.gateUp.weights.rowCount)
    project(input, count, w.gateUp, into: gated)
    let inner = count * c.feedForwardSize
    if w.hasGate {
      RowOperations.gate(
        gated, gated + inner, count: inner, c.activation, threadCount: threadCount)
    } else {
      RowOperations.activate(gated, count: inner, c.activation, threadCount: threadCount)
    }
    project(gated, count, w.down, into: h)
    if !c.normalizesSums, let norm = w.feedForwardOutputNorm {
      normalize(h, into: h, rows: count, size, norm)
    }
    RowOperations.add(h, to: x, count: count * size, threadCount: threadCount)
    if c.normalizesSums, let norm = w.feedForwardOutputNorm {
      normalize(x, into: x, rows: count, size, norm)
    }
  }

  /// Attention with its projections; the result may overwrite what `h` held.
  private func attend(
    layer: Int, _ w: LayerWeights, _ sequences: [PagedAttention.Sequence], _ count: Int,
    input x: UnsafeMutablePointer<Float>, into h: UnsafeMutablePointer<Float>
  ) {
    let c = decoder.configuration
    if let norm = w.attentionNorm { normalize(x, into: h, rows: count, c.hiddenSize, norm) }
    let input = w.attentionNorm == nil ? x : h
    let q = projected.reserve(count * (c.queryWidth + 2 * c.keyValueWidth))
    let k = q + count * c.queryWidth
    let v = k + count * c.keyValueWidth
    project(input, count, w.queryKeyValue, into: q)
    if let norm = w.queryNorm { normalize(q, into: q, rows: count * c.headCount, c.headSize, norm) }
    if let norm = w.keyNorm {
      normalize(k, into: k, rows: count * c.keyValueHeadCount, c.headSize, norm)
    }
    let isLocal = c.isLocal[layer]
    let table = isLocal ? localRotary ?? rotary : rotary
    let width = c.queryWidth + 2 * c.keyValueWidth
    RowOperations.deal(rows: count, elementsEach: width, threadCount: threadCount) { rows in
      for sequence in sequences {
        let own = sequence.firstRow..<sequence.firstRow + sequence.count
        for row in rows.clamped(to: own) {
          let position = sequence.firstPosition + row - sequence.firstRow
          table?.withAngles(of: position) { cosines, sines in
            RowOperations.rotate(
              q + row * c.queryWidth, heads: c.headCount, headSize: c.headSize, cosines: cosines,
              sines: sines, half: table?.half ?? 0, interleaved: table?.isInterleaved ?? false)
            RowOperations.rotate(
              k + row * c.keyValueWidth, heads: c.keyValueHeadCount, headSize: c.headSize,
              cosines: cosines, sines: sines, half: table?.half ?? 0,
              interleaved: table?.isInterleaved ?? false)
          }
          pages.store(
            k + row * c.keyValueWidth, v + row * c.keyValueWidth, layer: layer,
            page: sequence.pages[position / KeyValuePages.positionCount],
            place: position % KeyValuePages.positionCount)
        }
      }
    }
    var attention = PagedAttention(headCount: c.headCount, scale: c.attentionScale)
    attention.softCap = c.attentionSoftCap
    attention.window = isLocal ? c.window : nil
    attention.isCausal = c.isCausal
    let output = mixed.reserve(count * c.queryWidth)
    attention.run(sequences, layer: layer, q, into: output, pages, threadCount: threadCount)
    project(output, count, w.output, into: h)
  }

  /// The wanted rows, normalised and multiplied with the head.
  private func answer(
    _ entries: [DecoderEntry], _ x: UnsafeMutablePointer<Float>
  ) -> UnsafeMutableBufferPointer<Float> {
    let c = decoder.configuration
    let size = c.hiddenSize
    // Rows move to the front: those before them are not needed any more.
    var (row, wanted) = (0, 0)
    for entry in entries {
      let rows =
        switch entry.rows {
        case .none: row..<row
        case .last: row + entry.tokens.count - 1..<row + entry.tokens.count
        case .all: row..<row + entry.tokens.count
        }
      for row in rows {
        if row != wanted { (x + wanted * size).update(from: x + row * size, count: size) }
        wanted += 1
      }
      row += entry.tokens.count
    }
    if wanted > 0, let norm = decoder.weights.outputNorm {
      normalize(x, into: x, rows: wanted, size, norm)
    }
    guard !answersHidden, let head = decoder.weights.head, wanted > 0 else {
      return UnsafeMutableBufferPointer(start: x, count: wanted * size)
    }
    let logits = results.reserve(wanted * c.vocabularySize)
    head.multiply(x, count: wanted, into: logits, precision: precision, threadCount: threadCount)
    if c.logitSoftCap > 0 {
      RowOperations.softCap(logits, count: wanted * c.vocabularySize, cap: c.logitSoftCap)
    }
    return UnsafeMutableBufferPointer(start: logits, count: wanted * c.vocabularySize)
  }

  private func project(
    _ x: UnsafePointer<Float>, _ count: Int, _ projection: Projection,
    into y: UnsafeMutablePointer<Float>
  ) {
    projection.weights.multiply(
      x, count: count, into: y, precision: precision, threadCount: threadCount)
    var at = y
    for (matrix, bias) in zip(projection.weights.matrices, projection.biases) {
      bias?.withUnsafeBufferPointer { bias in
        guard let bias = bias.baseAddress else { return }
        RowOperations.addBias(bias, to: at, count: count, size: matrix.rowCount)
      }
      at += count * matrix.rowCount
    }
  }

  private func normalize(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, rows: Int,
    _ size: Int, _ norm: NormWeights
  ) {
    norm.scale.withUnsafeBufferPointer { scale in
      guard let scale = scale.baseAddress else { return }
      switch decoder.configuration.normalization {
      case .rootMeanSquare:
        RowOperations.rmsNorm(
          source, into: destination, rows: rows, size: size, scale: scale,
          epsilon: decoder.configuration.epsilon, threadCount: threadCount)
      case .layer:
        let run = { (bias: UnsafePointer<Float>?) in
          RowOperations.layerNorm(
            source, into: destination, rows: rows, size: size, scale: scale, bias: bias,
            epsilon: self.decoder.configuration.epsilon, threadCount: self.threadCount)
        }
        if let bias = norm.bias {
          bias.withUnsafeBufferPointer { run($0.baseAddress) }
        } else {
          run(nil)
        }
      }
    }
  }
}
