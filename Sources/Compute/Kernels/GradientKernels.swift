internal import CKernels

/// What training does to every element.
package enum GradientKernels {
  /// Functions whose derivative their value says.
  enum Function: CaseIterable, Sendable { case relu, sigmoid, tanh }

  /// What arrives times the derivative; `target` may be `arriving`.
  static func gradient(
    of function: Function, into target: UnsafeMutablePointer<Float>,
    _ arriving: UnsafePointer<Float>, value: UnsafePointer<Float>, count: Int,
    kernels: Kernels = .active
  ) {
    let table = kernels.table.pointee
    switch function {
    case .relu: table.reluGradient(target, arriving, value, count)
    case .sigmoid: table.sigmoidGradient(target, arriving, value, count)
    case .tanh: table.tanhGradient(target, arriving, value, count)
    }
  }

  /// The gradient of Gelu at `x`; `target` may be `arriving`.
  static func gelu(
    _ function: Elementwise.Unary, into target: UnsafeMutablePointer<Float>,
    _ arriving: UnsafePointer<Float>, _ x: UnsafePointer<Float>, count: Int,
    kernels: Kernels = .active
  ) {
    kernels.table.pointee.geluGradient(target, arriving, x, count, function == .geluTanh)
  }

  /// The gradients of lines that were normalised, times `scale`, plus a bias; `target` may be `arriving`.
  /// - Parameters:
  ///   - scaleSums: `length` numbers, to which the scale's gradient is added.
  ///   - sums: the same for the bias.
  ///   - isCentered: whether the mean was subtracted.
  static func layerNorm(
    into target: UnsafeMutablePointer<Float>, _ arriving: UnsafePointer<Float>,
    _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    scaleSums: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, lines: Int,
    length: Int, epsilon: Float, isCentered: Bool, kernels: Kernels = .active
  ) {
    kernels.table.pointee.layerNormGradient(
      target, arriving, x, scale, scaleSums, sums, lines, length, epsilon, isCentered)
  }

  /// The gradient of lines of a softmax, y · (dy - Σ dy·y); `target` may be `arriving`.
  static func softmax(
    into target: UnsafeMutablePointer<Float>, _ arriving: UnsafePointer<Float>,
    value: UnsafePointer<Float>, lines: Int, length: Int, kernels: Kernels = .active
  ) {
    for line in 0..<lines {
      let at = line * length
      kernels.table.pointee.softmaxGradient(target + at, arriving + at, value + at, length)
    }
  }

  /// One step of some examples of an LSTM: what reaches the gates [rows, 4 · hidden] becomes their functions'
  /// values. `before` and `after` are cell states, `state` what leaves.
  static func lstmForward(
    gates: UnsafeMutablePointer<Float>, before: UnsafePointer<Float>,
    after: UnsafeMutablePointer<Float>, state: UnsafeMutablePointer<Float>, rows: Int, hidden: Int,
    kernels: Kernels = .active
  ) {
    kernels.table.pointee.lstmTraining(gates, before, after, state, rows, hidden)
  }

  /// The same back in time; see ``RecurrentGradient``. `dc` becomes the gradient by the cell states before, and
  /// `sums` [4 · hidden] gets what all examples' gates get.
  static func lstm(
    into target: UnsafeMutablePointer<Float>, gates: UnsafePointer<Float>,
    before: UnsafePointer<Float>, after: UnsafePointer<Float>, dh: UnsafePointer<Float>,
    dc: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, rows: Int, hidden: Int,
    kernels: Kernels = .active
  ) {
    kernels.table.pointee.lstmGradient(
      target, gates, before, after, dh, dc, sums, rows, hidden)
  }

  /// One step of Adam.
  /// - Parameters:
  ///   - scale: the rate, corrected for the bias of both means.
  ///   - keep1: 1 - β₁; `keep2`: 1 - β₂.
  package static func adam(
    _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>,
    _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, count: Int,
    scale: Float, keep1: Float, keep2: Float, epsilon: Float
  ) {
    Kernels.active.table.pointee.adamStep(
      parameters, gradients, first, second, count, scale, keep1, keep2, epsilon)
  }
}

extension Pooling {
  /// The gradient of max pooling in NHWC by its input: to the first largest element of each window.
  /// - Parameters:
  ///   - input: the images that were pooled.
  ///   - output: what they became.
  ///   - arriving: the gradient by the output.
  ///   - isRelu: whether the images came from ReLU, whose gradient is wanted as well.
  ///   - sums: [batch, channels], written: what all pixels of a channel get together.
  func runGradient(
    _ input: UnsafePointer<Float>, output: UnsafePointer<Float>, arriving: UnsafePointer<Float>,
    batch: Int, channels: Int, height: Int, width: Int, into gradient: UnsafeMutablePointer<Float>,
    isRelu: Bool = false, sums: UnsafeMutablePointer<Float>? = nil, kernels: Kernels = .active,
    threads: ThreadPool? = nil
  ) {
    precondition(kind == .max && layout == .nhwc, "the kernel is for max pooling in NHWC")
    let size = outputSize(height: height, width: width)
    let inner = call(channels: channels, height: height, width: width)
    let (inputCount, outputCount) = (height * width * channels, size.height * size.width * channels)
    Parallel.rows(batch, cost: .bytes(12 * batch * inputCount), on: threads) { images in
      var call = inner
      for image in images {
        let target = gradient + image * inputCount
        target.update(repeating: 0, count: inputCount)
        call.input = input + image * inputCount
        call.output = UnsafeMutablePointer(mutating: output + image * outputCount)
        let own = sums.map { $0 + image * channels }
        own?.update(repeating: 0, count: channels)
        kernels.table.pointee.maxPoolGradient(
          &call, arriving + image * outputCount, target, isRelu, own)
      }
    }
  }
}
