/// The obvious, slow version of every kernel: what a kernel must answer. Written to be read against
/// the definition of the operation; never called to serve a request. Sums are in f64, so that the
/// oracle's own rounding does not count.
public enum Reference {
  /// C[m×n] = epilogue(A[m×k] · B[k×n]).
  public static func product(
    m: Int, n: Int, k: Int, _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>,
    rowStride: Int, epilogue: Epilogue = Epilogue()
  ) {
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for x in 0..<k {
          sum +=
            Double(a.base[i * a.rowStride + x * a.columnStride])
            * Double(b.base[x * b.rowStride + j * b.columnStride])
        }
        let at = i * rowStride + j
        var value = Float(Double(epilogue.alpha) * sum)
        if epilogue.beta != 0 { value += epilogue.beta * c[at] }
        if let bias = epilogue.biasColumn { value += bias[j] }
        if let bias = epilogue.biasRow { value += bias[i] }
        c[at] = apply(epilogue.activation, value)
      }
    }
  }

  /// The activation of one value.
  public static func apply(_ activation: Epilogue.Activation, _ x: Float) -> Float {
    switch activation {
    case .none: x
    case .relu: x < 0 ? 0 : x
    case .clamp(let low, let high): x < low ? low : x > high ? high : x
    }
  }

  /// The flat index of (image, channel, y, x).
  static func index(
    _ layout: ImageLayout, _ image: Int, _ channel: Int, _ y: Int, _ x: Int, channels: Int,
    height: Int, width: Int
  ) -> Int {
    switch layout {
    case .nchw: ((image * channels + channel) * height + y) * width + x
    case .nhwc: ((image * height + y) * width + x) * channels + channel
    }
  }

  /// softmax, or its logarithm, over the middle axis of [outer, axis, inner].
  public static func softmax(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, outer: Int,
    axis: Int, inner: Int, logarithmic: Bool = false, exponential: (Double) -> Double,
    logarithm: (Double) -> Double
  ) {
    for o in 0..<outer {
      for i in 0..<inner {
        func at(_ a: Int) -> Int { (o * axis + a) * inner + i }
        var top = -Double.infinity
        for a in 0..<axis { top = max(top, Double(source[at(a)])) }
        var sum = 0.0
        for a in 0..<axis { sum += exponential(Double(source[at(a)]) - top) }
        for a in 0..<axis {
          let x = Double(source[at(a)]) - top
          destination[at(a)] = Float(logarithmic ? x - logarithm(sum) : exponential(x) / sum)
        }
      }
    }
  }
}
