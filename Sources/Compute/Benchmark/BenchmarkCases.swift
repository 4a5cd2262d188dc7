/// The cases of `martlet bench kernels`.
struct BenchmarkCases {
  let kernels: Kernels
  let sizeMax: Int

  var all: [BenchmarkCase] {
    let sizes = [64, 96, 128, 192, 256, 384, 512, 1024, 2048].filter { $0 <= sizeMax }
    return sizes.map(square) + sizes.map(squarePacked)
      + [skinny(1), skinny(4), skinny(8)]
      + [convolutionFirst(), convolutionSecond(), network(batch: 1), network(batch: 32)]
      + [
        convolutionNCHW(), softmax(), unary(.exp, "exp"), unary(.tanh, "tanh"), add(), forest(1),
        forest(1000),
      ]
  }

  /// Numbers that are neither zero nor denormal.
  private func filled(_ count: Int) -> AlignedFloats {
    let memory = AlignedFloats(count: count)
    for index in 0..<count { memory.base[index] = Float((index &* 7919) % 1000) / 500 - 1 }
    return memory
  }

  private func square(_ size: Int) -> BenchmarkCase {
    let (a, b, c) = (filled(size * size), filled(size * size), filled(size * size))
    return BenchmarkCase(
      "sgemm \(size)", .arithmetic, amount: 2 * Double(size * size * size), .rate("GFLOP/s"),
      roundsMax: size > 1024 ? 5 : .max
    ) {
      SGEMM.run(
        m: size, n: size, k: size, Matrix(a.base, rowStride: size),
        Matrix(b.base, rowStride: size), into: c.base, rowStride: size, kernels: kernels)
    }
  }

  private func squarePacked(_ size: Int) -> BenchmarkCase {
    let (a, b, c) = (filled(size * size), filled(size * size), filled(size * size))
    let packed = PackedMatrix(
      Matrix(b.base, rowStride: size), rowCount: size, columnCount: size, kernels: kernels)
    return BenchmarkCase(
      "sgemm \(size) packed weights", .arithmetic, amount: 2 * Double(size * size * size),
      .rate("GFLOP/s"), roundsMax: size > 1024 ? 5 : .max
    ) {
      SGEMM.run(m: size, Matrix(a.base, rowStride: size), packed, into: c.base, rowStride: size)
    }
  }

  /// A few rows times weights of 64 MiB: bound by reading the weights.
  private func skinny(_ rows: Int) -> BenchmarkCase {
    let size = 4096
    let (a, c) = (filled(rows * size), filled(rows * size))
    let packed = PackedMatrix(
      Matrix(filled(size * size).base, rowStride: size), rowCount: size, columnCount: size,
      kernels: kernels)
    return BenchmarkCase(
      "sgemm \(rows)×4096×4096 packed weights", .memory, amount: Double(packed.byteCount),
      .rate("GB/s"), roundsMax: 5
    ) {
      SGEMM.run(m: rows, Matrix(a.base, rowStride: size), packed, into: c.base, rowStride: size)
    }
  }

  /// Layers of the digits network: 28×28×1 → 32 3×3 → pool → 32 3×3 → pool → dense 10 → softmax.
  private func layer(_ channels: Int, pools: Bool = true) -> Convolution2D {
    Convolution2D(
      geometry: WindowGeometry(kernelHeight: 3, kernelWidth: 3), inputChannels: channels,
      outputChannels: 32, layout: .nhwc, weights: filled(32 * channels * 9).base,
      bias: filled(32).base, activation: .relu, poolsTwoByTwo: pools, kernels: kernels)
  }

  private func convolutionFirst() -> BenchmarkCase {
    let (layer, input, output) = (layer(1), filled(28 * 28), filled(13 * 13 * 32))
    return BenchmarkCase(
      "conv 28×28×1 → 32 3×3 + ReLU + pool", .arithmetic, amount: 2 * 26 * 26 * 32 * 9,
      .microseconds
    ) { layer.run(input.base, batch: 1, height: 28, width: 28, into: output.base) }
  }

  private func convolutionSecond() -> BenchmarkCase {
    let (layer, input, output) = (layer(32), filled(13 * 13 * 32), filled(5 * 5 * 32))
    return BenchmarkCase(
      "conv 13×13×32 → 32 3×3 + ReLU + pool", .arithmetic, amount: 2 * 10 * 10 * 32 * 288,
      .microseconds
    ) { layer.run(input.base, batch: 1, height: 13, width: 13, into: output.base) }
  }

