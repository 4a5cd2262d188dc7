internal import CKernels

/// What a decoder does to the rows of its hidden states between the products.
public enum RowOperations {
  /// d = s / √(mean(s²) + epsilon) · scale, row by row; in place too.
  public static func rmsNorm(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, rows: Int,
    size: Int, scale: UnsafePointer<Float>, epsilon: Float, threadCount: Int = 1,
    kernels: Kernels = .active
  ) {
    Parallel.rows(
      rows, cost: .bytes(rows * size * 8), on: .shared(threadCount: threadCount)
    ) { range in
      let at = range.lowerBound * size
      kernels.table.pointee.rmsNorm(
        destination + at, source + at, range.count, size, scale, epsilon)
    }
  }

  /// d = (s - mean) / √(variance + epsilon) · scale + bias, row by row; in place too.
  public static func layerNorm(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, rows: Int,
    size: Int, scale: UnsafePointer<Float>, bias: UnsafePointer<Float>?, epsilon: Float,
    threadCount: Int = 1, kernels: Kernels = .active
  ) {
    Parallel.rows(
      rows, cost: .bytes(rows * size * 12), on: .shared(threadCount: threadCount)
    ) { range in
      let at = range.lowerBound * size
      kernels.table.pointee.layerNorm(
        destination + at, source + at, range.count, size, scale, bias, epsilon, nil, nil)
    }
  }

  /// d += s.
  public static func add(
    _ source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, count: Int,
    threadCount: Int = 1, kernels: Kernels = .active
  ) {
    let add = ck_binary(kernels.table, Int(CK_ADD), Int(CK_F32))
    Parallel.rows(
      count, multipleOf: 16, cost: .bytes(count * 12), on: .shared(threadCount: threadCount)
    ) { range in
      let at = range.lowerBound
      add?(destination + at, destination + at, source + at, range.count, CK_VECTORS)
    }
  }

  /// Every row += bias.
  public static func addBias(
    _ bias: UnsafePointer<Float>, to rows: UnsafeMutablePointer<Float>, count: Int, size: Int,
    kernels: Kernels = .active
  ) {
    for row in 0..<count {
      add(bias, to: rows + row * size, count: size, kernels: kernels)
    }
  }

  /// d *= factor.
  public static func scale(
    _ destination: UnsafeMutablePointer<Float>, count: Int, by factor: Float
  ) {
    for i in 0..<count { destination[i] *= factor }
  }

  /// An activation between two products.
  public enum Activation: Int, Sendable {
    case silu, gelu, geluTanh, relu
  }

  /// gate = activation(gate) · up.
  public static func gate(
    _ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>, count: Int,
    _ activation: Activation, threadCount: Int = 1, kernels: Kernels = .active
  ) {
    Parallel.rows(
      count, multipleOf: 16, cost: .elements(count, nanosecondsEach: 0.5),
      on: .shared(threadCount: threadCount)
    ) { range in
      let at = range.lowerBound
      switch activation {
      case .silu: kernels.table.pointee.gated.0?(gate + at, up + at, range.count)
      case .gelu: kernels.table.pointee.gated.1?(gate + at, up + at, range.count)
      case .geluTanh: kernels.table.pointee.gated.2?(gate + at, up + at, range.count)
      case .relu:
        for i in range { gate[i] = max(0, gate[i]) * up[i] }
      }
    }
  }

  /// x = activation(x).
  public static func activate(
    _ x: UnsafeMutablePointer<Float>, count: Int, _ activation: Activation, threadCount: Int = 1,
    kernels: Kernels = .active
  ) {
    let operation =
      switch activation {
      case .silu: CK_SILU
      case .gelu: CK_GELU
      case .geluTanh: CK_GELU_TANH
      case .relu: CK_RELU
      }
    let function = ck_unary(kernels.table, Int(operation))
    Parallel.rows(
      count, multipleOf: 16, cost: .elements(count, nanosecondsEach: 0.5),
      on: .shared(threadCount: threadCount)
    ) { range in
      function?(x + range.lowerBound, x + range.lowerBound, range.count)
    }
  }

  /// x = cap · tanh(x / cap).
  public static func softCap(
    _ x: UnsafeMutablePointer<Float>, count: Int, cap: Float, kernels: Kernels = .active
  ) {
    let tanh = ck_unary(kernels.table, Int(CK_TANH))
    scale(x, count: count, by: 1 / cap)
    tanh?(x, x, count)
    scale(x, count: count, by: cap)
  }

  /// Calls `body` with ranges of rows that together are all of them, on several threads if that is
  /// worth it; pages of keys are mostly one thread's.
  ///
  /// - Parameter elementsEach: of a row, each rotated or stored.
  public static func deal(
    rows: Int, elementsEach: Int, threadCount: Int, _ body: (Range<Int>) -> Void
  ) {
    Parallel.rows(
      rows, multipleOf: KeyValuePages.positionCount,
      cost: .elements(rows * elementsEach, nanosecondsEach: 0.5),
      on: .shared(threadCount: threadCount), body)
  }

  /// Calls `body` with ranges of pieces of work that together are all of them, on several threads if
  /// that is worth it. Which thread does a piece must not change what comes of it.
  public static func deal(
    pieces: Int, nanosecondsEach: Double, threadCount: Int, _ body: (Range<Int>) -> Void
  ) {
    Parallel.rows(
      pieces, cost: .elements(pieces, nanosecondsEach: nanosecondsEach),
      on: .shared(threadCount: threadCount), body)
  }

  /// Rotates the heads of one row in place: pairs (i, i + half), or (2i, 2i + 1) if interleaved.
  public static func rotate(
    _ row: UnsafeMutablePointer<Float>, heads: Int, headSize: Int, cosines: UnsafePointer<Float>,
    sines: UnsafePointer<Float>, half: Int, interleaved: Bool, kernels: Kernels = .active
  ) {
    kernels.table.pointee.rotate(row, heads, headSize, cosines, sines, half, interleaved)
  }
}