  private func network(batch: Int) -> BenchmarkCase {
    let (first, second) = (layer(1), layer(32))
    let dense = PackedMatrix(
      Matrix(filled(8000).base, rowStride: 10), rowCount: 800, columnCount: 10, kernels: kernels)
    let bias = filled(10)
    let input = filled(batch * 28 * 28)
    let (middle, pooled) = (filled(batch * 13 * 13 * 32), filled(batch * 800))
    let output = filled(batch * 10)
    let flops = 2.0 * (26 * 26 * 32 * 9 + 10 * 10 * 32 * 288 + 8000) * Double(batch)
    return BenchmarkCase(
      "digits network, batch \(batch)", .arithmetic, amount: flops, .microseconds
    ) {
      // One image after the other, so that what lies between the layers stays in the first cache.
      for image in 0..<batch {
        first.run(
          input.base + image * 784, batch: 1, height: 28, width: 28,
          into: middle.base + image * 5408)
        second.run(
          middle.base + image * 5408, batch: 1, height: 13, width: 13,
          into: pooled.base + image * 800)
      }
      SGEMM.run(
        m: batch, Matrix(pooled.base, rowStride: 800), dense, into: output.base, rowStride: 10,
        epilogue: Epilogue(biasColumn: bias.base))
      Softmax.run(output.base, into: output.base, outer: batch, axis: 10, kernels: kernels)
    }
  }

  private func convolutionNCHW() -> BenchmarkCase {
    let layer = Convolution2D(
      geometry: WindowGeometry(
        kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1),
      inputChannels: 64, outputChannels: 64, layout: .nchw, weights: filled(64 * 64 * 9).base,
      kernels: kernels)
    let (input, output) = (filled(64 * 56 * 56), filled(64 * 56 * 56))
    return BenchmarkCase(
      "conv NCHW 64×56×56 → 64 3×3", .arithmetic, amount: 2 * 56 * 56 * 64 * 576, .rate("GFLOP/s")
    ) { layer.run(input.base, batch: 1, height: 56, width: 56, into: output.base) }
  }

  private func softmax() -> BenchmarkCase {
    let (input, output) = (filled(64 * 128), filled(64 * 128))
    return BenchmarkCase("softmax 64×128", .unknown, amount: 64 * 128, .rate("Gelem/s")) {
      Softmax.run(input.base, into: output.base, outer: 64, axis: 128, kernels: kernels)
    }
  }

  private func unary(_ operation: Elementwise.Unary, _ name: String) -> BenchmarkCase {
    let (input, output) = (filled(4096), filled(4096))
    return BenchmarkCase("\(name) 4096", .unknown, amount: 4096, .rate("Gelem/s")) {
      Elementwise.unary(operation, into: output.base, input.base, count: 4096, kernels: kernels)
    }
  }

  private func add() -> BenchmarkCase {
    let (left, right, output) = (filled(4096), filled(4096), filled(4096))
    return BenchmarkCase("add f32 4096", .unknown, amount: 4096, .rate("Gelem/s")) {
      Elementwise.binary(
        .add, .fp32, into: output.base, left.base, right.base, count: 4096, kernels: kernels)
    }
  }

  /// 100 complete trees of depth 8 over 20 features.
  private func forest(_ count: Int) -> BenchmarkCase {
    let tree = (0..<511).map { place -> DecisionForest.Node in
      guard place < 255 else { return .init(.leaf([(target: 0, weight: Float(place))])) }
      return .init(
        .branch(
          .lessOrEqual, feature: place % 20, threshold: Float(place % 17) / 9 - 1,
          yes: 2 * place + 1, no: 2 * place + 2))
    }
    guard
      let forest = try? DecisionForest(
        trees: [[DecisionForest.Node]](repeating: tree, count: 100), featureCount: 20,
        targetCount: 1)
    else { preconditionFailure("the benchmark's own forest is valid") }
    let (rows, output) = (filled(20 * 1000), filled(1000))
    return BenchmarkCase(
      "forest 100×depth 8, rows \(count)", .unknown, amount: Double(count), .microseconds
    ) {
      forest.run(rows.base, rowStride: 20, rowCount: count, into: output.base)
    }
  }
}
